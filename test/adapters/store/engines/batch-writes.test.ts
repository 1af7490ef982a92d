import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { inGroups } from '../../../../src/adapters/store/engines/batch-writes.ts';

test('what comes at once is one group, what comes meanwhile is the next, and each gets its own answer', async () => {
  const groups: (readonly number[])[] = [];
  const gate = Promise.withResolvers<void>();
  const double = inGroups<number, number>(10, async (group) => {
    groups.push(group);
    if (groups.length === 1) await gate.promise;
    return group.map((each) => each * 2);
  });
  const first = [double(1), double(2)];
  await expect.poll(() => groups.length, { interval: 1 }).toBe(1);
  const second = [double(3), double(4)];
  gate.resolve();
  expect(await Promise.all([...first, ...second])).toEqual([2, 4, 6, 8]);
  expect(groups).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

test('a group that fails fails for those in it, and for nobody after it', async () => {
  const act = inGroups<string, string>(2, async (group) => {
    if (group.includes('bad')) throw new Error('no');
    return group;
  });
  const all = await Promise.allSettled([act('good'), act('bad'), act('better')]);
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect(await act('later')).toBe('later');
});

test('no group is larger than it may be, and none is empty or out of order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 7 }),
      fc.array(fc.boolean(), { maxLength: 40 }),
      async (most, pauses) => {
        const seen: number[] = [];
        const act = inGroups<number, number>(most, async (group) => {
          expect(group.length).toBeGreaterThan(0);
          expect(group.length).toBeLessThanOrEqual(most);
          seen.push(...group);
          return group;
        });
        const answers: Promise<number>[] = [];
        for (const [index, isPause] of pauses.entries()) {
          answers.push(act(index));
          if (isPause) await new Promise((resolve) => void setImmediate(resolve));
        }
        const wanted = [...pauses.keys()];
        expect(await Promise.all(answers)).toEqual(wanted);
        expect(seen).toEqual(wanted);
      },
    ),
  );
});
