import type { CommitSha } from '../shared/ids.ts';
import type { BranchState, WaitingDelivery } from '../store/state.ts';

/**
 * What is remembered of a branch after the bot pushed to it; undefined where that stays as it is. The pushed commits count as deployed, as the
 * workspace holds them, only if nothing else waits to be deployed: they lie directly on what was deployed last, or nothing was ever deployed and no
 * delivery but their own waits.
 */
export function stateAfterPush(
  push: {
    readonly commits: readonly CommitSha[];
    /** Where the branch stood before. */
    readonly before: CommitSha;
    readonly isNew: boolean;
    /** Whether nobody else's commit lies between. */
    readonly directly: boolean;
  },
  known: { readonly state: BranchState | undefined; readonly waiting: readonly WaitingDelivery[] },
): BranchState | undefined {
  const { commits, before, isNew, directly } = push;
  const { state, waiting } = known;
  const last = commits.at(-1);
  if (last === undefined || !directly) return undefined;
  if (state !== undefined) return state.deployed === before ? { ...state, deployed: last } : undefined;
  const isOwn = ({ event }: WaitingDelivery) =>
    event.kind === 'pushed' && event.after !== undefined && commits.includes(event.after);
  if (!isNew && !waiting.every(isOwn)) return undefined;
  return { deployed: last, origin: before, held: false, reported: undefined, tries: 0 };
}
