import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { FreezeWindow } from '../../../src/domain/mapping/freeze-window.ts';
import { plain } from '../../../src/domain/report/text.ts';
import { parseMapping } from '../../../src/domain/mapping/parse-mapping.ts';
import {
  accessLevelNames,
  directPushes,
  embedModes,
  requirements,
  rightNames,
  roleNames,
  type Mapping,
} from '../../../src/domain/mapping/mapping.ts';

const full = `# who owns what
mapping:
  main: PIN FUSION 2.0
  develop: "PIN FUSION 2.0 QA"
  sandbox: PIN FUSION 2.0 DEV
  team-a/*: PIN TEAM A
also: [PIN FUSION 2.0 INTG, ' PIN LAB ']
aic:
  project: PIN ANALYTICS
roles: { production: main, qa: develop, sandbox: sandbox }
workspaces:
  PIN FUSION 2.0 QA:
    environment: qa
    drift: block
    variables: { QA: True, "1.0": 2.50 }
    notify: [qa-leads@example.com]
    require: [approved, no_unresolved]
    freeze: ["Fri 16:00 - Mon 07:00 America/Toronto"]
permissions: { plan: developer, deploy: maintainer, force: owner, push: developer, promote: developer, rollback: maintainer }
embed: auto
direct_push: ignore
`;

/** The mistakes as `line: problem → remedy`. */
function mistakesIn(text: string): readonly string[] {
  const parsed = parseMapping(text);
  return parsed.ok
    ? []
    : parsed.failure.map(({ line, problem, remedy }) => `${line}: ${plain(problem)} → ${plain(remedy)}`);
}

const valid = 'mapping:\n  main: A\n  develop: B\n';

describe('a mapping file', () => {
  it('is read whole', () => {
    expect(parseMapping(full)).toEqual({
      ok: true,
      value: {
        exact: new Map([
          ['main', 'PIN FUSION 2.0'],
          ['develop', 'PIN FUSION 2.0 QA'],
          ['sandbox', 'PIN FUSION 2.0 DEV'],
        ]),
        prefixes: new Map([['team-a/*', 'PIN TEAM A']]),
        also: ['PIN FUSION 2.0 INTG', 'PIN LAB'],
        aicProject: 'PIN ANALYTICS',
        roles: { production: 'main', qa: 'develop', sandbox: 'sandbox' },
        workspaces: new Map([
          [
            'PIN FUSION 2.0 QA',
            {
              environment: 'qa',
              drift: 'block',
              variables: new Map([
                ['QA', 'True'],
                ['1.0', '2.50'],
              ]),
              notify: ['qa-leads@example.com'],
              require: ['approved', 'no_unresolved'],
              freeze: [
                {
                  from: { day: 5, minute: 16 * 60 },
                  to: { day: 1, minute: 7 * 60 },
                  zone: 'America/Toronto',
                },
              ],
            },
          ],
        ]),
        permissions: {
          plan: 'developer',
          deploy: 'maintainer',
          force: 'owner',
          push: 'developer',
          promote: 'developer',
          rollback: 'maintainer',
        },
        directPush: 'ignore',
        embed: 'auto',
      },
    });
  });

  it('may be as short as the Python library’s', () => {
    expect(mistakesIn('mapping:\n  main: A\n')).toEqual([]);
  });

  it('may have a byte-order mark and lines as Windows ends them', () => {
    expect(parseMapping(`\uFEFF${full.replaceAll('\n', '\r\n')}`)).toEqual(parseMapping(full));
  });
});

describe('a key of the mapping', () => {
  it.each(['team-a/*', 'a./*', '@/*', 'team-a/deep/*', 'ünï/*', 'v1.0', 'a@b', 'a-/-b'])(
    'may be %s',
    (key) => {
      expect(mistakesIn(`mapping:\n  "${key}": A\n`)).toEqual([]);
    },
  );

  it('shares its workspace with no other, a prefix neither', () => {
    const remedy =
      'Give each branch, or each prefix, a workspace of its own, or remove one of the two lines.';
    expect(mistakesIn('mapping:\n  main: A\n  team-a/*: A\n  team-b/*: B\n  team-c/*: B\n')).toEqual([
      `3: The workspace "A" belongs to "main" (line 2) and to "team-a/*". → ${remedy}`,
      `5: The workspace "B" belongs to "team-b/*" (line 4) and to "team-c/*". → ${remedy}`,
    ]);
  });
});

