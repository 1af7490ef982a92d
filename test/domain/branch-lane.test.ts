import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { laneOfBranch } from '../../src/domain/branch-lane.ts';
import { parseMapping } from '../../src/domain/mapping-file.ts';
import { lookup } from '../../src/domain/mapping.ts';
import { hostile } from './hostile.ts';
import { projectId } from './samples.ts';

const parsed = parseMapping(
  'mapping: { main: PROD, develop: QA, "team-a/*": TEAM A, "team-a/deep/*": DEEP, "feature/own/*": OWN }\n',
);
if (!parsed.ok) throw new Error('The mapping is wrong.');
const mapping = parsed.value;

describe('the lane of a branch', () => {
  test.each([
    ['main', 'main'],
    ['team-a/x', 'team-a/*'],
    ['team-a/y/z', 'team-a/*'],
    ['team-a/deep/x', 'team-a/deep/*'],
    ['feature/x', 'develop'],
    ['feature/own/x', 'feature/own/*'],
    ['release/x', 'main'],
    ['hotfix/x', 'main'],
    ['nowhere', 'nowhere'],
  ])('%s is that of %s', (branch, key) => {
    expect(laneOfBranch(projectId, mapping, branch)).toBe(`deploy:7:${key}`);
  });

  test('is one for all branches of one workspace, and another for any other workspace', () => {
    const known = fc.constantFrom(
      'main',
      'develop',
      'team-a/x',
      'team-a/deep/x',
      'feature/x',
      'feature/own/x',
    );
    const prefixed = fc.tuple(fc.constantFrom('feature/', 'release/', 'hotfix/', 'team-a/', ''), hostile);
    const branch = fc.oneof(
      known,
      prefixed.map((parts) => parts.join('')),
    );
    const workspaceOf = (name: string) => {
      const found = lookup(mapping, name);
      return found.rule === 'none' ? undefined : found.workspace.name;
    };
    fc.assert(
      fc.property(branch, branch, (one, other) => {
        const isSameLane = laneOfBranch(projectId, mapping, one) === laneOfBranch(projectId, mapping, other);
        const workspace = workspaceOf(one);
        const isSame = workspace === undefined ? one === other : workspace === workspaceOf(other);
        expect(isSameLane).toBe(isSame);
      }),
    );
  });
});
