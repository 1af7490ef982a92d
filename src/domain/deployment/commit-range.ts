import type { RecordedPush } from '../gitlab/gitlab.ts';
import { commitOf, type MergeRequest } from '../gitlab/merge-request.ts';
import type { CommitSha } from '../shared/ids.ts';
import type { BranchState } from '../store/state.ts';

/** Where the changes to look at begin. */
export interface RangeStart {
  readonly from: CommitSha;
  readonly origin: CommitSha;
}

/** A move of the branch that GitLab confirms. */
export interface Move {
  readonly before: CommitSha;
  readonly after: CommitSha;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** How old a move may be when a delivery tells of it: whoever knows the webhook's secret may tell of any at any time. */
const oldestMoveMs = 24 * 60 * 60_000;

/** Whether what GitLab says happened then may be what a delivery announced. */
export function isNews(at: number | undefined, receivedAt: number): boolean {
  return at !== undefined && receivedAt - at <= oldestMoveMs;
}

/**
 * Changes begin at the last deployed commit. Without one, they begin before the oldest move of the branch that a delivery told of and GitLab confirms, else
 * at the head. A move that lies behind the beginning of the record was told of late: the record is extended back to where the oldest of these began.
 * @param isBehind whether a commit is where the record begins, or is reached from there
 */
export function rangeStart(
  state: Pick<BranchState, 'deployed' | 'origin'> | undefined,
  moves: readonly Move[],
  { head, isBehind }: { readonly head: CommitSha; readonly isBehind: (commit: CommitSha) => boolean },
): RangeStart {
  const [oldest] = moves
    .filter(({ before, after }) => state === undefined || (isBehind(after) && before !== state.origin))
    .toSorted((one, other) => one.at - other.at);
  if (oldest !== undefined) return { from: oldest.before, origin: oldest.before };
  return state === undefined ? { from: head, origin: head } : { from: state.deployed, origin: state.origin };
}

/** Of a push that a delivery told of, what GitLab has on record of it. A branch that was made begins at its first commit. */
export function confirmedPush(
  told: { readonly before: CommitSha | undefined; readonly after: CommitSha | undefined },
  recorded: readonly RecordedPush[],
): Move | undefined {
  const found = recorded.find(({ before, after }) => before === told.before && after === told.after);
  return found === undefined ? undefined : { ...found, before: found.before ?? found.after };
}

/** The commit to which a merge moved its target branch, where the merge request tells. */
export function landedAt(request: MergeRequest): CommitSha | undefined {
  return commitOf(request) ?? request.head;
}
