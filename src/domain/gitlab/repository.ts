import type { BlobId } from '../pipeline/blob-id.ts';
import type { GitLabResult } from './project.ts';
import type { CommitSha, ProjectId } from '../shared/ids.ts';

/** What a commit does to one file. */
export type FileChange =
  | { readonly kind: 'create' | 'update'; readonly path: string; readonly content: string }
  | { readonly kind: 'delete'; readonly path: string };

export interface NewCommit {
  readonly branch: string;
  /** The branch's head as it was when the changes were worked out; for a new branch, where it begins. */
  readonly onto: CommitSha;
  /** Whether the commit makes the branch. */
  readonly isNew: boolean;
  readonly message: string;
  /** At least one. */
  readonly changes: readonly FileChange[];
}

/**
 * `made`, and whether directly on top of what it was worked out for: somebody's commit to other files may lie between. `moved`: somebody was faster, so that what was worked out no longer holds; nothing was written.
 */
export type CommitOutcome =
  | { readonly kind: 'made'; readonly commit: CommitSha; readonly directly: boolean }
  | { readonly kind: 'moved' };

/** The Git repository of a project, through GitLab. */
export interface Repository {
  /** Blob ids by path of the files under the folders. A folder that does not exist has none. Costs one call for each 100 entries. */
  files(
    project: ProjectId,
    at: CommitSha,
    folders: readonly string[],
  ): Promise<GitLabResult<ReadonlyMap<string, BlobId>>>;
  /** The commits that the branch, tag or commit has and that touched the file, newest first, at most so many. */
  history(
    project: ProjectId,
    ref: string,
    path: string,
    most: number,
  ): Promise<GitLabResult<readonly CommitSha[]>>;
  /** The message of a commit; undefined where there is no such commit. */
  messageOf(project: ProjectId, commit: CommitSha): Promise<GitLabResult<string | undefined>>;
  /** The newest commit that both have in their history; undefined where there is none. */
  mergeBase(
    project: ProjectId,
    one: CommitSha,
    other: CommitSha,
  ): Promise<GitLabResult<CommitSha | undefined>>;
  /** Makes the branch at the commit; one that exists stays as it is. */
  cut(project: ProjectId, branch: string, at: CommitSha): Promise<GitLabResult<void>>;
  /**
   * Makes one commit of all changes. Nobody's commit is overwritten: a change to a file that somebody changed since `onto` is
   * `moved`. Changes of other files since then are kept. After an answer that was lost, the branch is looked at before anything is sent again.
   */
  commit(project: ProjectId, commit: NewCommit): Promise<GitLabResult<CommitOutcome>>;
}
