import type { CommitSha } from './ids.ts';
import type { PushedEvent } from './event.ts';
import type { BranchState, WaitingDelivery } from './store.ts';

/** Where the changes to look at begin. */
export type RangeStart =
  | { readonly kind: 'commit'; readonly commit: CommitSha; readonly origin: CommitSha }
  /** No push tells; the parent of the oldest waiting merge does. */
  | { readonly kind: 'before-oldest-merge' }
  /** Nothing is known and nothing waits: the branch's head is the starting point. */
  | { readonly kind: 'head' };

/**
 * Changes begin at the last deployed commit. Without one, they begin before the oldest push that is waiting; webhooks come in
 * any order, so "oldest" is the one that starts where no other ended. A push that ends where the record began came
 * late: the record is extended back to its start. What is not guaranteed: of two pushes older than the record, one
 * that comes in an earlier run than its successor is not joined to it.
 */
export function rangeStart(state: BranchState | undefined, waiting: readonly WaitingDelivery[]): RangeStart {
  const pushes = waiting.map((delivery) => delivery.event).filter((event) => event.kind === 'pushed');
  if (state !== undefined) return startOfKnown(state, pushes);
  const ends = new Set(pushes.map((push) => push.after));
  const first = pushes.find((push) => push.before === undefined || !ends.has(push.before)) ?? pushes[0];
  const commit = first?.before ?? first?.after;
  if (commit !== undefined) return { kind: 'commit', commit, origin: commit };
  return waiting.some((delivery) => delivery.event.kind === 'merged')
    ? { kind: 'before-oldest-merge' }
    : { kind: 'head' };
}

function startOfKnown(state: BranchState, pushes: readonly PushedEvent[]): RangeStart {
  let origin = state.origin;
  for (let left = pushes.length; left > 0; left -= 1) {
    const late = pushes.find((push) => push.after === origin);
    if (late?.before === undefined) break;
    origin = late.before;
  }
  const commit = origin === state.origin ? state.deployed : origin;
  return { kind: 'commit', commit, origin };
}
