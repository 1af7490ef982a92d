import { z } from 'zod';

import { commandLines } from '../../domain/commands/find-commands.ts';
import type { CommentedEvent } from '../../domain/jobs/webhook-event.ts';
import type { IssueIid, MergeRequestIid, NoteId, ProjectId } from '../../domain/shared/ids.ts';
import type { Noteable } from '../../domain/gitlab/comment-location.ts';

const numbered = z.object({ iid: z.number().int() });

/**
 * The fields of GitLab's note webhook that are used. Only the numbers are kept; the others tell which comments are not worth a look. Whoever makes one up can
 * have a comment looked at, and what GitLab then shows is what counts.
 */
export const noteEvent = z.object({
  project: z.object({ id: z.number().int(), path_with_namespace: z.string() }),
  object_attributes: z.object({
    id: z.number().int(),
    note: z.string(),
    noteable_type: z.string(),
    created_at: z.string().optional(),
    updated_at: z.string().optional(),
    /** `create` or `update`; absent before GitLab 16.11. */
    action: z.string().optional(),
    system: z.boolean().nullish(),
    discussion_id: z.string().nullish(),
  }),
  merge_request: numbered.nullish(),
  issue: numbered.nullish(),
});

type NoteEvent = z.infer<typeof noteEvent>;

/** GitLab's ids of threads; anything else would be a part of an address that somebody made up. */
const discussionId = /^[0-9a-f]{40}$/;

/** A new comment on a merge request or an issue that seems to hold commands; undefined for others. */
export function readNote({
  project,
  object_attributes: note,
  ...about
}: NoteEvent): CommentedEvent | undefined {
  const isNew = note.action === undefined ? note.created_at === note.updated_at : note.action === 'create';
  const on = noteableOf(note.noteable_type, about);
  if (!isNew || note.system === true || on === undefined) return undefined;
  if (commandLines(note.note).length === 0) return undefined;
  const discussion = note.discussion_id ?? '';
  return {
    kind: 'commented',
    projectId: project.id as ProjectId,
    on,
    note: note.id as NoteId,
    discussion: discussionId.test(discussion) ? discussion : undefined,
  };
}

function noteableOf(
  type: string,
  { merge_request: mergeRequest, issue }: Pick<NoteEvent, 'merge_request' | 'issue'>,
): Noteable | undefined {
  if (type === 'MergeRequest' && mergeRequest)
    return { kind: 'merge-request', iid: mergeRequest.iid as MergeRequestIid };
  if (type === 'Issue' && issue) return { kind: 'issue', iid: issue.iid as IssueIid };
  return undefined;
}
