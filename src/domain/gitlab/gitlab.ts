import type { CommitSha, MergeRequestIid, ProjectId } from '../shared/ids.ts';
import type { FreezePeriods } from './freeze-period.ts';
import type { Lookout } from './missed-events.ts';
import type { People } from './members.ts';
import type { NotePlace, Place } from './comment-location.ts';
import type { Records } from './deployment-records.ts';
import type { Repository } from './repository.ts';
import type { Reviews } from './review.ts';
import type { Token } from './access-token.ts';
import type { GitLabResult, Project } from './project.ts';
import type { Changes, Commit, MergeRequest, NewMergeRequest, ProposedCommit } from './merge-request.ts';

/** A move of a branch that GitLab has on record; `before` is undefined where the branch was made. */
export interface RecordedPush {
  readonly before: CommitSha | undefined;
  readonly after: CommitSha;
  /** Milliseconds since 1970. */
  readonly at: number;
}

type TextFile =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'too-large'; readonly mostBytes: number };

/** The configured GitLab. `undefined` and `missing` mean that GitLab says there is no such thing, or shows it to nobody with this token. */
export interface GitLab extends FreezePeriods, Repository, People, Lookout, Records, Reviews {
  /** Remembered for some minutes. One that GitLab does not show is a failure: the bot may have been invited too late, or too early. */
  project(id: ProjectId): Promise<GitLabResult<Project>>;
  /** The commit that the branch points to at this moment. */
  head(project: ProjectId, branch: string): Promise<GitLabResult<CommitSha | undefined>>;
  file(
    project: ProjectId,
    path: string,
    ref: string,
    limits: { readonly mostBytes: number },
  ): Promise<GitLabResult<TextFile>>;
  /**
   * The exact difference, however large; with `from` undefined every file of `to` counts as new. Undefined when `from` no longer exists.
   * Paths outside `folders` may or may not be listed.
   */
  changes(
    project: ProjectId,
    from: CommitSha | undefined,
    to: CommitSha,
    folders: readonly string[],
  ): Promise<GitLabResult<Changes | undefined>>;
  firstParent(project: ProjectId, commit: CommitSha): Promise<GitLabResult<CommitSha | undefined>>;
  /** One merge request, if it is merged. */
  merged(project: ProjectId, iid: MergeRequestIid): Promise<GitLabResult<MergeRequest | undefined>>;
  /** Every commit that `to` has and `from` lacks; undefined when either is gone. */
  commitsBetween(
    project: ProjectId,
    from: CommitSha,
    to: CommitSha,
  ): Promise<GitLabResult<readonly Commit[] | undefined>>;
  /**
   * The merge requests into `branch` that GitLab relates to a commit, merged or just being merged: it is one of the commits of their newest version, or
   * one that merging them made. GitLab before 19 finds of the commits that it rebased itself the last one alone.
   */
  mergedWith(
    project: ProjectId,
    branch: string,
    commit: CommitSha,
  ): Promise<GitLabResult<readonly MergeRequest[]>>;
  /** All commits of the newest version of a merge request. */
  proposedCommits(project: ProjectId, iid: MergeRequestIid): Promise<GitLabResult<readonly ProposedCommit[]>>;
  proposedCommit(project: ProjectId, commit: CommitSha): Promise<GitLabResult<ProposedCommit>>;
  /** Whether two commits make the same change, wherever in the files it is. False where GitLab does not show all of both. */
  isSameChange(project: ProjectId, one: CommitSha, other: CommitSha): Promise<GitLabResult<boolean>>;
  /** The newest moves of a branch, as GitLab recorded them; at most 500 of the project's are looked at. */
  pushesTo(project: ProjectId, branch: string): Promise<GitLabResult<readonly RecordedPush[]>>;
  /** The merge requests from one branch into another, whatever their state, newest first. At most 100. */
  mergeRequestsFrom(
    project: ProjectId,
    source: string,
    target: string,
  ): Promise<GitLabResult<readonly MergeRequest[]>>;
  /** The open merge requests of the project, from forks too, those that were changed last first. At most 1,000. */
  openRequests(project: ProjectId): Promise<GitLabResult<readonly MergeRequest[]>>;
  /** Makes the open merge request between two branches as it should be, and opens one where there is none. There is one however often this runs. */
  putMergeRequest(project: ProjectId, wanted: NewMergeRequest): Promise<GitLabResult<MergeRequest>>;
  /**
   * The commit that the target branch would be after merging now; its first parent is the head of the target. No branch has it. `conflict`
   * where git cannot merge, or where the merge request is not open.
   */
  mergeResult(project: ProjectId, iid: MergeRequestIid): Promise<GitLabResult<CommitSha | 'conflict'>>;
  /** One merge request, whatever its state. */
  mergeRequest(project: ProjectId, iid: MergeRequestIid): Promise<GitLabResult<MergeRequest | undefined>>;
  /**
   * Makes the bot's own comment that holds the marker read `body`, and makes one where there is none. The marker is added
   * to the body, hidden. A line that GitLab would run as a quick action is disarmed. A thread that is gone is answered
   * beside it, an internal one by an internal comment. GitLab cannot edit comments on commits: one that exists stays as it is.
   * @param fresh true when no such comment can exist yet, which saves looking for it
   */
  putComment(project: ProjectId, place: Place, comment: Comment, fresh: boolean): Promise<GitLabResult<void>>;
  /** Puts the bot's emoji on somebody's comment; doing so twice is the same as once. */
  react(project: ProjectId, note: NotePlace, emoji: string): Promise<GitLabResult<void>>;
  /** The token that the bot calls with. GitLab answers 401 to one that has expired or was revoked: `denied`. */
  token(): Promise<GitLabResult<Token>>;
  /** Whether GitLab answers and accepts the token. */
  reachable(): Promise<GitLabResult<void>>;
}

export interface Comment {
  readonly marker: string;
  /** Markdown. */
  readonly body: string;
}
