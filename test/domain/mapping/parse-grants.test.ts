import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { claim, claimsOf } from '../../../src/domain/mapping/claims.ts';
import {
  entryFor,
  entryOf,
  isPath,
  parseGrants,
  workspaceMatcher,
  type Grant,
} from '../../../src/domain/mapping/parse-grants.ts';
import { hostile } from '../hostile.ts';
import { project } from '../samples.ts';

function grantsIn(text: string): readonly Grant[] {
  const grants = parseGrants(text);
  if (!grants.ok) throw new Error(grants.failure.join(', '));
  return grants.value;
}

const may = (text: string, path: string, aicProject: string, workspace: string) =>
  claimsOf(grantsIn(text)).mayUse(path, { aicProject, workspace });

/** A name as the mapping file and AIC may have it: trimmed, and not empty. */
const name = fc
  .oneof(
    hostile,
    fc.constantFrom(
      'PIN A/B',
      'a;b',
      '50%',
      '%41',
      '*',
      'a?',
      'PIN (QA)',
      '[x]',
      '{a,b}',
      '!a',
      'a=b',
      '\\*',
    ),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
  )
  .map((text) => text.slice(0, 255).toWellFormed().trim())
  .filter((text) => text !== '');
const path = fc.stringMatching(/^[a-z0-9_][\w.-]{0,8}(?:\/[\w.-]{1,8}){1,3}$/);

describe('an entry', () => {
  test.each([
    [
      'group/p=PIN ANALYTICS/PIN QA',
      { projects: 'group/p', aicProject: 'PIN ANALYTICS', workspaces: 'PIN QA' },
    ],
    [' group/** = P / W* ', { projects: 'group/**', aicProject: 'P', workspaces: 'W*' }],
    ['g/p=P=Q/A=B/C', { projects: 'g/p', aicProject: 'P=Q', workspaces: 'A=B/C' }],
    ['g/p=P%2FQ%3B/*', { projects: 'g/p', aicProject: 'P/Q;', workspaces: '*' }],
  ])('%j is read at its first = and the first / behind it', (text, grant) => {
    expect(grantsIn(text)).toEqual([grant]);
  });

  test('stands between ; or line breaks, and empty ones do not count', () => {
    expect(grantsIn('a/b=P/W;;\r\n c/d=P/V\n;')).toHaveLength(2);
  });

  test.each([
    ['', ['has no entry']],
    ['a/b', ['entry 1 has no = between projects and workspaces']],
    ['a/b=P', ['entry 1 has no / between AIC project and workspaces']],
    ['=P/W', ['entry 1 names no project before its =']],
    ['"a/b=P/W"', ['entry 1 begins with a quotation mark: write it without']],
    ['!a/b=P/W', ['entry 1 excludes projects: name those that may use the workspaces']],
    ['a/b=/W', ['entry 1 names no AIC project, or no workspaces']],
    ['a/b=P/', ['entry 1 names no AIC project, or no workspaces']],
    ['a/b=*/W', ['entry 1 has a pattern for the AIC project: write its whole name, in an entry for each']],
    ['a/b=P/50%', ['entry 1 has a % that is no percent-encoding: write %25 for it']],
    ['a/b=%ff/W', ['entry 1 has a % that is no percent-encoding: write %25 for it']],
    [
      'a/b=P/W; x; y=',
      [expect.stringContaining('entry 2 has no ='), expect.stringContaining('entry 3 has no /')],
    ],
  ])('%j is told with what is wrong', (text, failure) => {
    expect(parseGrants(text)).toEqual({ ok: false, failure });
  });

  test('is read or refused whatever it holds, and no refusal holds what was written', () => {
    const piece = fc.oneof(
      fc.constantFrom('=', '/', ';', '\n', '*', '?', '%', '%2', '%2F', '!', 'xyzzy'),
      hostile,
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('');
        const grants = parseGrants(text);
        if (grants.ok) claimsOf(grants.value).mayUse('a/b', { aicProject: 'P', workspace: text });
        else expect(grants.failure.join()).not.toContain('xyzzy');
      }),
    );
  });
});

