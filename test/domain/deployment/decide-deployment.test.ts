import { describe, expect, test } from 'vitest';

import {
  candidatesIn,
  decide,
  type BranchView,
  type Decision,
  type MappingProblem,
} from '../../../src/domain/deployment/decide-deployment.ts';
import { configPath } from '../../../src/domain/pipeline/config-path.ts';
import type { DirectPush } from '../../../src/domain/mapping/mapping.ts';
import { noProvenance } from '../../../src/domain/deployment/gate/provenance.ts';
import { fail, ok } from '../../../src/domain/shared/result.ts';
import type { BranchState } from '../../../src/domain/store/state.ts';
import { branchView, commit, mergeRequest, sha } from '../samples.ts';

const [from, head, older] = [sha(0), sha(1), sha(2)];

function mapping(directPush: DirectPush = 'report'): BranchView['mapping'] {
  return ok({
    exact: new Map([
      ['main', 'PROD'],
      ['develop', 'QA'],
    ]),
    prefixes: new Map([['team-a/*', 'TEAM A']]),
    also: [],
    aicProject: 'PIN ANALYTICS',
    roles: { production: 'main', qa: 'develop', sandbox: 'sandbox' },
    workspaces: new Map(),
    permissions: {
      plan: 'developer',
      deploy: 'maintainer',
      force: 'maintainer',
      push: 'developer',
      promote: 'developer',
      rollback: 'maintainer',
    },
    directPush,
    embed: 'command',
  });
}

function see(changes: Parameters<typeof branchView>[0]): Decision {
  return decide(branchView({ mapping: mapping(), ...changes }));
}

function changed(...paths: readonly string[]): BranchView['changes'] {
  return { paths, commits: [commit(1, 0)] };
}

function record(changes: Partial<BranchState> = {}): BranchState {
  return { deployed: from, origin: from, held: false, reported: undefined, tries: 0, ...changes };
}

const waits = { paused: false, held: false, provenance: noProvenance };
const orders = { pipeline: 'orders', path: 'config/orders.json', base: sha(8), ...waits };
const ordersToo = { name: 'orders', paths: ['config/orders.json'] };
const mergeRequests = [mergeRequest(3)];

describe('without a mapping that can be followed', () => {
  const problems: readonly MappingProblem[] = [
    { kind: 'missing', defaultBranch: 'main' },
    {
      kind: 'invalid',
      defaultBranch: 'main',
      mistakes: [{ line: 1, problem: ['It is a list.'], remedy: ['Write it as an object.'] }],
    },
  ];

  test.each(problems)('a merge is refused when it is $kind, and its changes wait', (problem) => {
    const changes = changed('config/orders.json');
    expect(see({ mapping: fail(problem), mergeRequests, changes })).toStrictEqual({
      kind: 'refuse',
      refusal: problem,
      state: record({ held: true, reported: head }),
    });
  });

  test.each(problems)('a merge that changes no config is refused too when it is $kind', (problem) => {
    expect(see({ mapping: fail(problem), mergeRequests, changes: changed('README.md') })).toMatchObject({
      kind: 'refuse',
      state: { held: true },
    });
  });

  test.each(problems)('a push waits in silence when it is $kind', (problem) => {
    const decision = see({ mapping: fail(problem), changes: changed('config/orders.json') });
    expect(decision).toStrictEqual({
      kind: 'nothing',
      why: `the mapping file is ${problem.kind}`,
      state: record({ held: true }),
    });
  });

  test.each(problems)('a merge is refused once when it is $kind, not at each look', (problem) => {
    const waiting = { mapping: fail(problem), mergeRequests };
    const told = record({ held: true, reported: head });
    expect(see({ ...waiting, state: told })).toStrictEqual({
      kind: 'nothing',
      why: `the mapping file is ${problem.kind}`,
      state: told,
    });
    expect(see({ ...waiting, state: record({ held: true, reported: from }) }).kind).toBe('refuse');
    expect(see({ ...waiting, state: record({ held: true }) }).kind).toBe('refuse');
  });

  describe('because the project may not use the workspace', () => {
    const problem = (directPush: DirectPush): MappingProblem => ({
      kind: 'unclaimed',
      defaultBranch: 'main',
      workspace: 'QA',
      directPush,
    });
    const changes = changed('config/orders.json');

    test('a merge is refused, and its changes wait', () => {
      expect(see({ mapping: fail(problem('ignore')), mergeRequests, changes })).toStrictEqual({
        kind: 'refuse',
        refusal: problem('ignore'),
        state: record({ held: true, reported: head }),
      });
    });

    test.each(['report', 'deploy'] as const)('a push is refused once with direct_push: %s', (directPush) => {
      const mapped = fail(problem(directPush));
      expect(see({ mapping: mapped, changes }).kind).toBe('refuse');
      expect(see({ mapping: mapped, changes, state: record({ held: true, reported: head }) }).kind).toBe(
        'nothing',
      );
      expect(see({ mapping: mapped, changes: changed('README.md') }).kind).toBe('nothing');
    });

    test('a push waits in silence with direct_push: ignore', () => {
      expect(see({ mapping: fail(problem('ignore')), changes })).toMatchObject({
        kind: 'nothing',
        state: { held: true },
      });
    });
  });

  test('changes wait from where they began, and what is on record stays', () => {
    const state = record({ deployed: older, origin: older, reported: sha(9), tries: 4 });
    const problem = fail({ kind: 'missing', defaultBranch: 'main' } as const);
    expect(see({ mapping: problem, state, from: older, origin: older, mergeRequests })).toMatchObject({
      state: { deployed: older, origin: older, reported: head, held: true, tries: 0 },
    });
  });
});

