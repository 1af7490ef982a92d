import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { phrase, type Phrase } from '../../../src/domain/report/phrase.ts';
import { foldRows, iconOf, leftOut, type Mood } from '../../../src/domain/report/report.ts';

const row = (text: string): readonly Phrase[] => [phrase`${text}`];

describe('folding', () => {
  test.each([
    [0, 0, 0, 0],
    [100, 100, 0, 0],
    [101, 100, 1, 0],
    [2_000, 100, 1_900, 0],
    [2_500, 100, 1_900, 500],
  ])('of %i rows shows %i, folds %i and leaves out %i', (count, shown, folded, left) => {
    const parts = foldRows(Array.from({ length: count }, () => row('a')));
    expect([parts.shown.length, parts.folded.length, parts.left]).toStrictEqual([shown, folded, left]);
  });

  test('keeps every row that is not left out, in order', () => {
    const rows = fc.array(
      fc.nat(500).map((length) => row('x'.repeat(length + 1))),
      { maxLength: 3_000, size: 'max' },
    );
    fc.assert(
      fc.property(rows, (all) => {
        const { shown, folded, left } = foldRows(all);
        expect([...shown, ...folded]).toStrictEqual(all.slice(0, all.length - left));
      }),
      { numRuns: 20 },
    );
  });

  test('leaves out what would make the report too long', () => {
    const { shown, folded, left } = foldRows(Array.from({ length: 2_000 }, () => row('x'.repeat(400))));
    expect([shown.length, folded.length, left]).toStrictEqual([100, 900, 1_000]);
  });

  test('counts our own words and addresses too', () => {
    const long: readonly Phrase[] = [['x'.repeat(200), { link: 'a', url: 'y'.repeat(200) }]];
    expect(foldRows(Array.from({ length: 2_000 }, () => long)).left).toBe(1_000);
  });
});

test('the rows that are left out are counted in words', () => {
  expect([leftOut(1), leftOut(2)]).toStrictEqual([
    '1 further row is not shown.',
    '2 further rows are not shown.',
  ]);
});

test('each mood has an icon of its own', () => {
  const moods: readonly Mood[] = ['done', 'failed', 'partly', 'held', 'running'];
  expect(moods.map(iconOf)).toStrictEqual(['✅', '❌', '⚠️', '✋', '⏳']);
});