describe('a mistake in a mapping file is told with its line:', () => {
  it.each([
    [
      '',
      [
        '1: There is no mapping of branches to workspaces. → Add a line for each branch, such as "main: WORKSPACE NAME", below "mapping:".',
      ],
    ],
    ['# nothing yet\n', [expect.stringContaining('1: There is no mapping of branches')]],
    ['mapping:\n', [expect.stringContaining('1: There is no mapping of branches')]],
    ['aic: { project: P }\n\nmapping: {}\n', [expect.stringContaining('3: There is no mapping')]],
    [
      'mapping: main\n',
      [
        '1: Keys with values are expected in "mapping". → Write it as lines such as "main: WORKSPACE NAME", or remove it.',
      ],
    ],
    [
      '- a\n',
      [
        '1: Keys with values are expected in the file. → Write it as lines such as "mapping: { main: WORKSPACE NAME }", or remove it.',
      ],
    ],
    [
      `${valid}workspaces:\n  A:\n`,
      [
        '5: Keys with values are expected in the workspace "A". → Write it as lines such as "environment: qa", or remove it.',
      ],
    ],
    [`${valid}roles: [main]\n`, [expect.stringContaining('4: Keys with values are expected in "roles".')]],
    [
      'mapping:\n  main: A\n  develop: B\n  other: A\n',
      [
        '4: The workspace "A" belongs to "main" (line 2) and to "other". → Give each branch, or each prefix, a workspace of its own, or remove one of the two lines.',
      ],
    ],
    [
      `${valid}also: PIN LAB\n`,
      ['4: "also" must be a list of workspaces. → Write it as in "also: [WORKSPACE NAME]".'],
    ],
    [
      `${valid}also: [LAB, '', { a: b }]\n`,
      Array(2).fill(expect.stringContaining('4: A workspace must be a name')),
    ],
    [`${valid}also: [LAB]\nworkspaces: { LAB: { environment: qa } }\n`, []],
    [`${valid}  main: C\n`, ['4: "main" is here a second time; the first is on line 2. → Keep one of them.']],
    [
      `${valid}  te*m: C\n`,
      [
        '4: "te*m" is no pattern that is understood. → Write the whole name of a branch, or a prefix with "/*" at its end, such as "team-a/*".',
      ],
    ],
    [`${valid}  "*": C\n`, [expect.stringContaining('4: "*" is no pattern')]],
    [
      `${valid}  "a..b": C\n`,
      [
        '4: "a..b" cannot be the name of a branch. → Write the name as GitLab shows it, such as "main" or "team-a/nightly".',
      ],
    ],
    [`${valid}  "-x": C\n`, [expect.stringContaining('"-x" cannot be')]],
    [`${valid}  "a b": C\n`, [expect.stringContaining('"a b" cannot be')]],
    [`${valid}  "/x": C\n`, [expect.stringContaining('"/x" cannot be')]],
    [`${valid}  /*: C\n`, [expect.stringContaining('"/*" cannot be')]],
    [`${valid}  x.lock/*: C\n`, [expect.stringContaining('"x.lock/*" cannot be')]],
    [`${valid}  "": C\n`, [expect.stringContaining('cannot be the name of a branch')]],
    [
      `${valid}  x: ${'C'.repeat(256)}\n`,
      [expect.stringContaining('4: The workspace of "x" must be a name')],
    ],
    [`${valid}  x: "C\\0"\n`, [expect.stringContaining('4: The workspace of "x" must be a name')]],
    [
      `${valid}  ? [x]\n  : C\n`,
      ['4: A key must be a text. → Put it in quotes, such as ""[main]"", or remove it.'],
    ],
    [
      `${valid}  x: "\\uD83D"\n`,
      [
        '4: The text holds half a character. → Write the character itself instead of an escape such as "\\uD83D".',
      ],
    ],
    [`${valid}__proto__: { a: b }\n`, [expect.stringContaining('4: "__proto__" is not known in the file.')]],
    [
      `${valid}  x:\n`,
      [
        '4: The workspace of "x" must be a name on one line, of up to 255 characters. → Write the name after the colon, in quotes if it holds ":" or "#".',
      ],
    ],
    [`${valid}  x: [C]\n`, [expect.stringContaining('4: The workspace of "x" must be a name')]],
    [`${valid}maping: {}\n`, ['4: "maping" is not known in the file. → Did you mean "mapping"?']],
    [`${valid}aic: { projekt: P }\n`, ['4: "projekt" is not known in "aic". → Did you mean "project"?']],
    [
      `${valid}roles: { qa: devlop }\n`,
      ['4: The branch "devlop" is not in the mapping. → Did you mean "develop"?'],
    ],
    [
      `${valid}roles: { test: main }\n`,
      ['4: "test" is not known in "roles". → Use one of: "production", "qa", "sandbox".'],
    ],
    [
      `${valid}workspaces:\n  C: {}\n`,
      [expect.stringContaining('5: The workspace "C" is not in the mapping.')],
    ],
    [
      `${valid}workspaces:\n  A: { drift: maybe }\n`,
      ['5: "drift" cannot be "maybe". → Write one of: "block", "overwrite".'],
    ],
    [
      `${valid}workspaces:\n  A: { environment: [qa] }\n`,
      ['5: "environment" must be a single word. → Write one of: "prod", "qa".'],
    ],
    [
      `${valid}workspaces:\n  A: { notify: someone }\n`,
      ['5: "notify" must be a list of mail addresses. → Write it as in "notify: [qa-leads@example.com]".'],
    ],
    [
      `${valid}workspaces:\n  A:\n    notify:\n      - a@b.c\n      - someone\n`,
      ['8: "someone" is not a mail address. → Write it as in "notify: [qa-leads@example.com]".'],
    ],
    [
      `${valid}workspaces:\n  A: { require: [approve] }\n`,
      [
        '5: "approve" is nothing that can be required. → Use some of: "approved", "pipeline", "no_unresolved".',
      ],
    ],
    [
      `${valid}workspaces:\n  A:\n    freeze:\n      - Fri 25:00 - Mon 07:00\n      - Fri 16:00 - Mon 07:00 Mars/Base\n      - [x]\n`,
      [
        '"Fri 25:00 - Mon 07:00" is no part of a week.',
        '"Mars/Base" is no time zone.',
        'This is no part of a week.',
      ].map(
        (problem, index) =>
          `${7 + index}: ${problem} → Write each as in "freeze: ["Fri 16:00 - Mon 07:00 America/Toronto"]", with a time zone of the IANA database, such as "Europe/Paris".`,
      ),
    ],
    [
      `${valid}workspaces:\n  A: { freeze: ["Mon 00:00 - Fri 12:00", "Thu 00:00 - Mon 00:00"] }\n`,
      ['5: "freeze" leaves no time to deploy in. → Shorten the windows or remove one of them.'],
    ],
    [`${valid}embed: always\n`, ['4: "embed" cannot be "always". → Write one of: "command", "auto".']],
    [
      `${valid}workspaces:\n  A: { variables: { QA: [1] } }\n`,
      ['5: The value of the variable "QA" must be a text. → Write it as in "QA: "True"".'],
    ],
    [
      `${valid}permissions: { deploy: everybody }\n`,
      [expect.stringContaining('4: "deploy" cannot be "everybody".')],
    ],
    [
      `${valid}permissions: { deplyo: owner }\n`,
      ['4: "deplyo" is not known in "permissions". → Did you mean "deploy"?'],
    ],
    [
      `${valid}direct_push: yes\n`,
      ['4: "direct_push" cannot be "yes". → Write one of: "report", "deploy", "ignore".'],
    ],
    ['mapping:\n\tmain: A\n', [expect.stringMatching(/^2: This is not valid YAML: .* → Correct the line/)]],
    ['mapping: &a\n  main: A\nroles: *a\n', ['3: Aliases are not followed. → Write out what it stands for.']],
    [
      'mapping:\n  main: !!str A\n',
      ['2: Tags have no meaning here. → Remove the word that begins with "!".'],
    ],
    [
      `${valid}---\n${valid}`,
      ['4: The file holds several documents. → Keep one, and remove the line "---" or "..." between them.'],
    ],
    [`---\n${valid}...\n# more\n--- a\n`, [expect.stringContaining('5: The file holds several documents.')]],
    [`\uFEFF---\r\nmapping: { main: A }\r\n---\r\n`, [expect.stringContaining('3: The file holds several')]],
    [
      `mapping:\n  main: A\n#${'x'.repeat(128 * 1024)}`,
      ['1: The file is larger than 128 KiB. → Keep only the mapping in it.'],
    ],
    ['['.repeat(100_000), [expect.stringContaining('1: This is not valid YAML')]],
  ])('%j', (text, expected) => {
    expect(mistakesIn(text)).toEqual(expected);
  });

  it.each(['a;b@c.d', 'x:y@z.d', 'a@b.c, d@e.f', 'A <a@b.c>', 'a@b.c(x)', String.raw`a\0@b.c`, ''])(
    '%j is not one mail address',
    (address) => {
      const text = `${valid}workspaces: { A: { notify: ["${address}"] } }\n`;
      expect(mistakesIn(text)).toEqual([expect.stringContaining('is not a mail address.')]);
    },
  );

  it('and for the form of the file and for its meaning together', () => {
    const text = `${valid}  main: C\n  x: *a\nroles: { qa: devlop }\n`.replace('A', '&a A');
    expect(mistakesIn(text).map((mistake) => mistake.slice(0, 20))).toEqual([
      '4: "main" is here a ',
      '5: Aliases are not f',
      '6: The branch "devlo',
    ]);
  });

  it('once: what refers to a mistaken line is no second mistake', () => {
    const text = `${valid}  x: [C]\n  a b: D\nroles: { qa: x }\nworkspaces: { D: { drift: block } }\n`;
    expect(mistakesIn(text).map((mistake) => mistake.slice(0, 2))).toEqual(['4:', '5:']);
    expect(mistakesIn('roles: { qa: x }\nworkspaces: { D: {} }\n')).toHaveLength(1);
  });

  it('a hundred of them, quickly, though there are thousands, and how many more there are', () => {
    const each = (line: (index: number) => string) =>
      Array.from({ length: 2_000 }, (_, index) => line(index)).join('');
    const mapping = each((index) => `  branch-${index}: workspace ${index}\n`);
    const unknown = each((index) => `  workspaze ${index}: {}\n`);
    expect(mistakesIn(`mapping:\n${mapping}workspaces:\n${unknown}`)).toHaveLength(101);
  });

  it('all of them together, in the order of the lines', () => {
    const text = 'direct_push: x\nmapping:\n  main: A\n  other: A\nroles: { qa: nowhere }\n';
    expect(mistakesIn(text).map((mistake) => mistake.slice(0, 2))).toEqual(['1:', '4:', '5:']);
  });
});

