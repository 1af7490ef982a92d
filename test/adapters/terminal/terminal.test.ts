import * as fc from 'fast-check';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';

import { createTerminal } from '../../../src/adapters/terminal/terminal.ts';
import { phrase, words } from '../../../src/domain/report/phrase.ts';
import type { Printout } from '../../../src/domain/report/printout.ts';
import { createValueMask } from '../../../src/domain/secrets/mask.ts';
import { hostile } from '../../domain/hostile.ts';

/** What is printed on streams that are no terminals. */
async function print(shown: Printout, format: 'text' | 'json', secrets: readonly string[] = []) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const terminal = createTerminal({ stdout, stderr, mask: createValueMask(secrets) });
  terminal.progress('Looking');
  await terminal.print(shown, format);
  expect(stderr.read()).toBeNull();
  return String(stdout.read());
}

function printout(text: string): Printout {
  return {
    isWell: false,
    outcome: phrase`It is ${text}.`,
    sections: [
      {
        title: undefined,
        lines: [
          { mark: 'well', label: 'one', text: words('fine'), remedy: undefined },
          { mark: 'failed', label: 'three', text: phrase`${text}`, remedy: phrase`Mend ${text}.` },
        ],
      },
    ],
    data: { text },
  };
}

describe('a printout', () => {
  it('has the outcome first, lines in columns, and each remedy below its line', async () => {
    expect(await print(printout('x'), 'text')).toBe(
      '✗ It is "x".\n\n✓ one    fine\n✗ three  x\n         → Mend "x".\n',
    );
  });

  it('is JSON for machines', async () => {
    expect(JSON.parse(await print(printout('x'), 'json'))).toEqual({
      ok: false,
      outcome: 'It is "x".',
      text: 'x',
    });
  });

  it('hides secrets in either form, and stays JSON', async () => {
    const secrets = ['a"b\\c-secret', '123456'];
    for (const secret of secrets) {
      const all = { ...printout(secret), data: { text: secret, deep: [{ secret }], number: 123456 } };
      expect(await print(all, 'text', secrets)).not.toContain(secret);
      const json = await print(all, 'json', secrets);
      expect(JSON.parse(json)).toMatchObject({
        text: '[hidden]',
        deep: [{ secret: '[hidden]' }],
        number: 123456,
      });
    }
  });

  it('lets no text steer the terminal or begin a line', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        const printed = await print(printout(text), 'text');
        expect(printed.split('\n')).toHaveLength(6);
        expect(printed.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/u);
      }),
    );
  });
});
