import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { phrase, words } from '../../../src/domain/report/phrase.ts';
import { reportData } from '../../../src/domain/report/json.ts';
import { toTerminalText } from '../../../src/domain/report/text.ts';
import type { Report } from '../../../src/domain/report/report.ts';

const report: Report = {
  mood: 'partly',
  outcome: phrase`Deployed to ${'PIN QA'}.`,
  table: {
    head: ['Pipeline', 'Result', ''],
    rows: [[phrase`${'orders'}`, words('created'), phrase`${'x'} and y`]],
  },
  remedies: [phrase`Look at ${'orders'}.`],
  facts: [words('1 s')],
};

describe('a report for programs', () => {
  test('has its rows by the names of the columns', () => {
    expect(reportData(report)).toEqual({
      mood: 'partly',
      outcome: 'Deployed to "PIN QA".',
      rows: [{ pipeline: 'orders', result: 'created', 'column 3': '"x" and y' }],
      remedies: ['Look at "orders".'],
      details: [],
      facts: ['1 s'],
    });
  });

  test('has lists, also where there is nothing in them', () => {
    const bare = { ...report, table: undefined, remedies: [], facts: [] };
    expect(reportData(bare)).toMatchObject({ rows: [], remedies: [], facts: [] });
  });

  test('leaves no row out, however many there are', () => {
    const rows = Array.from({ length: 3_000 }, (_, index) => [phrase`${String(index)}`]);
    expect(reportData({ ...report, table: { head: ['Pipeline'], rows } }).rows).toHaveLength(3_000);
  });
});

describe('a report at a terminal', () => {
  test('begins with the icon and the outcome', () => {
    expect(toTerminalText(report)).toMatch(/^⚠️ Deployed to "PIN QA"\.\n\n- orders – created/);
  });

  test('holds no control character of what is quoted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const text = toTerminalText({ ...report, outcome: phrase`It is ${name}.` });
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }),
      { examples: [['\u001B[2J\u001B]0;owned\u0007'], ['\u202Egnp']] },
    );
  });
});
