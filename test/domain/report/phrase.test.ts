import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { joined, link, names, phrase, words } from '../../../src/domain/report/phrase.ts';
import { hostile } from '../hostile.ts';

describe('a phrase', () => {
  test('keeps our words and the data apart', () => {
    expect(phrase`Deployed ${'a'} to ${2}.`).toStrictEqual([
      'Deployed ',
      { code: 'a' },
      ' to ',
      { code: '2' },
      '.',
    ]);
  });

  test('takes other phrases as they are', () => {
    expect(phrase`A ${words('few')}: ${names(['a'])}`).toStrictEqual(['A ', 'few', ': ', { code: 'a' }]);
  });

  test('has no empty words', () => {
    expect(phrase`${'a'}`).toStrictEqual([{ code: 'a' }]);
    expect(phrase``).toStrictEqual([]);
  });

  test('is joined with our own words in between', () => {
    expect(joined([words('a'), phrase`${'b'}`, words('c')], ', ')).toStrictEqual([
      'a',
      ', ',
      { code: 'b' },
      ', ',
      'c',
    ]);
    expect(joined([], ', ')).toStrictEqual([]);
  });

  test('names ten things and counts the others', () => {
    const letters = 'abcdefghijkl'.split('');
    expect(names(letters.slice(0, 10))).toHaveLength(19);
    expect(names(letters).slice(-3)).toStrictEqual([', ', { code: 'j' }, ' and 2 more']);
    expect(names(letters, 1)).toStrictEqual([{ code: 'a' }, ' and 11 more']);
    expect(names([])).toStrictEqual([]);
  });

  test('links by a label', () => {
    expect(link('a\nb', 'https://a.example')).toStrictEqual([{ link: 'a b', url: 'https://a.example' }]);
  });
});

function cleaned(text: string): string {
  const [part] = phrase`${text}`;
  return typeof part === 'object' && 'code' in part ? part.code : '';
}

describe('data in a phrase', () => {
  test.each([
    ['customers', 'customers'],
    [' a  b ', 'a b'],
    ['a\r\n\tb', 'a b'],
    ['a\u0000b', 'a\uFFFDb'],
    ['a\u202Eb', 'a\uFFFDb'],
    ['a\u200Bb', 'a\uFFFDb'],
    ['a\uD800b', 'a\uFFFDb'],
    ['a\u2028b', 'a b'],
    ['', '(empty)'],
    [' \n', '(empty)'],
    ['x'.repeat(500), 'x'.repeat(500)],
    ['x'.repeat(501), `${'x'.repeat(500)}…`],
    [`${'x'.repeat(499)}😀`, `${'x'.repeat(499)}\uFFFD…`],
  ])('%j becomes %j', (text, clean) => {
    expect(cleaned(text)).toBe(clean);
  });

  test('is one visible, well-formed, bounded line, whatever it was', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const clean = cleaned(text);
        expect(clean).not.toBe('');
        expect(clean).toBe(clean.trim());
        expect(clean.isWellFormed()).toBe(true);
        expect(clean).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(clean.length).toBeLessThanOrEqual(501);
      }),
      { numRuns: 1_000 },
    );
  });

  test('that is clean stays as it is', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        fc.pre(text.length < 500);
        expect(cleaned(cleaned(text))).toBe(cleaned(text));
      }),
    );
  });
});
