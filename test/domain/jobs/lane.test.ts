import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { laneOfBranch, laneOfWorkspace } from '../../../src/domain/jobs/lane.ts';
import { claimsOf } from '../../../src/domain/mapping/claims.ts';
import type { ProjectId } from '../../../src/domain/shared/ids.ts';
import { parseMapping } from '../../../src/domain/mapping/parse-mapping.ts';
import { lookup, workspaceNamed } from '../../../src/domain/mapping/mapping.ts';
import { hostile } from '../hostile.ts';
import { project } from '../samples.ts';

function mappingIn(text: string) {
  const parsed = parseMapping(text);
  if (!parsed.ok) throw new Error('The mapping is wrong.');
  return parsed.value;
}

const mapping = mappingIn(
  'mapping: { main: PROD, develop: QA, "team-a/*": TEAM A, "team-a/deep/*": DEEP, "feature/own/*": OWN }\nalso: [LAB]\n',
);
const settings = {
  claims: claimsOf([
    { projects: 'data/*', aicProject: 'P', workspaces: '*' },
    { projects: 'data/pipelines', aicProject: 'Q', workspaces: '*' },
  ]),
  aicProject: 'P',
};
const own = { project, mapping };
const lane = (branch: string) => laneOfBranch(settings, own, branch);
const of = (workspace: string, aicProject = 'P', environment = 'prod') =>
  `workspace:${JSON.stringify([environment, aicProject, workspace])}`;

describe('the lane of a branch', () => {
  test.each([
    ['main', of('PROD')],
    ['team-a/x', of('TEAM A')],
    ['team-a/y/z', of('TEAM A')],
    ['team-a/deep/x', of('DEEP')],
    ['feature/x', of('QA')],
    ['feature/own/x', of('OWN')],
    ['release/x', of('PROD')],
    ['hotfix/x', of('PROD')],
    ['nowhere', 'deploy:7:nowhere'],
  ])('%s is %s', (branch, expected) => {
    expect(lane(branch)).toBe(expected);
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
        const workspace = workspaceOf(one);
        const isSame = workspace === undefined ? one === other : workspace === workspaceOf(other);
        expect(lane(one) === lane(other)).toBe(isSame);
      }),
    );
  });

  test('is one for the projects that share a workspace, whatever their branches are named', () => {
    const other = {
      project: { id: 8 as ProjectId, path: 'data/others' },
      mapping: mappingIn('mapping: { trunk: QA }\naic: { project: P }\n'),
    };
    expect(laneOfBranch(settings, other, 'trunk')).toBe(lane('develop'));
  });

  test('is another for a workspace of the same name elsewhere', () => {
    const elsewhere = { project, mapping: mappingIn('mapping: { develop: QA }\naic: { project: Q }\n') };
    const inQa = {
      project,
      mapping: mappingIn('mapping: { develop: QA }\nworkspaces: { QA: { environment: qa } }\n'),
    };
    expect(laneOfBranch(settings, elsewhere, 'develop')).toBe(of('QA', 'Q'));
    expect(laneOfBranch(settings, inQa, 'develop')).toBe(of('QA', 'P', 'qa'));
  });

  test('is one of its own where the project may not use the workspace, so that it makes nobody wait', () => {
    const stranger = { project: { id: 9 as ProjectId, path: 'other/project' }, mapping };
    expect(laneOfBranch(settings, stranger, 'develop')).toBe('deploy:9:develop');
    expect(laneOfWorkspace(settings, stranger, workspaceNamed(mapping, 'LAB'))).toBe('deploy:9:lab');
  });
});

test('a workspace without a branch has its lane, too', () => {
  expect(laneOfWorkspace(settings, own, workspaceNamed(mapping, 'LAB'))).toBe(of('LAB'));
});
