import { z } from 'zod';

import type { Event } from '../domain/event.ts';
import type { MergeRequestIid, ProjectId } from '../domain/ids.ts';

/** The fields of GitLab's merge request webhook that are used. `project` is the target project, also for forks. */
export const mergeRequestEvent = z.object({
  project: z.object({ id: z.number().int(), path_with_namespace: z.string() }),
  object_attributes: z.object({
    iid: z.number().int(),
    target_branch: z.string(),
    /** Absent from bodies that a person sent with the hook's test button. */
    action: z.string().optional(),
  }),
});

/**
 * The event, or undefined for everything but a merge. `state: merged` does not tell: later edits of a merged request carry it
 * too (https://docs.gitlab.com/user/project/integrations/webhook_events/#merge-request-events).
 */
export function readMerge({
  project,
  object_attributes: request,
}: z.infer<typeof mergeRequestEvent>): Event | undefined {
  if (request.action !== 'merge') return undefined;
  return {
    kind: 'merged',
    projectId: project.id as ProjectId,
    branch: request.target_branch,
    mergeRequest: request.iid as MergeRequestIid,
  };
}
