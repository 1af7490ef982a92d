import type { ProjectId, UserId } from './ids.ts';
import type { NotePlace, Place } from './place.ts';

/** The comment that a command came from. */
export interface Origin extends NotePlace {
  /** GitLab's id of the thread; an old GitLab does not tell it. */
  readonly discussion: string | undefined;
  readonly author: UserId;
  /** Whether the comment, or the issue that it stands on, is not for everybody. */
  readonly confidential?: true;
}

/** What tells requests apart for ever: GitLab may report one comment twice, through two webhooks. */
export function requestId(projectId: ProjectId, { note }: Origin): string {
  return `note:${projectId}:${note}`;
}

/** The thread of the comment. */
export function threadOf({ on, discussion, confidential }: Origin): Exclude<Place, { kind: 'commit' }> {
  if (discussion === undefined) return on;
  return { ...on, discussion, ...(confidential === undefined ? {} : { confidential }) };
}
