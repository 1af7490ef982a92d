import type { CommitSha, MergeRequestIid, ProjectId } from './ids.ts';

/**
 * What a delivery means. An event only wakes the bot up: the branch is read again before anything is done,
 * so no event carries file lists, states or rights.
 */
export type Event = MergedEvent | PushedEvent;

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

/** A webhook body, read: an event, a kind that the bot has no use for, or a known kind that makes no sense. */
export type Reading =
  | { readonly kind: 'event'; readonly projectPath: string; readonly event: Event }
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'rejected'; readonly reason: string };
