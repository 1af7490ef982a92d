import { describe, expect, test } from 'vitest';

import { commandDocs } from '../../../src/domain/commands/reference-docs.ts';
import { commandTable, usageOf, verbs } from '../../../src/domain/commands/command-table.ts';

describe('the reference of the commands', () => {
  const sections = commandDocs().split('\n## ').slice(1);

  test('has a section for each command, in the order of the help', () => {
    expect(sections.map((section) => section.split('\n')[0])).toEqual(verbs);
  });

  test.each(verbs.map((verb, index) => [verb, index] as const))(
    'tells all that is known of %s',
    (verb, index) => {
      const section = sections[index] ?? '';
      const { summary, details, examples } = commandTable[verb];
      expect(section).toContain(`\`${usageOf(verb)}\` ${summary}.`);
      for (const text of [...details, ...examples]) expect(section).toContain(text);
    },
  );

  test('says who may give a command, also with force', () => {
    const whoOf = (verb: string) =>
      sections.find((section) => section.startsWith(`${verb}\n`))?.match(/^Who: .*$/m)?.[0];
    expect(whoOf('help')).toBe('Who: every member.');
    expect(whoOf('plan')).toBe('Who: `developer` and up (right `plan`).');
    expect(whoOf('deploy')).toBe(
      'Who: `maintainer` and up (right `deploy`); with `force`: `maintainer` and up (right `force`).',
    );
  });
});
