import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { misunderstoodReport } from '../../../src/domain/commands/help-report.ts';
import { commandLines } from '../../../src/domain/commands/find-commands.ts';
import { commandTable, usageOf, verbs } from '../../../src/domain/commands/command-table.ts';
import { quoted, wordsOf } from '../../../src/domain/commands/tokenize.ts';
import { parseCommand, rightOf } from '../../../src/domain/commands/parse-command.ts';
import { toComment } from '../../../src/domain/report/markdown.ts';

describe('the lines of a comment that are commands', () => {
  test.each<readonly [string, readonly string[]]>([
    ['hello\n/aic deploy "a_b*c*" force\nthen', ['/aic deploy "a_b*c*" force']],
    ['/AIC', ['/AIC']],
    ['/aic status\r\n/aic plan', ['/aic status', '/aic plan']],
    ['   /aic status', ['/aic status']],
    ['/aic status\n---\nregards', ['/aic status']],
    ['> /aic status', []],
    ['> quoted\n/aic status', []],
    ['>>>\n/aic deploy\n>>>\n/aic status', ['/aic status']],
    ['```\n/aic deploy\n```\n/aic status', ['/aic status']],
    ['````\n```\n/aic deploy\n````', []],
    ['~~~\n/aic deploy', []],
    ['    /aic status', []],
    ['a `x\n/aic status` b', []],
    ['<!-- \n/aic status\n-->', []],
    ['<div>\n/aic status\n</div>', []],
    ['- /aic status', []],
    ['---\n/aic deploy\n---\n/aic status', ['/aic status']],
    ['/aiccident', []],
    ['please /aic status', []],
  ])('%j has %j', (comment, lines) => {
    expect(commandLines(comment)).toEqual(lines);
  });

  test('are found, or not, in any text', () => {
    const piece = fc.constantFrom('/aic x', '> ', '```', '\n', '>>>', '`', '- ', '<', '    ', '---', 'a');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        for (const line of commandLines(pieces.join(''))) expect(line).toMatch(/^\/aic/i);
      }),
    );
  });

  test('are found without much ado in a comment that is made to be slow', () => {
    for (const piece of ['> ', '[', '<', '`a` ', '- ', '=\n', '* - \n', '- >>>\n']) {
      expect(commandLines(`${piece.repeat(1_000_000 / piece.length)}\n\n/aic help`)).toEqual([]);
    }
  });
});

describe('the words of a command', () => {
  test('in quotation marks are what was quoted', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
        const words = wordsOf(texts.map(quoted).join(' '));
        expect(words).toMatchObject({ ok: true, value: texts.map((text) => ({ text, quoted: true })) });
      }),
    );
  });

  test.each([
    ['“daily load”', 'daily load'],
    ['„daily load“', 'daily load'],
    ["'it is'", 'it is'],
    ['"a \\"b\\" \\\\"', 'a "b" \\'],
    ['weird|name', 'weird|name'],
    ['a\u200Bb', 'ab'],
  ])('%s is %j', (written, text) => {
    expect(wordsOf(written)).toMatchObject({ ok: true, value: [{ text }] });
  });
});

describe('a command', () => {
  test('has its names, options and words', () => {
    expect(parseCommand('/aic DEPLOY "a b" c c Force reason="why not"')).toEqual({
      ok: true,
      value: {
        verb: 'deploy',
        subject: undefined,
        pipelines: ['a b', 'c'],
        options: { reason: 'why not' },
        words: new Set(['force']),
      },
    });
  });

  test('alone means help', () => {
    expect(parseCommand('/aic')).toMatchObject({ ok: true, value: { verb: 'help' } });
  });

  test.each(['/aic\u200Bdeploy "a b"', '/AIC\u200B deploy "a b"', '/aic\u200B\u200Bdeploy "a b"'])(
    'may follow a mark of no width: %j',
    (comment) => {
      const [line = ''] = commandLines(comment);
      expect(parseCommand(line)).toMatchObject({ ok: true, value: { verb: 'deploy', pipelines: ['a b'] } });
    },
  );

  test('in quotation marks a word is a name', () => {
    expect(parseCommand('/aic deploy "force"')).toMatchObject({
      ok: true,
      value: { pipelines: ['force'], words: new Set() },
    });
  });

  test('with force needs the right to force', () => {
    const command = parseCommand('/aic push branch=main force');
    expect(command.ok && rightOf(command.value)).toBe('force');
  });

  test.each([
    ['/aic deplyo', 'there is no command `deplyo`'],
    ['/aic help nothing', '`help` knows no verb `nothing`'],
    ['/aic deploy brunch=x', '`deploy` knows no `brunch=`'],
    ['/aic status now', '`status` does not know what to do with `now`'],
    ['/aic deploy branch=', '`branch=` has no value'],
    ['/aic deploy branch=a branch=b', '`branch=` is given twice'],
    ['/aic deploy "a', 'a quotation mark is opened and not closed: `"a`'],
    ['/aic deploy ""', 'two quotation marks of `deploy` have no name between them'],
  ])('%s is answered with what is wrong', (line, problem) => {
    const command = parseCommand(line);
    expect(command.ok ? '' : toComment(misunderstoodReport(command.failure))).toContain(problem);
  });

  test('is read or refused, whatever is written', () => {
    const piece = fc.oneof(
      fc.constantFrom(...verbs, 'force', '=', '"', "'", '\\', 'branch=', ' '),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const command = parseCommand(`/aic ${pieces.join(' ')}`);
        if (!command.ok)
          expect(toComment(misunderstoodReport(command.failure))).toContain('Nothing was done');
      }),
    );
  });

  test.each(verbs.flatMap((verb) => commandTable[verb].examples))(
    'of the examples, %s is right',
    (example) => {
      expect(parseCommand(example).ok).toBe(true);
    },
  );

  test('is written as its usage says', () => {
    expect(usageOf('deploy')).toBe('/aic deploy [pipeline…] [force] [branch=…] [reason="…"]');
  });
});
