import type { ProjectId, UserId } from './ids.ts';
import type { NotePlace, Place } from './place.ts';

/** The comment that a command came from. */
export interface Origin extends NotePlace {
  /** GitLab's id of the thread; an old GitLab does not tell it. */
  readonly discussion: string | undefined;
  readonly author: UserId;
}

/** What tells requests apart for ever: GitLab may report one comment twice, through two webhooks. */
export function requestId(projectId: ProjectId, { note }: Origin): string {
  return `note:${projectId}:${note}`;
}

/** The thread of the comment. */
export function threadOf({ on, discussion }: Origin): Exclude<Place, { kind: 'commit' }> {
  return discussion === undefined ? on : { ...on, discussion };
}