describe('reading a mapping file', () => {
  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseMapping(text)));
  });

  it('never throws on what looks like YAML', () => {
    const marks = [
      '\n',
      '\r\n',
      ' ',
      '  ',
      ': ',
      '- ',
      '? ',
      '# ',
      '---',
      '...',
      '|',
      '>-',
      '&a',
      '*a',
      '!!str ',
      '<<',
    ];
    const more = [
      '[',
      ']',
      '{',
      '}',
      ', ',
      '"',
      "'",
      '\\',
      '\\UFFFFFFFF',
      '%TAG',
      'mapping',
      'main',
      'A',
      '\t',
      '\uFEFF',
    ];
    const unit = fc.constantFrom(...marks, ...more);
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 40 }), (text) => void parseMapping(text)),
      { numRuns: 2_000 },
    );
  });

  it('never throws on a file that was damaged', () => {
    const damage = fc.tuple(fc.nat(full.length), fc.nat(20), fc.string({ maxLength: 5 }));
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
        let text = full;
        for (const [at, length, instead] of damages)
          text = text.slice(0, at) + instead + text.slice(at + length);
        const parsed = parseMapping(text);
        if (parsed.ok) return;
        const lines = text.split(/\r\n?|\n/).length;
        for (const { line } of parsed.failure) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines + 1);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives back what was written', () => {
    fc.assert(
      fc.property(mappings, (mapping) => {
        expect(parseMapping(written(mapping))).toEqual({ ok: true, value: mapping });
      }),
    );
  });
});

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 50 })
  .filter((text) => text === text.trim() && text !== '' && !/\p{Cc}/u.test(text));
