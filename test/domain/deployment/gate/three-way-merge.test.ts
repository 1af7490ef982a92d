import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { threeWayMerge } from '../../../../src/domain/deployment/gate/three-way-merge.ts';

const text = (...lines: readonly string[]) => lines.join('\n');
const base = text('a', 'b', 'c', 'd', 'e');

test.each<readonly [string, string, string, string | undefined]>([
  ['the same on both sides', text('a', 'x', 'c'), text('a', 'x', 'c'), text('a', 'x', 'c')],
  ['one side alone', base, text('a', 'x'), text('a', 'x')],
  ['the other side alone', text('a', 'x'), base, text('a', 'x')],
  [
    'different places',
    text('x', 'b', 'c', 'd', 'e'),
    text('a', 'b', 'c', 'd', 'y'),
    text('x', 'b', 'c', 'd', 'y'),
  ],
  ['neighbours', text('a', 'x', 'c', 'd', 'e'), text('a', 'b', 'y', 'd', 'e'), text('a', 'x', 'y', 'd', 'e')],
  [
    'partly the same',
    text('x', 'b', 'c', 'd', 'y'),
    text('x', 'b', 'c', 'd', 'e'),
    text('x', 'b', 'c', 'd', 'y'),
  ],
  ['the same line', text('a', 'b', 'x', 'd', 'e'), text('a', 'b', 'y', 'd', 'e'), undefined],
  ['what one side took away', text('a', 'e'), text('a', 'b', 'y', 'd', 'e'), undefined],
  [
    'two insertions at one place',
    text('a', 'x', 'b', 'c', 'd', 'e'),
    text('a', 'y', 'b', 'c', 'd', 'e'),
    undefined,
  ],
])('merges changes of %s', (_what, one, other, merged) => {
  expect(threeWayMerge(base, one, other)).toBe(merged);
});

test('makes what both sides changed, in whatever order they are given', () => {
  // Lines that differ, each kept, changed, taken away or with one put behind it by at most one side.
  const change = fc.constantFrom('keep', 'change', 'remove', 'insert');
  const lines = fc.array(fc.record({ change, isOnes: fc.boolean() }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(lines, (all) => {
      const made = (isMade: (isOnes: boolean) => boolean) =>
        text(
          'first',
          ...all.flatMap(({ change: its, isOnes }, index) => {
            const line = `line ${index}`;
            const how = isMade(isOnes) ? its : 'keep';
            const behind = how === 'insert' ? [`more ${index}`] : [];
            if (how === 'remove') return [`end ${index}`];
            return [how === 'change' ? `other ${index}` : line, ...behind, `end ${index}`];
          }),
        );
      const [old, one, other] = [made(() => false), made((isOnes) => isOnes), made((isOnes) => !isOnes)];
      expect(threeWayMerge(old, one, other)).toBe(made(() => true));
      expect(threeWayMerge(old, other, one)).toBe(made(() => true));
    }),
  );
});

test('does not merge what would take long', () => {
  const many = (length: number, line: (index: number) => string) =>
    text(...Array.from({ length }, (_, at) => line(at)));
  const [old, rewritten] = [many(5_000, (at) => `a ${at}`), many(5_000, (at) => `b ${at}`)];
  expect(threeWayMerge(old, rewritten, `${old}\nmore`)).toBeUndefined();
  const large = many(20_001, String);
  expect(threeWayMerge(large, `first\n${large}`, `${large}\nlast`)).toBeUndefined();
});
