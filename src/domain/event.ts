import type { CommitSha, MergeRequestIid, ProjectId } from './ids.ts';
import type { Origin } from './origin.ts';

/**
 * What a delivery means. An event only wakes the bot up: the branch is read again before anything is done,
 * so no event carries file lists, states or rights. A command is the exception: what somebody wrote stands in the event.
 */
export type Event = MergedEvent | PushedEvent | ProposedEvent | CommandedEvent | TokenExpiringEvent;

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

/** Somebody wrote a comment with commands. */
export interface CommandedEvent {
  readonly kind: 'commanded';
  readonly projectId: ProjectId;
  readonly origin: Origin;
  /** The lines with the commands, as they were written. */
  readonly lines: readonly string[];
  /** When, in milliseconds since 1970; undefined where GitLab's word for it makes no sense. */
  readonly writtenAt: number | undefined;
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