const branch = fc.stringMatching(/^[a-z][a-z0-9]{0,9}(\/[a-z0-9]{1,5})?$/);
const options = fc.record({
  environment: fc.constantFrom('prod', 'qa'),
  drift: fc.constantFrom('block', 'overwrite'),
  variables: fc
    .array(fc.tuple(name, fc.string({ unit: 'binary' })))
    .map((entries) => new Map<string, string>(entries)),
  notify: fc.array(fc.stringMatching(/^[a-z.]{1,9}@[a-z]{1,9}\.org$/)),
  require: fc.subarray([...requirements]),
  freeze: fc.array(
    fc.record({
      from: fc.record({ day: fc.constant(5), minute: fc.integer({ min: 0, max: 1440 }) }),
      to: fc.record({ day: fc.constant(7), minute: fc.integer({ min: 0, max: 1440 }) }),
      zone: fc.constantFrom('UTC', 'America/Toronto', 'Europe/Paris'),
    }),
    { maxLength: 2 },
  ),
});
const level = fc.constantFrom(...accessLevelNames);

const mappings: fc.Arbitrary<Mapping> = fc
  .uniqueArray(fc.tuple(branch, name), {
    minLength: 1,
    comparator: ([one, first], [other, second]) => one === other || first === second,
  })
  .chain((exact) => {
    const branches = fc.constantFrom(...exact.map(([key]) => key));
    const workspaces = fc.constantFrom(...exact.map(([, workspace]) => workspace));
    const taken = new Set(exact.map(([, workspace]) => workspace));
    return fc.record({
      exact: fc.constant(new Map(exact)),
      prefixes: fc
        .uniqueArray(fc.tuple(branch, name), {
          comparator: ([one, first], [other, second]) => one === other || first === second,
        })
        .map((entries) => entries.filter(([, workspace]) => !taken.has(workspace)))
        .map((entries) => new Map(entries.map(([key, workspace]) => [`${key}/*`, workspace] as const))),
      also: fc.array(name),
      aicProject: fc.option(name, { nil: undefined }),
      roles: fc.record({ production: branches, qa: branches, sandbox: branches }),
      workspaces: fc.array(fc.tuple(workspaces, options)).map((entries) => new Map(entries)),
      permissions: fc.record({
        plan: level,
        deploy: level,
        force: level,
        push: level,
        promote: level,
        rollback: level,
      }),
      directPush: fc.constantFrom(...directPushes),
      embed: fc.constantFrom(...embedModes),
    });
  });