describe('a grant', () => {
  test.each([
    ['g/p=P/PIN*', 'g/p', 'P', 'PIN'],
    ['g/p=P/PIN*', 'G/P', 'P', 'PIN A/B (x)'],
    ['g/p=P/*', 'g/p', 'P', '.hidden'],
    ['g/p=P/*', 'g/p', 'P', '..'],
    ['g/p=P/*', 'g/p', 'P', 'two\nlines'],
    ['g/p=P/PIN ?', 'g/p', 'P', 'PIN A'],
    ['g/p=P/PIN (QA) [1]', 'g/p', 'P', 'PIN (QA) [1]'],
    ['g/**=P/W', 'g/a/b', 'P', 'W'],
    ['g/{a,b}=P/W', 'g/b', 'P', 'W'],
    ['x/y=P/V; g/p=P/W', 'g/p', 'P', 'W'],
  ])('%j covers it for %s: %s, %j', (text, projectPath, aicProject, workspace) => {
    expect(may(text, projectPath, aicProject, workspace)).toBe(true);
  });

  test.each([
    ['g/p=P/PIN*', 'g/p', 'P', 'pin'],
    ['g/p=P/PIN*', 'g/p', 'p', 'PIN'],
    ['g/p=P/PIN*', 'g/q', 'P', 'PIN'],
    ['g/p=P/PIN*', 'g/p/q', 'P', 'PIN'],
    ['g/*=P/PIN*', 'g/p/q', 'P', 'PIN'],
    ['g/p=P/PIN', 'g/p', 'P', 'PIN 2'],
    ['g/p=P/PIN', 'g/p', 'P', 'A PIN'],
    ['g/p=P/PIN', 'g/p', 'P', 'PIN\nPIN'],
    ['g/p=P/PIN ?', 'g/p', 'P', 'PIN '],
    ['g/p=P/2.0', 'g/p', 'P', '2x0'],
    ['g/p=P/!PIN', 'g/p', 'P', 'OTHER'],
    ['g/p=P/a|b', 'g/p', 'P', 'a'],
    ['g/p=P/%2A', 'g/p', 'P', 'anything'],
    ['x/y=P/W; g/p=P/V', 'g/p', 'P', 'W'],
  ])('%j does not cover it for %s: %s, %j', (text, projectPath, aicProject, workspace) => {
    expect(may(text, projectPath, aicProject, workspace)).toBe(false);
  });

  test('that is written for one workspace grants that one and no other, whatever the names hold', () => {
    fc.assert(
      fc.property(path, name, name, path, name, name, (one, aicProject, workspace, ...others) => {
        const text = entryFor(one, { aicProject, workspace });
        expect(grantsIn(text)).toHaveLength(1);
        expect(may(text, one, aicProject, workspace)).toBe(true);
        const [path2, aicProject2, workspace2] = others;
        expect(may(text, path2, aicProject, workspace)).toBe(path2.toLowerCase() === one.toLowerCase());
        expect(may(text, one, aicProject2, workspace)).toBe(aicProject2 === aicProject);
        expect(may(text, one, aicProject, workspace2)).toBe(workspace2 === workspace);
      }),
      { numRuns: 1_000 },
    );
  });

  test('fits what a regular expression with the same meaning fits', () => {
    const sign = fc.constantFrom('*', '?', 'a', 'b', '\n', '😀', '%2A', '%3F');
    const character = fc.constantFrom('a', 'b', '\n', '😀', '*', '?');
    fc.assert(
      fc.property(
        fc.array(sign, { maxLength: 8 }),
        fc.array(character, { maxLength: 8 }),
        (signs, characters) => {
          const source = signs.map((each) => {
            if (each === '*') return '.*';
            return each === '?' ? '.' : RegExp.escape(decodeURIComponent(each));
          });
          const text = characters.join('');
          const expected = new RegExp(`^${source.join('')}$`, 'su').test(text);
          expect(workspaceMatcher(signs.join(''))(text)).toBe(expected);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test('with many stars takes no longer for a name that almost fits', () => {
    const before = performance.now();
    expect(workspaceMatcher(`${'*-'.repeat(40)}* QA`)('-'.repeat(10_000))).toBe(false);
    expect(performance.now() - before).toBeLessThan(1_000);
  });

  test('is written again as it was read', () => {
    fc.assert(
      fc.property(path, name, name, (projects, aicProject, workspace) => {
        const [grant] = grantsIn(`${entryFor(projects, { aicProject, workspace })}*`);
        if (grant === undefined) throw new Error('no grant');
        expect(grantsIn(entryOf(grant) ?? '')).toEqual([grant]);
      }),
    );
  });

  test('is for any AIC project only where nobody wrote it', () => {
    expect(entryOf({ projects: 'a/b', aicProject: undefined, workspaces: '*' })).toBeUndefined();
  });
});

describe('a claim', () => {
  const wanted = { environment: 'qa', aicProject: 'P', workspace: 'W' } as const;

  test('is had where a grant covers project and workspace, and not else', () => {
    const [granted, other] = [
      claimsOf(grantsIn(`${project.path}=P/W`)),
      claimsOf(grantsIn('data/others=P/*')),
    ];
    expect(claim(granted, project, wanted)).toEqual({
      ...wanted,
      projectId: project.id,
      projectPath: project.path,
    });
    for (const claims of [other, claimsOf([])]) expect(claim(claims, project, wanted)).toBeUndefined();
  });

  test('to nothing is had without grants', () => {
    const claims = claimsOf([]);
    expect([claims.mayName('a/b', 'P'), claims.of('a/b')]).toEqual([false, []]);
  });
});

test('a path of GitLab is one, a glob is none', () => {
  expect(['group/p', 'Group/a_b/c-d.e'].every(isPath)).toBe(true);
  expect(['g/*', 'g/a?', 'g/{a,b}', 'g/a|b', '!g/a', 'g/[a]', 'g/(a)', 'g a', ''].some(isPath)).toBe(false);
});
