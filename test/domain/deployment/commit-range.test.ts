import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { CommitSha } from '../../../src/domain/shared/ids.ts';
import { confirmedPush, isNews, rangeStart, type Move } from '../../../src/domain/deployment/commit-range.ts';
import { sha } from '../samples.ts';

const all = Array.from({ length: 9 }, (_, index) => sha(index));
const [c0, c1, c2, c3, c4] = [sha(0), sha(1), sha(2), sha(3), sha(4)];

/** A move at a moment; by default they happened in the order of their commits. */
function moved(before: CommitSha, after: CommitSha, at = all.indexOf(after)): Move {
  return { before, after, at };
}

function record(deployed: CommitSha, origin: CommitSha) {
  return { deployed, origin };
}

/** As on a branch that nobody forced: what came earlier lies behind. */
function on(head: CommitSha, origin = head) {
  return { head, isBehind: (commit: CommitSha) => all.indexOf(commit) <= all.indexOf(origin) };
}

describe('a branch without a record', () => {
  test('begins before the oldest move that is confirmed, in whatever order they were told of', () => {
    expect(rangeStart(undefined, [moved(c1, c2)], on(c3))).toEqual({ from: c1, origin: c1 });
    const start = { from: c0, origin: c0 };
    expect(rangeStart(undefined, [moved(c0, c1), moved(c1, c2)], on(c2))).toEqual(start);
    expect(rangeStart(undefined, [moved(c2, c3), moved(c0, c1), moved(c1, c2)], on(c3))).toEqual(start);
  });

  test('begins before the first move where the branch went back to where it was', () => {
    expect(rangeStart(undefined, [moved(c1, c0, 9), moved(c0, c1, 8)], on(c0))).toMatchObject({ from: c0 });
  });

  test('begins at its head when nothing is confirmed', () => {
    expect(rangeStart(undefined, [], on(c4))).toEqual({ from: c4, origin: c4 });
  });
});

describe('a branch with a record', () => {
  test('begins at the last deployed commit, whatever moved since', () => {
    const start = { from: c2, origin: c1 };
    expect(rangeStart(record(c2, c1), [], on(c4, c1))).toEqual(start);
    expect(rangeStart(record(c2, c1), [moved(c2, c3), moved(c3, c4)], on(c4, c1))).toEqual(start);
    expect(rangeStart(record(c2, c1), [moved(c1, c2)], on(c4, c1))).toEqual(start);
  });

  test('goes back over moves that were told of late, in whatever order', () => {
    const late = [moved(c0, c1), moved(c3, c4), moved(c1, c2)];
    expect(rangeStart(record(c3, c2), late, on(c4, c2))).toEqual({ from: c0, origin: c0 });
    expect(rangeStart(record(c3, c2), late.toReversed(), on(c4, c2))).toEqual({ from: c0, origin: c0 });
  });

  test('goes back over a move that was told of before its successor', () => {
    expect(rangeStart(record(c3, c2), [moved(c0, c1)], on(c4, c2))).toEqual({ from: c0, origin: c0 });
  });

  test('does not go back beyond the making of the branch', () => {
    expect(rangeStart(record(c3, c2), [moved(c2, c2)], on(c4, c2))).toEqual({ from: c3, origin: c2 });
  });
});

describe('what a delivery tells of a push', () => {
  const recorded = [{ before: c1, after: c2, at: 5 }];

  test('is confirmed by the same push among those that GitLab has on record', () => {
    expect(confirmedPush({ before: c1, after: c2 }, recorded)).toEqual({ before: c1, after: c2, at: 5 });
  });

  test('is not confirmed where anything differs', () => {
    expect(confirmedPush({ before: c0, after: c2 }, recorded)).toBeUndefined();
    expect(confirmedPush({ before: undefined, after: c2 }, recorded)).toBeUndefined();
    expect(confirmedPush({ before: c1, after: undefined }, recorded)).toBeUndefined();
  });

  test('is no news after a day', () => {
    expect(isNews(0, 24 * 3_600_000)).toBe(true);
    expect(isNews(0, 24 * 3_600_000 + 1)).toBe(false);
    expect(isNews(undefined, 0)).toBe(false);
  });
});

describe('a chain of pushes', () => {
  const length = fc.integer({ min: 1, max: 7 });

  function chain(count: number): readonly Move[] {
    return Array.from({ length: count }, (_, index) => moved(sha(index), sha(index + 1)));
  }

  /** Runs over groups of moves, with the head where the chain ends: the earliest start that a run had. */
  function earliest(runs: readonly (readonly Move[])[], head: number): number {
    const starts: number[] = [];
    let state: ReturnType<typeof record> | undefined;
    for (const waiting of runs) {
      const { from, origin } = rangeStart(state, waiting, on(sha(head), state?.origin));
      starts.push(all.indexOf(from));
      state = record(sha(head), origin);
    }
    return Math.min(...starts);
  }

  /** Pushes told of in any order, some of them twice, cut into runs anywhere. */
  const arrivals = length.chain((count) => {
    const pushes = [...chain(count)];
    const shuffled = (some: Move[]) => fc.shuffledSubarray(some, { minLength: some.length });
    return fc
      .tuple(fc.subarray(pushes), fc.array(fc.boolean(), { minLength: 2 * count, maxLength: 2 * count }))
      .chain(([again, cuts]) =>
        fc.record({
          count: fc.constant(count),
          runs: shuffled([...pushes, ...again]).map((order) => cutAt(order, cuts)),
        }),
      );
  });

  function cutAt(order: readonly Move[], cuts: readonly boolean[]): Move[][] {
    const runs: Move[][] = [[]];
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

  test('that comes over several runs is covered from its beginning, in any order', () => {
    fc.assert(
      fc.property(arrivals, ({ count, runs }) => {
        expect(earliest(runs, count)).toBe(0);
      }),
      { numRuns: 1_000 },
    );
  });
});
