import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { CommitSha } from '../../../src/domain/shared/ids.ts';
import type { Head } from '../../../src/domain/gitlab/missed-events.ts';
import { parseMapping } from '../../../src/domain/mapping/parse-mapping.ts';
import { fail, ok } from '../../../src/domain/shared/result.ts';
import type { BranchState } from '../../../src/domain/store/state.ts';
import {
  branchesBehind,
  branchPattern,
  type SweepView,
} from '../../../src/domain/deployment/branches-behind.ts';

const parsed = parseMapping('mapping: { main: P, develop: Q, team-a/*: T }\n');
if (!parsed.ok) throw new Error('an invalid mapping');
const mapping = parsed.value;
const sha = (digit: string) => digit.repeat(40) as CommitSha;
const head = (branch: string, commit: CommitSha): Head => ({ branch, commit, isDefault: branch === 'main' });
const state = (deployed: CommitSha, more: Partial<BranchState> = {}): BranchState => ({
  deployed,
  origin: deployed,
  held: false,
  reported: undefined,
  tries: 0,
  ...more,
});

function behind(view: Partial<SweepView>): readonly string[] {
  const all = { mapping: ok(mapping), heads: [], states: new Map(), asked: new Map(), ...view };
  return branchesBehind(all).map(({ branch }) => branch);
}

describe('a sweep looks at', () => {
  test('mapped branches whose heads are not their last deployed commits', () => {
    const heads = [
      head('main', sha('a')),
      head('develop', sha('b')),
      head('team-a/x', sha('c')),
      head('team-a', sha('d')),
      head('feature/x', sha('e')),
    ];
    const states = new Map([
      ['main', state(sha('a'))],
      ['develop', state(sha('1'))],
      ['feature/x', state(sha('1'))],
    ]);
    expect(behind({ heads, states })).toEqual(['develop', 'team-a/x']);
  });

  test('a head once, and again when the branch has moved on', () => {
    const asked = new Map([['develop', sha('b')]]);
    const states = new Map([['develop', state(sha('1'))]]);
    expect(behind({ heads: [head('develop', sha('b'))], states, asked })).toEqual([]);
    expect(behind({ heads: [head('develop', sha('c'))], states, asked })).toEqual(['develop']);
  });

  test('branches that are known, and no others, while the mapping is not valid', () => {
    const invalid = fail({ kind: 'missing', defaultBranch: 'main' } as const);
    const heads = [head('main', sha('a')), head('develop', sha('b'))];
    expect(behind({ mapping: invalid, heads, states: new Map([['develop', state(sha('1'))]]) })).toEqual([
      'develop',
    ]);
  });

  test('a branch that it has never seen, which has not moved for all that is known', () => {
    const found = branchesBehind({
      mapping: ok(mapping),
      heads: [head('main', sha('a')), head('develop', sha('b'))],
      states: new Map([['develop', state(sha('1'))]]),
      asked: new Map(),
    });
    expect(found.map(({ branch, hasMoved }) => [branch, hasMoved])).toEqual([
      ['main', false],
      ['develop', true],
    ]);
  });
});

describe('the pattern of branch names', () => {
  test('fits the names of the mapping, what is under its prefixes, and nothing else', () => {
    const pattern = new RegExp(branchPattern(mapping, ['rel.1']) ?? '', 'u');
    const names = ['main', 'develop', 'team-a/x', 'team-a/x/y', 'rel.1', 'mai', 'xmain', 'team-a/', 'rel-1'];
    expect(names.filter((name) => pattern.test(name))).toEqual([
      'main',
      'develop',
      'team-a/x',
      'team-a/x/y',
      'rel.1',
    ]);
  });

  test('fits any name that is given, and no other, whatever characters it has', () => {
    const name = fc
      .string({ minLength: 1, maxLength: 20, unit: 'binary' })
      .filter((text) => !/\n/.test(text));
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), name, (all, other) => {
        const pattern = new RegExp(branchPattern(undefined, all) ?? '', 'u');
        expect(all.every((one) => pattern.test(one))).toBe(true);
        expect(pattern.test(other)).toBe(all.includes(other));
      }),
    );
  });

  test('is none where it would be too long for an address, or fit nothing', () => {
    expect(branchPattern(undefined, [])).toBeUndefined();
    expect(branchPattern(undefined, ['x'.repeat(2_000)])).toBeUndefined();
  });
});
