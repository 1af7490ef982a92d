import { describe, expect, test } from 'vitest';

import type { Decision } from '../../src/domain/branch-view.ts';
import { isCutOff, orTakeUp } from '../../src/domain/cut-off.ts';
import type { DeploymentId } from '../../src/domain/ids.ts';
import { parseMapping } from '../../src/domain/mapping-file.ts';
import { ok } from '../../src/domain/result.ts';
import { branchView, deployment, sha } from './samples.ts';

const parsed = parseMapping('mapping:\n  develop: PIN QA\n');
if (!parsed.ok) throw new Error('no mapping');
const mapping = ok(parsed.value);
const state = { deployed: sha(1), origin: sha(0), held: false, reported: undefined, tries: 0 };
const nothing: Decision = { kind: 'nothing', why: 'nothing differs', state };
const running = deployment();
const rollback = deployment({ rollsBack: 3 as DeploymentId });
const ended = deployment({ status: 'succeeded', finishedAt: 1 });

test('a deployment of a branch that runs no more was cut off; a rollback belongs to its command', () => {
  expect([running, rollback, ended, undefined].map(isCutOff)).toEqual([true, false, false, false]);
});

describe('where nothing is left to deploy', () => {
  test('what was cut off is taken up, from what was last deployed', () => {
    const view = branchView({ mapping });
    expect(orTakeUp(nothing, view, running)).toMatchObject({
      kind: 'deploy',
      target: { name: 'PIN QA' },
      candidates: [],
      at: view.from,
      state,
    });
  });

  test.each([
    ['nothing was cut off', nothing, branchView({ mapping }), ended],
    ['nothing was ever deployed', nothing, branchView({ mapping }), undefined],
    ['it is a rollback', nothing, branchView({ mapping }), rollback],
    ['there is no mapping', nothing, branchView({}), running],
    ['the branch has no workspace', nothing, branchView({ mapping, branch: 'topic' }), running],
    [
      'the branch is not known',
      { kind: 'nothing', why: 'it is not named' } as const,
      branchView({ mapping }),
      running,
    ],
  ])('the decision stands where %s', (_why, decision, view, last) => {
    expect(orTakeUp(decision, view, last)).toBe(decision);
  });
});
