import type { Trailer } from '../gitlab/commit-message.ts';
import type { CommitSha } from '../shared/ids.ts';
import type { BranchKey } from './state.ts';

/** A commit that the bot is about to make. */
interface OwnCommit extends Trailer {
  readonly on: BranchKey;
  /** What it is made on top of. */
  readonly onto: CommitSha;
}

/**
 * The commits of the bot. Everybody can write its trailer, so each commit has a nonce of its own, which nobody but the store knows before the
 * commit stands. Each method is one transaction.
 */
export interface OwnCommits {
  /** Remembers a commit before it is made. */
  noteCommit(commit: OwnCommit): Promise<void>;
  /** The commit that was noted for this request with this nonce. */
  notedCommit(trailer: Trailer): Promise<OwnCommit | undefined>;
}