/** The mapping as a file. */
function written(mapping: Mapping): string {
  const text = JSON.stringify;
  const fields = (map: ReadonlyMap<string, string>) =>
    [...map].map(([key, value]) => `${text(key)}: ${text(value)}`);
  return [
    'mapping:',
    ...fields(mapping.exact).map((line) => `  ${line}`),
    ...fields(mapping.prefixes).map((line) => `  ${line}`),
    `also: ${text(mapping.also)}`,
    ...(mapping.aicProject === undefined ? [] : [`aic: { project: ${text(mapping.aicProject)} }`]),
    'roles:',
    ...roleNames.map((role) => `  ${role}: ${mapping.roles[role]}`),
    `workspaces: {${[...mapping.workspaces]
      .map(([workspace, { environment, drift, variables, notify, require, freeze }]) => {
        const values = `{${fields(variables).join(', ')}}`;
        return `${text(workspace)}: { environment: ${environment}, drift: ${drift}, variables: ${values}, notify: ${text(notify)}, require: ${text(require)}, freeze: ${text(freeze.map(window))} }`;
      })
      .join(', ')}}`,
    'permissions:',
    ...rightNames.map((right) => `  ${right}: ${mapping.permissions[right]}`),
    `direct_push: ${mapping.directPush}`,
    `embed: ${mapping.embed}`,
    '',
  ].join('\n');
}

function window({ from, to, zone }: FreezeWindow): string {
  const time = (minute: number) => `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}`;
  return `Fri ${time(from.minute)} - Sun ${time(to.minute)} ${zone}`;
}

it('more freeze windows than can be looked at are a mistake, whatever the number of workspaces', () => {
  const late = (minute: number) =>
    `"Wed ${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')} - Wed 23:59"`;
  const windows = Array.from({ length: 60 }, (_, minute) => late(minute)).join(', ');
  const parsed = parseMapping(
    `mapping: { main: A, develop: B }\nworkspaces:\n  A: { freeze: [${windows}] }\n  B: { freeze: [${windows}] }\n`,
  );
  expect(parsed.ok ? [] : parsed.failure).toMatchObject([{ line: 4 }]);
  expect(JSON.stringify(parsed)).toContain('too many windows');
});
