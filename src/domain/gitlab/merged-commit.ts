import type { MergeRequest } from './gitlab.ts';
import type { CommitSha } from '../shared/ids.ts';

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
