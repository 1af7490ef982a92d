import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { CommitSha } from '../../src/domain/ids.ts';
import { rangeStart } from '../../src/domain/range.ts';
import type { BranchState, WaitingDelivery } from '../../src/domain/store.ts';
import { iid, projectId, sha } from './samples.ts';

const [c0, c1, c2, c3, c4] = [sha(0), sha(1), sha(2), sha(3), sha(4)];

function pushed(before: CommitSha | undefined, after: CommitSha | undefined): WaitingDelivery {
  return {
    id: `${before}-${after}`,
    event: { kind: 'pushed', projectId, branch: 'main', before, after },
  };
}

const merged: WaitingDelivery = {
  id: 'm',
  event: { kind: 'merged', projectId, branch: 'main', mergeRequest: iid(1) },
};

function record(deployed: CommitSha, origin: CommitSha): BranchState {
  return { deployed, origin, held: false, reported: undefined, tries: 0 };
}

describe('a branch without a record', () => {
  test('begins before the push that waits', () => {
    expect(rangeStart(undefined, [pushed(c1, c2)])).toStrictEqual({
      kind: 'commit',
      commit: c1,
      origin: c1,
    });
  });

  test('begins before the oldest push that waits, in whatever order they came', () => {
    const start = { kind: 'commit', commit: c0, origin: c0 };
    expect(rangeStart(undefined, [pushed(c0, c1), pushed(c1, c2)])).toStrictEqual(start);
    expect(rangeStart(undefined, [pushed(c1, c2), merged, pushed(c0, c1)])).toStrictEqual(start);
  });

  test('begins before a push that came twice', () => {
    expect(rangeStart(undefined, [pushed(c0, c1), pushed(c0, c1)])).toMatchObject({ commit: c0 });
  });

  test('begins before the first push where the branch went back to where it was', () => {
    expect(rangeStart(undefined, [pushed(c0, c1), pushed(c1, c0)])).toMatchObject({ commit: c0 });
  });

  test('begins at its first commit when the branch is new', () => {
    expect(rangeStart(undefined, [pushed(c1, c2), pushed(undefined, c1)])).toMatchObject({ commit: c1 });
  });

  test('begins where it stood when it was removed', () => {
    expect(rangeStart(undefined, [pushed(c1, undefined)])).toMatchObject({ commit: c1 });
  });

  test('begins before the oldest merge when no push tells', () => {
    expect(rangeStart(undefined, [merged])).toStrictEqual({ kind: 'before-oldest-merge' });
  });

  test('begins at its head when nothing waits', () => {
    expect(rangeStart(undefined, [])).toStrictEqual({ kind: 'head' });
  });
});

describe('a branch with a record', () => {
  test('begins at the last deployed commit', () => {
    const start = { kind: 'commit', commit: c2, origin: c1 };
    expect(rangeStart(record(c2, c1), [])).toStrictEqual(start);
    expect(rangeStart(record(c2, c1), [merged])).toStrictEqual(start);
    expect(rangeStart(record(c2, c1), [pushed(c2, c3), pushed(c3, c4)])).toStrictEqual(start);
  });

  test('begins at the last deployed commit when a push comes a second time', () => {
    expect(rangeStart(record(c2, c1), [pushed(c1, c2)])).toStrictEqual({
      kind: 'commit',
      commit: c2,
      origin: c1,
    });
  });

  test('goes back to before a push that came late', () => {
    expect(rangeStart(record(c3, c2), [pushed(c1, c2)])).toStrictEqual({
      kind: 'commit',
      commit: c1,
      origin: c1,
    });
  });

  test('goes back over several late pushes in whatever order they came', () => {
    const late = [pushed(c0, c1), pushed(c3, c4), pushed(c1, c2)];
    expect(rangeStart(record(c3, c2), late)).toMatchObject({ commit: c0, origin: c0 });
    expect(rangeStart(record(c3, c2), late.toReversed())).toMatchObject({ commit: c0, origin: c0 });
  });

  test('does not go back beyond the making of the branch', () => {
    expect(rangeStart(record(c3, c2), [pushed(undefined, c2)])).toMatchObject({ commit: c3, origin: c2 });
  });
});

describe('a chain of pushes', () => {
  const length = fc.integer({ min: 1, max: 7 });

  function chain(count: number): readonly WaitingDelivery[] {
    return Array.from({ length: count }, (_, index) => pushed(sha(index), sha(index + 1)));
  }

  /** Runs over groups of deliveries, with the head where the chain ends: the earliest start that a run had. */
  function earliest(runs: readonly (readonly WaitingDelivery[])[], head: number): number {
    const starts: number[] = [];
    let state: BranchState | undefined;
    for (const waiting of runs) {
      const start = rangeStart(state, waiting);
      const [commit, origin] =
        start.kind === 'commit' ? [start.commit, start.origin] : [sha(head), sha(head)];
      starts.push(Array.from({ length: head + 1 }, (_, index) => sha(index)).indexOf(commit));
      state = record(sha(head), origin);
    }
    return Math.min(...starts);
  }

  /**
   * A first run that saw some pushes in a row, then the older ones from the newest to the oldest, cut into runs anywhere.
   * Within a run the order is any; the newer pushes, and any push once more, come at any time after the first run.
   */
  const arrivals = length.chain((count) =>
    fc.tuple(fc.nat(count - 1), fc.nat(count - 1)).chain(([one, other]) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];
      const pushes = [...chain(count)];
      const shuffled = (some: WaitingDelivery[]) => fc.shuffledSubarray(some, { minLength: some.length });
      const more = fc.subarray(pushes);
      const older = pushes.slice(0, low).toReversed();
      return fc.record({
        count: fc.constant(count),
        first: shuffled(pushes.slice(low, high + 1)),
        later: fc
          .array(fc.boolean(), { minLength: older.length, maxLength: older.length })
          .chain((cuts) =>
            fc.tuple(...cutAt(older, cuts).map((run) => more.chain((extra) => shuffled([...run, ...extra])))),
          ),
      });
    }),
  );

  function cutAt(order: readonly WaitingDelivery[], cuts: readonly boolean[]): WaitingDelivery[][] {
    const runs: WaitingDelivery[][] = [[]];
    for (const [index, delivery] of order.entries()) {
      if (cuts[index] === true) runs.push([]);
      runs.at(-1)?.push(delivery);
    }
    return runs.filter((run) => run.length > 0);
  }

  test('that comes within one run is covered from its beginning, in any order', () => {
    const shuffledChain = length.chain((count) =>
      fc.shuffledSubarray([...chain(count)], { minLength: count }),
    );
    fc.assert(
      fc.property(shuffledChain, (waiting) => {
        expect(earliest([waiting], waiting.length)).toBe(0);
      }),
    );
  });

  test('that comes over several runs is covered from its beginning, unless an older push overtakes its successor', () => {
    fc.assert(
      fc.property(arrivals, ({ count, first, later }) => {
        expect(earliest([first, ...later], count)).toBe(0);
      }),
      { numRuns: 1_000 },
    );
  });
});
