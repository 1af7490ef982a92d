import { z } from 'zod';

import type { TokenExpiringEvent } from '../../domain/jobs/webhook-event.ts';

/**
 * The fields of GitLab's webhook about access tokens that are used: those that tell where the token belongs. That is a project or a group
 * (https://docs.gitlab.com/user/project/integrations/webhook_events/#project-and-group-access-token-events).
 */
export const accessTokenEvent = z
  .object({
    project: z.object({ path_with_namespace: z.string() }).nullish(),
    group: z.object({}).nullish(),
  })
  .refine(({ project, group }) => Boolean(project ?? group), {
    path: ['project'],
    error: 'a project or a group is needed',
  });

/** Which token it is about and what becomes of it does not count: the bot asks after its own. */
export function readAccessToken(): TokenExpiringEvent {
  return { kind: 'token-expiring' };
}
