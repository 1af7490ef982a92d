import { z } from 'zod';

import type { Event } from '../../domain/jobs/webhook-event.ts';
import type { MergeRequestIid, ProjectId } from '../../domain/shared/ids.ts';
import { branchName } from './branch-name.ts';

/** The fields of GitLab's merge request webhook that are used. `project` is the target project, also for forks. */
export const mergeRequestEvent = z.object({
  project: z.object({ id: z.number().int(), path_with_namespace: z.string() }),
  object_attributes: z.object({
    iid: z.number().int(),
    target_branch: branchName,
    /** Absent from bodies that a person sent with the hook's test button. */
    action: z.string().optional(),
  }),
});

/** Of these only the merge request as it is now tells whether they mean anything: GitLab reports labels and reviews as updates, too. */
const proposals = new Set(['open', 'reopen', 'update', 'close']);

/**
 * The event, or undefined for what is not used, such as approvals. `state: merged` does not tell of a merge: later edits of a merged request
 * carry it too (https://docs.gitlab.com/user/project/integrations/webhook_events/#merge-request-events).
 */
export function readMergeRequest({
  project,
  object_attributes: request,
}: z.infer<typeof mergeRequestEvent>): Event | undefined {
  const projectId = project.id as ProjectId;
  const mergeRequest = request.iid as MergeRequestIid;
  if (request.action === 'merge')
    return { kind: 'merged', projectId, branch: request.target_branch, mergeRequest };
  return proposals.has(request.action ?? '') ? { kind: 'proposed', projectId, mergeRequest } : undefined;
}
