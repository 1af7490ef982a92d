import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseMapping } from '../../../src/domain/mapping/parse-mapping.ts';
import { branchOf, lookup, slugify, type Mapping } from '../../../src/domain/mapping/mapping.ts';

function mappingOf(lines: readonly string[], more = ''): Mapping {
  const parsed = parseMapping(`mapping:\n${lines.map((line) => `  ${line}\n`).join('')}${more}`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure));
  return parsed.value;
}

const team = mappingOf([
  'main: PROD',
  'develop: QA',
  'sandbox: DEV',
  'team-a/*: TEAM A',
  'team-a/deep/*: DEEP',
]);

describe('looking a branch up', () => {
  it.each([
    ['main', 'exact', 'main', 'PROD', true],
    ['team-a/x', 'prefix', 'team-a/*', 'TEAM A', true],
    ['team-a/x/y', 'prefix', 'team-a/*', 'TEAM A', true],
    ['team-a/deep/x', 'prefix', 'team-a/deep/*', 'DEEP', true],
    ['feature/x', 'built-in', 'feature/', 'QA', false],
    ['release/x', 'built-in', 'release/', 'PROD', false],
    ['hotfix/x', 'built-in', 'hotfix/', 'PROD', false],
  ])('finds %s by its %s key', (branch, rule, key, name, automatic) => {
    expect(lookup(team, branch)).toMatchObject({ rule, key, automatic, workspace: { name } });
  });

  it.each([
    'other',
    'team-a',
    'team-a/',
    'Main',
    'feature',
    'feature/',
    'xteam-a/x',
    '__proto__',
    'constructor',
  ])('finds nothing for %s', (branch) => {
    expect(lookup(team, branch)).toEqual({ rule: 'none' });
  });

  it('prefers a key of the file to what is built in', () => {
    const own = mappingOf(['develop: QA', 'feature/*: FEATURES', 'feature/x: X']);
    expect(lookup(own, 'feature/y')).toMatchObject({ rule: 'prefix', workspace: { name: 'FEATURES' } });
    expect(lookup(own, 'feature/x')).toMatchObject({ rule: 'exact', workspace: { name: 'X' } });
  });

  it('follows the roles for what is built in, and finds nothing where none fills them', () => {
    const renamed = mappingOf(['prod: PROD', 'test: QA'], 'roles: { production: prod, qa: test }\n');
    expect(lookup(renamed, 'feature/x')).toMatchObject({ workspace: { name: 'QA' } });
    expect(lookup(renamed, 'hotfix/x')).toMatchObject({ workspace: { name: 'PROD' } });
    expect(lookup(mappingOf(['other: X']), 'feature/x')).toEqual({ rule: 'none' });
  });

  it('gives what the file says of the workspace', () => {
    const options =
      'aic: { project: P }\nworkspaces:\n  QA: { environment: qa, drift: overwrite, variables: { QA: True } }\n';
    expect(lookup(mappingOf(['develop: QA'], options), 'develop')).toMatchObject({
      workspace: {
        name: 'QA',
        aicProject: 'P',
        environment: 'qa',
        drift: 'overwrite',
        variables: new Map([['QA', 'True']]),
      },
    });
    expect(lookup(team, 'develop')).toMatchObject({
      workspace: { aicProject: undefined, environment: 'prod', drift: 'block', notify: [] },
    });
  });

  it('takes the longest of the prefixes that fit', () => {
    const part = fc.constantFrom('a', 'b', 'ab');
    const prefix = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => `${parts.join('/')}/`);
    fc.assert(
      fc.property(
        fc.uniqueArray(prefix, { minLength: 1 }),
        fc.array(part, { minLength: 1, maxLength: 5 }),
        (prefixes, parts) => {
          const branch = parts.join('/');
          const mapping = mappingOf(prefixes.map((each) => `${each}*: "${each}"`));
          const fitting = prefixes.filter((each) => branch.startsWith(each) && branch !== each);
          const longest = fitting.reduce((best, each) => (each.length > best.length ? each : best), '');
          const found = lookup(mapping, branch);
          expect(found.rule === 'none' ? '' : found.workspace.name).toBe(longest);
        },
      ),
    );
  });
});

describe('the branch of a workspace', () => {
  it('is its own key, never a pattern', () => {
    expect(branchOf(team, 'QA')).toBe('develop');
    expect(branchOf(team, 'TEAM A')).toBe('team-a');
  });

  it('is made of its name where the mapping has none', () => {
    expect(branchOf(team, 'PIN FUSION 2.0 INTG TESTING')).toBe('pin-fusion-2-0-intg-testing');
  });

  it('can always be a branch', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const slug = slugify(name);
        expect(slug).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
        expect(slugify(slug)).toBe(slug);
      }),
    );
  });
});