describe('a branch that the mapping does not name', () => {
  const branch = 'docs/readme';

  test('is refused when a merge changed configs, and nothing is remembered', () => {
    expect(see({ branch, mergeRequests, changes: changed('config/orders.json') })).toStrictEqual({
      kind: 'refuse',
      refusal: { kind: 'unmapped', builtIn: undefined },
    });
  });

  test('is left alone when a merge changed no config', () => {
    expect(see({ branch, mergeRequests, changes: changed('README.md', 'code/orders/1.sql') })).toStrictEqual({
      kind: 'nothing',
      why: 'the mapping file does not name the branch',
    });
  });

  test('is left alone when there was no merge', () => {
    expect(see({ branch, changes: changed('config/orders.json') }).kind).toBe('nothing');
  });
});

describe.each(['feature/returns', 'release/1', 'hotfix/1'])('%s, which is only built in', (branch) => {
  test('is refused when a merge changed configs, by its rule', () => {
    const decision = see({ branch, mergeRequests, changes: changed('config/orders.json') });
    expect(decision).toMatchObject({ kind: 'refuse', refusal: { kind: 'unmapped' } });
    expect(
      decision.kind === 'refuse' && decision.refusal.kind === 'unmapped' && decision.refusal.builtIn,
    ).toBe(`${branch.split('/')[0]}/`);
  });

  test('is left alone when there was no merge', () => {
    expect(see({ branch, changes: changed('config/orders.json') }).kind).toBe('nothing');
  });
});

describe('a merge', () => {
  test('that changed configs is deployed as the head has them', () => {
    const changes = changed('config/orders.json', 'code/orders/1.sql', 'config/stock.json', 'README.md');
    expect(see({ mergeRequests, changes })).toMatchObject({
      kind: 'deploy',
      target: { name: 'QA' },
      candidates: [ordersToo, { name: 'stock', paths: ['config/stock.json'] }],
      at: head,
      state: record({ deployed: head }),
    });
  });

  test('into a branch under a prefix is deployed to the workspace of the prefix', () => {
    const decision = see({ branch: 'team-a/x', mergeRequests, changes: changed('config/orders.json') });
    expect(decision).toMatchObject({ kind: 'deploy', target: { name: 'TEAM A' } });
  });

  test('that changed no config is remembered and nothing else', () => {
    expect(see({ mergeRequests, changes: changed('README.md') })).toStrictEqual({
      kind: 'nothing',
      why: 'no config differs from what was last deployed',
      state: record({ deployed: head }),
    });
  });

  test('that removed a config has it among the candidates: what became of it, the head tells', () => {
    expect(see({ mergeRequests, changes: changed('config/orders.json') })).toMatchObject({
      candidates: [ordersToo],
    });
  });

  test('ends the wait for a mapping and the count of tries', () => {
    const state = record({ held: true, tries: 5, reported: sha(9) });
    expect(see({ state, mergeRequests, changes: changed('config/orders.json') })).toMatchObject({
      state: record({ deployed: head }),
    });
  });

  test('takes what was pushed before it along', () => {
    const state = record({ reported: older });
    const changes = changed('config/pushed.json', 'config/merged.json');
    const decision = see({ state, mergeRequests, changes });
    expect(decision.kind === 'deploy' && decision.candidates.map(({ name }) => name)).toStrictEqual([
      'pushed',
      'merged',
    ]);
  });
});

