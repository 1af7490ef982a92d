import type { ProjectId, UserId } from '../shared/ids.ts';
import type { NotePlace, Place } from './comment-location.ts';

/** The comment that a command came from, as GitLab has it. */
export interface Origin extends NotePlace {
  /** GitLab's id of the thread; undefined where none holds the comment. */
  readonly discussion: string | undefined;
  readonly author: UserId;
  /** Whether it is an internal comment. */
  readonly confidential?: true;
}

type NoteablePlace = Exclude<Place, { kind: 'commit' }>;

/** What tells requests apart for ever: GitLab may report one comment twice, through two webhooks. */
export function requestId(projectId: ProjectId, { note }: Pick<NotePlace, 'note'>): string {
  return `note:${projectId}:${note}`;
}

/** The thread of the comment, which everybody reads who reads the comment. */
export function threadOf({ on, discussion, confidential }: Omit<Origin, 'author'>): NoteablePlace {
  return {
    ...on,
    ...(discussion === undefined ? {} : { discussion }),
    ...(confidential === undefined ? {} : { confidential }),
  };
}

/**
 * Where the bot may show what configs hold: in the thread, or beside it as an internal comment where people read the thread who cannot read the code. Merge
 * requests are never shown to those.
 * @param isCodeOpen whether everybody who sees the project can read its code
 */
export function guardedPlace(origin: Omit<Origin, 'author'>, isCodeOpen: boolean): NoteablePlace {
  if (origin.on.kind !== 'issue' || isCodeOpen || origin.confidential === true) return threadOf(origin);
  return { ...origin.on, confidential: true };
}
