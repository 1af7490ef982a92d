import { z } from 'zod';

import type { Project } from '../../domain/gitlab/project.ts';
import type { ProjectId } from '../../domain/shared/ids.ts';

/** A project as GitLab shows it. */
export const project = z
  .object({
    id: z.number().transform((id) => id as ProjectId),
    path_with_namespace: z.string(),
    web_url: z.string(),
    default_branch: z.string().nullish(),
    visibility: z.string().optional(),
    repository_access_level: z.string().optional(),
    ci_config_path: z.string().nullish(),
  })
  .transform((shown): Project => ({
    id: shown.id,
    path: shown.path_with_namespace,
    webUrl: shown.web_url,
    defaultBranch: shown.default_branch ?? undefined,
    // Guests of a private project cannot read its code, whatever its settings (GitLab's app/models/project_feature.rb).
    isCodeOpen:
      (shown.visibility === 'public' || shown.visibility === 'internal') &&
      shown.repository_access_level === 'enabled',
    ...(shown.ci_config_path ? { ciConfig: shown.ci_config_path } : {}),
  }));
