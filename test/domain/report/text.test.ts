import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { phrase } from '../../../src/domain/report/phrase.ts';
import { plain, toMailText } from '../../../src/domain/report/text.ts';
import { hostileTexts, mailIn, samples, samplesWithNames, tamed } from '../hostile.ts';

test('the text of a mail holds each name', () => {
  fc.assert(
    fc.property(fc.constantFrom(...samplesWithNames), hostileTexts, (sample, texts) => {
      const mail = mailIn(sample(texts));
      if (mail === undefined) return;
      const lines = mail.text.split('\n').filter((line) => line.startsWith('- '));
      for (const name of texts.names) {
        expect(lines.some((line) => line.startsWith(`- ${plain(phrase`${name}`)} – `))).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test('the text of a mail has the same lines whatever the data is', () => {
  fc.assert(
    fc.property(fc.constantFrom(...samples), hostileTexts, (sample, texts) => {
      const lines = (text: string | undefined) => text?.split(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/).length;
      expect(lines(mailIn(sample(texts))?.text)).toBe(lines(mailIn(sample(tamed(texts)))?.text));
    }),
    { numRuns: 300 },
  );
});

test('the text of a mail looks like this', () => {
  expect(
    toMailText({
      mood: 'failed',
      outcome: phrase`Deployed nothing to ${'QA'}: 1 failed`,
      table: {
        head: ['Pipeline', 'Result', 'Details'],
        rows: [
          [phrase`${'a'}`, ['failed'], phrase`It broke.`],
          [phrase`${'b'}`, ['unchanged'], []],
        ],
      },
      remedies: [phrase`Just wait.`],
      facts: [phrase`branch ${'main'}`, ['commit ', { link: 'cc000001', url: 'https://gitlab.example/c' }]],
    }),
  ).toMatchInlineSnapshot(`
    "Deployed nothing to "QA": 1 failed

    - a – failed – It broke.
    - b – unchanged

    What to do:
    - Just wait.

    branch "main"
    commit cc000001 (https://gitlab.example/c)
    "
  `);
});

test('the text of a mail without rows and remedies has no empty blocks', () => {
  const report = {
    mood: 'done',
    outcome: phrase`Done.`,
    table: undefined,
    remedies: [],
    facts: [phrase`a`, phrase`b`],
  } as const;
  expect(toMailText(report)).toBe('Done.\n\na\nb\n');
});

test('the text of a mail says how many rows are left out', () => {
  const rows = Array.from({ length: 2_002 }, (_, index) => [phrase`${`p${index}`}`]);
  const report = {
    mood: 'done',
    outcome: phrase`Done.`,
    table: { head: ['Pipeline'], rows },
    remedies: [],
    facts: [],
  } as const;
  expect(toMailText(report)).toContain('\n- p1999\n2 further rows are not shown.\n');
});
