import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { commitSha, isCommitSha } from '../../../src/domain/shared/ids.ts';

const hex = (length: number) =>
  fc
    .array(fc.nat(15), { minLength: length, maxLength: length })
    .map((digits) => digits.map((digit) => digit.toString(16)).join(''));

describe('a SHA', () => {
  test('is 40 or 64 lower-case hex digits', () => {
    fc.assert(
      fc.property(fc.oneof(hex(40), hex(64)), (text) => {
        fc.pre(!/^0+$/.test(text));
        expect(commitSha(text)).toBe(text);
      }),
    );
  });

  test.each([
    ['no commit', '0'.repeat(40)],
    ['no commit, in SHA-256', '0'.repeat(64)],
    ['too short', 'a'.repeat(39)],
    ['between the two lengths', 'a'.repeat(50)],
    ['in capitals', 'A'.repeat(40)],
    ['a branch', 'main'],
    ['with a line end', `${'a'.repeat(40)}\n`],
    ['nothing', ''],
  ])('is not %s', (_, text) => {
    expect(commitSha(text)).toBeUndefined();
    expect(isCommitSha(text)).toBe(false);
  });
});
