import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { plain } from '../../src/domain/report-text.ts';
import { parseMapping } from '../../src/domain/mapping-file.ts';

const full = `# who owns what
mapping:
  main: PIN FUSION 2.0
  develop: "PIN FUSION 2.0 QA"
  sandbox: PIN FUSION 2.0 DEV
  team-a/*: PIN TEAM A
aic:
  project: PIN ANALYTICS
roles: { production: main, qa: develop, sandbox: sandbox }
workspaces:
  PIN FUSION 2.0 QA:
    environment: qa
    drift: block
    variables: { QA: True, "1.0": 2.50 }
    notify: [qa-leads@example.com]
permissions: { plan: developer, deploy: maintainer, force: owner, push: developer, promote: developer, rollback: maintainer }
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

describe('a mistake in a mapping file is told with its line:', () => {
  it.each([
    [
      '',
      [
        '1: There is no mapping of branches to workspaces. → Add a line for each branch, such as "main: WORKSPACE NAME", below "mapping:".',
      ],
    ],
    ['mapping:\n', ['1: Keys with values are expected in "mapping". → Write it as lines of "key: value".']],
    [
      '- a\n',
      expect.arrayContaining([
        '1: Keys with values are expected in the file. → Write it as lines of "key: value".',
      ]),
    ],
    [
      'mapping:\n  main: A\n  develop: B\n  other: A\n',
      [
        '4: The workspace "A" belongs to "main" (line 2) and to "other". → Give each branch a workspace of its own, or remove one of the two lines.',
      ],
    ],
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
      ['4: "a..b" cannot be the name of a branch. → Write the name as GitLab shows it.'],
    ],
    [`${valid}  "-x": C\n`, [expect.stringContaining('"-x" cannot be')]],
    [`${valid}  "a b": C\n`, [expect.stringContaining('"a b" cannot be')]],
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
    [`${valid}---\n${valid}`, [expect.stringContaining('The file holds several documents.')]],
    [
      `mapping:\n  main: A\n#${'x'.repeat(1024 * 1024)}`,
      ['1: The file is larger than 1 MiB. → Keep only the mapping in it.'],
    ],
    ['['.repeat(100_000), [expect.stringContaining('1: This is not valid YAML')]],
  ])('%j', (text, expected) => {
    expect(mistakesIn(text)).toEqual(expected);
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
    const branch = fc.stringMatching(/^[a-z][a-z0-9]{0,9}(\/[a-z0-9]{1,5})?$/);
    const workspace = fc
      .string({ minLength: 1, maxLength: 50 })
      .filter((name) => name.trim() !== '' && !/\p{Cc}/u.test(name));
    const entries = fc.uniqueArray(fc.tuple(branch, workspace), {
      minLength: 1,
      comparator: ([one, first], [other, second]) => one === other || first.trim() === second.trim(),
    });
    fc.assert(
      fc.property(entries, (pairs) => {
        const text = `mapping:\n${pairs.map(([key, name]) => `  ${key}: ${JSON.stringify(name)}\n`).join('')}`;
        const parsed = parseMapping(text);
        expect(parsed.ok && [...parsed.value.exact]).toEqual(pairs.map(([key, name]) => [key, name.trim()]));
      }),
    );
  });
});
