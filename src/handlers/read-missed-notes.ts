import { commandLines } from '../domain/command-lines.ts';
import type { GitLabResult, Project } from '../domain/gitlab.ts';
import type { WrittenNote } from '../domain/lookout.ts';
import type { Noteable } from '../domain/place.ts';
import { ok } from '../domain/result.ts';
import type { CatchUpPorts } from './catch-up.ts';
import { receiveDelivery } from './receive-delivery.ts';

/** GitLab's clock and the bot's may differ, and a comment that is read twice is carried out once. */
const overlapMs = 5 * 60_000;

/** Reads the comments since then, and takes those with commands in as if GitLab's webhook had told of them. */
export async function readMissedNotes(
  ports: CatchUpPorts,
  project: Project,
  caughtUpAt: number,
): Promise<GitLabResult<void>> {
  const { gitlab } = ports;
  const since = caughtUpAt - overlapMs;
  const touched = await gitlab.updatedSince(project.id, since);
  if (!touched.ok) return touched;
  const found: Found[] = [];
  for (const on of touched.value) {
    const notes = await gitlab.notesSince(project.id, on, since);
    if (!notes.ok) return notes;
    for (const note of notes.value.toReversed()) {
      if (commandLines(note.body).length === 0) continue;
      const discussion = await gitlab.discussionOf(project.id, on, note.id);
      if (!discussion.ok) return discussion;
      found.push({ note, on, discussion: discussion.value });
    }
  }
  // Together, so that they begin in their order.
  await Promise.all(found.map((each) => take(ports, project, each)));
  return ok(undefined);
}

interface Found {
  readonly note: WrittenNote;
  readonly on: Noteable;
  readonly discussion: string | undefined;
}

/** The body is GitLab's of a comment's webhook, as far as it is read. */
async function take(
  { inbox, clock, log, settings }: CatchUpPorts,
  project: Project,
  { note, on, discussion }: Found,
): Promise<void> {
  const about = { iid: on.iid };
  const body = {
    object_kind: 'note',
    event_type: note.isConfidential ? 'confidential_note' : 'note',
    project: { id: project.id, path_with_namespace: project.path },
    object_attributes: {
      id: note.id,
      note: note.body,
      noteable_type: on.kind === 'issue' ? 'Issue' : 'MergeRequest',
      author_id: note.author,
      created_at: note.createdAt,
      updated_at: note.updatedAt,
      system: note.isSystem,
      discussion_id: discussion,
    },
    ...(on.kind === 'issue' ? { issue: about } : { merge_request: about }),
  };
  const received = {
    id: `read-note-${project.id}-${note.id}`,
    eventName: 'Note Hook',
    text: JSON.stringify(body),
    body,
  };
  const { status } = await receiveDelivery({ inbox, clock, log, serves: settings.serves }, received);
  if (status === 'unavailable') throw new Error('A comment that was read could not be written down.');
}
