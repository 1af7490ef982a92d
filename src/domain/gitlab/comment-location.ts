import type { CommitSha, IssueIid, MergeRequestIid, NoteId } from '../shared/ids.ts';

/** What people discuss: a merge request or an issue of the project. */
export type Noteable =
  | { readonly kind: 'merge-request'; readonly iid: MergeRequestIid }
  | { readonly kind: 'issue'; readonly iid: IssueIid };

/** Where a comment stands: on its own, or as an answer in a thread (GitLab's discussion id). */
export type Place =
  | (Noteable & {
      readonly discussion?: string;
      /** Whether what stands there is internal. A thread passes that on; a comment beside it has to be made so. */
      readonly confidential?: true;
    })
  | { readonly kind: 'commit'; readonly commit: CommitSha };

/** A comment that somebody wrote. */
export interface NotePlace {
  readonly on: Noteable;
  readonly note: NoteId;
}

/** One text for one place: what is the same place has the same. */
export function placeName(place: Place): string {
  switch (place.kind) {
    case 'commit':
      return place.commit;
    case 'merge-request':
    case 'issue':
      return `${referenceTo(place)}${place.discussion !== undefined ? `/${place.discussion}` : place.confidential ? ' (internal)' : ''}`;
  }
}

/** `!5` or `#7`, as GitLab writes them. */
export function referenceTo(noteable: Noteable): string {
  return `${noteable.kind === 'issue' ? '#' : '!'}${noteable.iid}`;
}
