import { z } from 'zod';

import { commandLines } from '../domain/command-lines.ts';
import type { CommandedEvent } from '../domain/event.ts';
import type { IssueIid, MergeRequestIid, NoteId, ProjectId, UserId } from '../domain/ids.ts';
import type { Noteable } from '../domain/place.ts';

const numbered = z.object({ iid: z.number().int() });

/** The fields of GitLab's note webhook that are used. */
export const noteEvent = z.object({
  /** `note`, or `confidential_note` for an internal comment and for any on a confidential issue. */
  event_type: z.string().nullish(),
  project: z.object({ id: z.number().int(), path_with_namespace: z.string() }),
  object_attributes: z.object({
    id: z.number().int(),
    note: z.string(),
    noteable_type: z.string(),
    author_id: z.number().int(),
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

/**
 * The commands of a new comment on a merge request or an issue; undefined where there are none. An edited comment commands nothing:
 * anybody with the right to edit could put words into the author's mouth, and GitLab names the author.
 */
export function readNote({
  project,
  object_attributes: note,
  event_type: type,
  ...about
}: NoteEvent): CommandedEvent | undefined {
  const isNew = note.action === undefined ? note.created_at === note.updated_at : note.action === 'create';
  const on = noteableOf(note.noteable_type, about);
  if (!isNew || note.system === true || on === undefined) return undefined;
  const lines = commandLines(note.note);
  if (lines.length === 0) return undefined;
  const isConfidential = type === 'confidential_note';
  // Without its thread the answer would be for everybody.
  if (isConfidential && !note.discussion_id) return undefined;
  return {
    kind: 'commanded',
    projectId: project.id as ProjectId,
    origin: {
      on,
      note: note.id as NoteId,
      discussion: note.discussion_id ?? undefined,
      author: note.author_id as UserId,
      ...(isConfidential ? { confidential: true } : {}),
    },
    lines,
    writtenAt: momentOf(note.created_at ?? ''),
  };
}

/** GitLab writes moments in several ways, such as `2015-05-17 18:21:36 UTC`. */
function momentOf(text: string): number | undefined {
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? undefined : moment;
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
