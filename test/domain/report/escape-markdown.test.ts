import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { inert } from '../../../src/domain/report/escape-markdown.ts';
import { hostile } from '../hostile.ts';

const mark = '\u2060';

describe('an inert text', () => {
  test.each([
    ['daily load', 'daily load'],
    ['Größe 名前', 'Größe 名前'],
    ['Fixes #3', `Fixes #${mark}3`],
    ['@all', `@${mark}all`],
    ['a/b!5', `a/b!${mark}5`],
    ['Closes https://gitlab.example/a/-/issues/3', `Closes https:${mark}//gitlab.example/a/-/issues/3`],
    ['[skip ci]', `[${mark}skip ci]`],
    ['a\n\n/close\u0000b', 'a /close b'],
    ['a\uD800', 'a\uFFFD'],
    ['  ', ''],
  ])('of %j is %j', (text, made) => {
    expect(inert(text)).toBe(made);
  });

  test('is one short well-formed line in which no sign leads anywhere, and which reads as it was', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const made = inert(text);
        expect(made).not.toMatch(/[\n\r\u2028\u2029\p{Cc}]/u);
        expect(made.isWellFormed()).toBe(true);
        expect(made).not.toMatch(/[@#!$&%~[](?!\u2060)|:\/\//);
        const read = made.replaceAll(mark, '');
        expect(read.length).toBeLessThanOrEqual(101);
        const whole = text
          .toWellFormed()
          .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
          .trim();
        expect(read === whole || read.endsWith('…')).toBe(true);
      }),
    );
  });
});