describe('a push without a merge request', () => {
  const changes = changed('config/orders.json');

  test('is reported, and its changes wait', () => {
    expect(see({ changes })).toStrictEqual({
      kind: 'report-push',
      pipelines: ['orders'],
      state: record({ reported: head }),
    });
  });

  test('is not reported twice', () => {
    const state = record({ reported: head });
    expect(see({ state, changes })).toStrictEqual({
      kind: 'nothing',
      why: 'the configs that differ were pushed without a merge request',
      state,
    });
  });

  test('is reported again after one more push', () => {
    expect(see({ state: record({ reported: older }), changes })).toMatchObject({ kind: 'report-push' });
  });

  test('is deployed where the mapping says so', () => {
    expect(see({ mapping: mapping('deploy'), changes })).toMatchObject({
      kind: 'deploy',
      candidates: [ordersToo],
      at: head,
      state: record({ deployed: head }),
    });
  });

  test('waits in silence where the mapping says so', () => {
    expect(see({ mapping: mapping('ignore'), changes })).toStrictEqual({
      kind: 'nothing',
      why: 'the configs that differ were pushed without a merge request',
      state: record(),
    });
  });

  test('that changed no config is remembered and nothing else', () => {
    expect(see({ changes: changed('README.md') })).toStrictEqual({
      kind: 'nothing',
      why: 'no config differs from what was last deployed',
      state: record({ deployed: head }),
    });
  });
});

describe('what is pending', () => {
  const nothing: BranchView['changes'] = { paths: [], commits: [] };

  test('is tried again at the commit with which it was merged', () => {
    const state = record({ tries: 2 });
    expect(see({ state, pending: [orders], changes: nothing, deliveries: [] })).toMatchObject({
      kind: 'deploy',
      target: { name: 'QA' },
      candidates: [ordersToo],
      at: from,
      state: { tries: 2 },
    });
  });

  test('is tried with short pauses again after somebody did something', () => {
    const decision = see({ state: record({ tries: 9 }), pending: [orders], changes: nothing });
    expect(decision).toMatchObject({ kind: 'deploy', state: { tries: 0 } });
  });

  test('joins what a merge changed', () => {
    const changes = changed('config/stock.json');
    expect(see({ mergeRequests, pending: [orders], changes })).toMatchObject({
      kind: 'deploy',
      candidates: [{ name: 'stock', paths: ['config/stock.json'] }, ordersToo],
      at: head,
    });
  });

  test('is looked at once when a merge changed it again', () => {
    const changes = changed('config/orders.json');
    expect(see({ mergeRequests, pending: [orders], changes })).toMatchObject({ candidates: [ordersToo] });
  });

  test('is looked for in every file that held it', () => {
    const pending = [
      { pipeline: 'a/b', path: 'config/a/b.json', base: older, ...waits },
      { pipeline: 'a/b', path: configPath('a/b'), base: older, ...waits },
    ];
    expect(see({ pending, changes: nothing })).toMatchObject({
      candidates: [{ name: 'a/b', paths: ['config/a/b.json', configPath('a/b')] }],
    });
  });

  test('is tried again without the push that waits for a merge', () => {
    const state = record({ reported: head });
    const decision = see({ state, pending: [orders], changes: changed('config/stock.json') });
    expect(decision).toMatchObject({ kind: 'deploy', candidates: [ordersToo], at: from, state });
  });

  test('goes on from the head when nothing else changed', () => {
    expect(see({ pending: [orders], changes: changed('README.md') })).toMatchObject({
      kind: 'deploy',
      at: from,
      state: { deployed: head },
    });
  });
});

describe('the candidates among changed paths', () => {
  test('are the configs, each once', () => {
    const paths = [
      'config/a.json',
      'config/a.json',
      'code/a/1.sql',
      'config/readme.md',
      'config.json',
      'other/config/b.json',
      'branch_to_workspace.yaml',
    ];
    expect(candidatesIn(paths)).toStrictEqual([{ name: 'a', paths: ['config/a.json'] }]);
  });

  test('have all the files that hold the same pipeline', () => {
    expect(candidatesIn(['config/a/b.json', configPath('a/b')])).toStrictEqual([
      { name: 'a/b', paths: ['config/a/b.json', configPath('a/b')] },
    ]);
  });
});

test('a name that not every database holds is no candidate, and keeps no other from being deployed', () => {
  const paths = ['config/a%00b.json', `config/${'x/'.repeat(300)}y.json`, 'config/good.json'];
  expect(candidatesIn(paths).map(({ name }) => name)).toEqual(['good']);
});
