import type { CommitSha, MergeRequestIid, UserId } from '../shared/ids.ts';

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

/** What differs between two commits: every path whose content is new, changed or gone, and the commits in between. */
export interface Changes {
  readonly paths: readonly string[];
  /** What `to` has and `from` lacks; undefined where GitLab could not compare the two. */
  readonly commits: readonly Commit[] | undefined;
}

/** The commit that a merge made on the target branch; a fast-forward makes none. */
export function commitOf({ mergeCommit, squashCommit, head }: MergeRequest): CommitSha | undefined {
  // Of what somebody pushed to the target, GitLab takes the merge request's own head for the commit that merged it.
  return mergeCommit === head ? squashCommit : (mergeCommit ?? squashCommit);
}

/**
 * How a merge request may have brought a commit to its target branch:
 * - `made`: GitLab made the commit when merging, and whatever it has beyond its first parent came with it
 * - `moved`: the branch was moved forward to it, as it was or rebased
 * - `unsure`: as `moved`, if it is none of the merge request's own commits
 * - undefined: not at all. The merge request came by another commit; where it also holds this one, somebody pushed it before
 */
export type Landing = 'made' | 'moved' | 'unsure' | undefined;

/** @param request one that is merged and to which GitLab relates the commit */
export function landingOf(commit: CommitSha, { mergeCommit, squashCommit, head }: MergeRequest): Landing {
  if (mergeCommit !== undefined && mergeCommit !== head) return mergeCommit === commit ? 'made' : undefined;
  if (squashCommit === undefined) return 'moved';
  // A squashed commit that was rebased while it was merged is another one.
  return squashCommit === commit ? 'made' : 'unsure';
}

/**
 * Of several merge requests that hold the same commits: those that came first, as far as that can be told.
 * @param above the commits from the head of the branch to the one in question
 */
export function firstLanded(
  requests: readonly MergeRequest[],
  above: readonly CommitSha[],
): readonly MergeRequest[] {
  const placed = requests.map((request) => ({
    request,
    position: above.findLastIndex((commit) => commit === request.head),
  }));
  const first = Math.max(...placed.map(({ position }) => position));
  return placed.filter(({ position }) => position === first).map(({ request }) => request);
}

/** How long it is waited for GitLab to know what it did: its database's replicas lag by seconds, and a merge is over as soon. */
export const lagMs = 2 * 60_000;

/** Whether GitLab began to merge it, and seems to have stopped on the way. */
export function isStuck({ state, updatedAt = 0 }: MergeRequest, now: number): boolean {
  return state === 'locked' && now - updatedAt >= lagMs;
}
