import { z } from 'zod';

import type { Event } from '../../domain/jobs/webhook-event.ts';
import { commitSha, type ProjectId } from '../../domain/shared/ids.ts';
import { refName } from './branch-name.ts';

/** The fields of GitLab's push webhook that are used. Its list of commits is cut at 20 and tells nothing reliable. */
export const pushEvent = z.object({
  project: z.object({ id: z.number().int(), path_with_namespace: z.string() }),
  ref: refName,
  before: z.string(),
  after: z.string(),
});

const branches = 'refs/heads/';

/** The event, or undefined for a ref that is not a branch. */
export function readPush({ project, ref, before, after }: z.infer<typeof pushEvent>): Event | undefined {
  if (!ref.startsWith(branches)) return undefined;
  return {
    kind: 'pushed',
    projectId: project.id as ProjectId,
    branch: ref.slice(branches.length),
    before: commitSha(before),
    after: commitSha(after),
  };
}
