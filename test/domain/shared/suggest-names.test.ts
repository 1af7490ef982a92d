import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { nearest } from '../../../src/domain/shared/suggest-names.ts';

describe('nearest', () => {
  it.each([
    [
      'PIN FUSION 2.0 QQ',
      ['PIN FUSION 2.0', 'PIN FUSION 2.0 QA', 'OTHER'],
      ['PIN FUSION 2.0 QA', 'PIN FUSION 2.0'],
    ],
    ['abc', ['abb', 'abc'], ['abc', 'abb']],
    ['fusion', ['PIN FUSION 2.0 INTG TESTING'], ['PIN FUSION 2.0 INTG TESTING']],
    ['x', ['qa'], []],
    ['develpo', ['main', 'develop', 'sandbox'], ['develop']],
    ['pin analytics', ['PIN ANALYTICS'], ['PIN ANALYTICS']],
    ['unlike anything', ['main'], []],
    ['', ['main'], []],
  ])('of %j are the likeliest', (wanted, known, expected) => {
    expect(nearest(wanted, known)).toEqual(expected);
  });

  it('are known names, no more than asked for, and the name itself first', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.string(), fc.nat(5), (known, wanted, most) => {
        const found = nearest(wanted, [...known, wanted], most);
        expect(found.length).toBeLessThanOrEqual(most);
        for (const name of found) expect([...known, wanted]).toContain(name);
        if (most > 0) expect(found[0]?.toLowerCase()).toBe(wanted.toLowerCase());
      }),
    );
  });

  it('come quickly from many long names', () => {
    const known = Array.from({ length: 10_000 }, (_, index) => `${'x'.repeat(1_000)} ${index}`);
    expect(nearest('x'.repeat(1_000), known)).toHaveLength(3);
  });
});
