import type { CommitSha, MergeRequestIid, ProjectId } from '../shared/ids.ts';
import type { NotePlace } from '../gitlab/comment-location.ts';

/**
 * What a delivery means. An event only wakes the bot up: GitLab is asked again before anything is done, so no event carries file lists,
 * states, rights or what somebody wrote.
 */
export type Event = MergedEvent | PushedEvent | ProposedEvent | CommentedEvent | TokenExpiringEvent;

/** A merge request was merged into `branch`. */
interface MergedEvent {
  readonly kind: 'merged';
  readonly projectId: ProjectId;
  readonly branch: string;
  readonly mergeRequest: MergeRequestIid;
}

/** The head of `branch` moved; undefined `before` or `after` when the branch was made or removed. */
export interface PushedEvent {
  readonly kind: 'pushed';
  readonly projectId: ProjectId;
  readonly branch: string;
  readonly before: CommitSha | undefined;
  readonly after: CommitSha | undefined;
}

/** A merge request was opened, changed or closed. */
interface ProposedEvent {
  readonly kind: 'proposed';
  readonly projectId: ProjectId;
  readonly mergeRequest: MergeRequestIid;
}

/** Somebody wrote a comment that may hold commands. Who, when and what is GitLab's to tell. */
export interface CommentedEvent extends NotePlace {
  readonly kind: 'commented';
  readonly projectId: ProjectId;
  /** The thread that it is said to stand in. */
  readonly discussion: string | undefined;
}

/** A token of a project or a group ends soon. It may be the bot's. */
export interface TokenExpiringEvent {
  readonly kind: 'token-expiring';
}

/** A webhook body, read: an event, a kind that the bot has no use for, or a known kind that makes no sense. */
export type Reading =
  | {
      readonly kind: 'event';
      /** Undefined for an event of a group, which belongs to no project. */
      readonly projectPath: string | undefined;
      readonly event: Event;
    }
  | { readonly kind: 'ignored'; readonly reason: string }
  | {
      readonly kind: 'rejected';
      readonly reason: string;
      /** As far as it could be read. */
      readonly projectPath: string | undefined;
    };
