import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { textDiff } from '../../../../src/domain/pipeline/diff/text-diff.ts';
import { finished } from '../../finished.ts';

const diff = (before: string, after: string) => finished(textDiff(before, after));

describe('a secret is hidden in a diff', () => {
  const far = Array.from({ length: 30 }, (_, index) => `  # line ${index}`).join('\n');

  test('though its name stands many unchanged lines before it', () => {
    const script = (secret: string) => `passwords = [\n${far}\n  "${secret}",\n]\nprint(1)\n`;
    const shown = diff(script('S3cr3tOne'), script('S3cr3tTwo'));
    expect(shown.split('\n')).toEqual([
      '@@ -29,6 +29,6 @@',
      '   # line 27',
      '   # line 28',
      '   # line 29',
      '-  "[hidden]",',
      '+  "[hidden, changed]",',
      ' ]',
      ' print(1)',
    ]);
  });

  test('though only its name changed', () => {
    const shown = diff('password =\\\n  "S3cr3tVal"\n', 'display =\\\n  "S3cr3tVal"\n');
    expect(shown).not.toContain('S3cr3tVal');
  });

  test('and a change of it alone is seen', () => {
    expect(diff('select 1\nx = 1\npassword = "a1"\n', 'select 1\nx = 1\npassword = "b2"\n')).toBe(
      '@@ -1,3 +1,3 @@\n select 1\n x = 1\n-password = "[hidden]"\n+password = "[hidden, changed]"',
    );
  });
});

describe('the work of a comparison is bounded, and what is left out is told', () => {
  test('of a line of megabytes', () => {
    const shown = diff('select 1\n', `select 1\ntoken=${'A'.repeat(9_900_000)}\n`);
    expect(shown).toBe('@@ -1,1 +1,2 @@\n select 1\n+… (a line of 9900006 characters is not shown)');
  });

  test('of a line that is cut', () => {
    expect(diff('', 'x'.repeat(600))).toBe(`@@ -1,0 +1,1 @@\n+${'x'.repeat(500)}… (100 more characters)`);
  });

  test('of millions of lines, of which one was added', () => {
    const many = 'a\n'.repeat(3_000_000);
    const shown = diff(`${many}x\n${many}`, `${many}x\ny\n${many}`);
    expect(shown).toBe('@@ -2999999,6 +2999999,7 @@\n a\n a\n x\n+y\n a\n a\n a');
  });

  test.each([
    ['lines', (word: string) => `${word}\n`.repeat(100_000)],
    ['long lines', (word: string) => `${word.repeat(100)}\n`.repeat(1_000)],
  ])('of many %s, all different', (_, text) => {
    const shown = diff(text('one'), text('two')).split('\n');
    expect(shown.length).toBeLessThanOrEqual(401);
    expect(shown.filter((line) => line.endsWith('more lines'))).toHaveLength(2);
  });

  test('as many steps are taken for a text of 7 MiB as for one that is just too large', () => {
    const steps = (size: number) => {
      const work = textDiff('token="a"\n'.repeat(size), 'token="b"\n'.repeat(size));
      let count = 0;
      while (work.next().done !== true) count += 1;
      return count;
    };
    expect(steps(700_000)).toBe(steps(30_000));
  });
});

/** Makes the second text of the first and its diff with whole texts around. */
function applied(before: string, shown: string): string {
  const lines = before === '' ? [] : before.replace(/\n$/, '').split('\n');
  const result: string[] = [];
  let at = 0;
  for (const line of shown.split('\n')) {
    const head = /^@@ -(\d+),(\d+) \+\d+,\d+ @@$/.exec(line);
    if (head !== null) {
      while (at < Number(head[1]) - 1) result.push(lines[at++] ?? '');
    } else if (line.startsWith(' ')) result.push(lines[at++] ?? '');
    else if (line.startsWith('-')) at += 1;
    else if (line.startsWith('+')) result.push(line.slice(1));
  }
  return [...result, ...lines.slice(at)].map((line) => `${line}\n`).join('');
}

test('a diff, applied to the first text, gives the second', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', 'd', '', ' e'), { maxLength: 30 })
    .map((lines) => lines.map((line) => `${line}\n`).join(''));
  fc.assert(
    fc.property(text, text, (before, after) => {
      fc.pre(before !== after);
      expect(applied(before, diff(before, after))).toBe(after);
    }),
    { numRuns: 3_000 },
  );
});

test('the end of a text without a line break is told where it changed', () => {
  expect(diff('a\nb', 'a\nb\n')).toBe('@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b');
  expect(diff('a\nb', 'a\nc')).toBe('@@ -1,2 +1,2 @@\n a\n-b\n+c');
});
