import type { CommitSha, MergeRequestIid, ProjectId, UserId } from '../shared/ids.ts';
import type { FreezePeriods } from './freeze-period.ts';
import type { Lookout } from './missed-events.ts';
import type { People } from './members.ts';
import type { NotePlace, Place } from './comment-location.ts';
import type { Records } from './deployment-records.ts';
import type { Repository } from './repository.ts';
import type { Reviews } from './reviews.ts';
import type { Result } from '../shared/result.ts';
import type { Token } from './access-token.ts';
import type { UpstreamFailure } from '../shared/upstream-failure.ts';

export interface Project {
  readonly id: ProjectId;
  /** `group/subgroup/project`. */
  readonly path: string;
  readonly webUrl: string;
  /** Undefined for an empty repository. */
  readonly defaultBranch: string | undefined;
  /** Whether everybody who sees the project, guests too, can read its code; absent where GitLab did not say. */
  readonly isCodeOpen?: boolean;
  /** The path of the CI configuration, where it is not at its usual place. */
  readonly ciConfig?: string;
}

export interface MergeRequest {
  readonly iid: MergeRequestIid;
  readonly title: string;
  readonly webUrl: string;
  /** `locked`: GitLab is merging it at this moment. */
  readonly state: 'opened' | 'locked' | 'merged' | 'closed' | 'unknown';
  readonly source: string;
  /** Whether the source branch is one of another project, whatever its name. */
  readonly fromFork: boolean;
  readonly target: string;
  /** Who opened it. */
  readonly author?: { readonly id: UserId; readonly username: string };
  /** The username of who merged it. */
  readonly mergedBy: string | undefined;
  readonly mergedById?: UserId;
  /** When, in milliseconds since 1970. */
  readonly mergedAt?: number;
  /** When anything of it last changed, its state too, in milliseconds since 1970. */
  readonly updatedAt?: number;
  /** The commit that the merge made on the target branch; undefined after a fast-forward. */
  readonly mergeCommit: CommitSha | undefined;
  readonly squashCommit: CommitSha | undefined;
  /** The head of the source branch. */
  readonly head: CommitSha | undefined;
  /** Where source and target parted, as of when GitLab last computed the merge request's changes. */
  readonly base: CommitSha | undefined;
  /** Markdown; empty where there is none. */
  readonly description: string;
  readonly isDraft: boolean;
  /** The newest pipeline of its head; undefined where there is none, and in lists. */
  readonly pipeline?: { readonly id: number; readonly isSuccessful: boolean };
}

/** A merge request as it should be. */
export interface NewMergeRequest {
  readonly source: string;
  readonly target: string;
  /** Undefined: an open one keeps its title. */
  readonly title: string | undefined;
  /** The title of one that is opened without any. */
  readonly usualTitle: string;
  /** Markdown that stands in the description between the bot's own marks; around it people write what they like. */
  readonly section: string;
  /** Of one that is opened. */
  readonly assignee: UserId | undefined;
}

/** A commit, and those that it was made from; the first is where the branch was. */
export interface Commit {
  readonly id: CommitSha;
  readonly parents: readonly CommitSha[];
}

/** A commit of a merge request, by all that stays the same when it is rebased. */
export interface ProposedCommit {
  readonly id: CommitSha;
  readonly message: string;
  readonly author: string;
  readonly authoredAt: string;
}

/** A move of a branch that GitLab has on record; `before` is undefined where the branch was made. */
export interface RecordedPush {
  readonly before: CommitSha | undefined;
  readonly after: CommitSha;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What differs between two commits: every path whose content is new, changed or gone, and the commits in between. */
export interface Changes {
  readonly paths: readonly string[];
  /** What `to` has and `from` lacks; undefined where GitLab could not compare the two. */
  readonly commits: readonly Commit[] | undefined;
}

type TextFile =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'too-large'; readonly mostBytes: number };

export type GitLabResult<Value> = Result<Value, UpstreamFailure>;

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
