import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { PipelineId } from '../../../../src/domain/shared/ids.ts';
import type { WorkspaceTarget } from '../../../../src/domain/mapping/mapping.ts';
import type { DeploymentPlan, PlannedItem } from '../../../../src/domain/deployment/plan/deployment-plan.ts';
import { planReport } from '../../../../src/domain/deployment/plan/deployment-plan-report.ts';
import type { Step, Version } from '../../../../src/domain/deployment/plan/plan-step.ts';
import { toComment } from '../../../../src/domain/report/markdown.ts';
import { toMailText } from '../../../../src/domain/report/text.ts';
import { hostile } from '../../hostile.ts';
import { down, fingerprint, project, sha } from '../../samples.ts';

const workspace: WorkspaceTarget = {
  name: 'PIN QA',
  environment: 'prod',
  aicProject: 'PIN ANALYTICS',
  drift: 'block',
  variables: new Map(),
  notify: [],
  require: [],
  freeze: [],
};
const version: Version = {
  content: { variables: [], sourceStage: {}, stages: [], sinkStage: {} },
  fingerprint: fingerprint('f'),
};

function update(name: string, drifted: boolean): Step {
  return {
    kind: 'update',
    name,
    id: 'p-1' as PipelineId,
    desired: version,
    overwrites: version,
    drifted,
  };
}

function plan(steps: readonly (Step | PlannedItem)[], more: Partial<DeploymentPlan> = {}): DeploymentPlan {
  return {
    verb: 'Deploying',
    project,
    branch: 'develop',
    at: sha(1),
    workspace,
    items: steps.map((one) =>
      'step' in one ? one : { step: one, differences: [], byHand: [], cautions: [] },
    ),
    codeOnly: [],
    strayPaths: [],
    mapping: 'same',
    isInConflict: false,
    ...more,
  };
}

function report(steps: readonly (Step | PlannedItem)[], more: Partial<DeploymentPlan> = {}) {
  return planReport(plan(steps, more));
}

describe('a plan', () => {
  test('reads like this: what needs somebody first, and what to do once for all that need the same', () => {
    const steps: readonly Step[] = [
      { kind: 'unchanged', name: 'same', desired: version },
      { kind: 'left', name: 'removed' },
      { kind: 'gone', name: 'gone' },
      update('drifted', true),
      update('changed', false),
      { kind: 'create', name: 'new', desired: version },
      { kind: 'blocked', name: 'by hand', reason: { kind: 'drift' } },
      { kind: 'blocked', name: 'also by hand', reason: { kind: 'drift' } },
      { kind: 'failed', name: 'twice', reason: { kind: 'ambiguous-title', count: 2 } },
      { kind: 'failed', name: 'away', reason: { kind: 'upstream', failure: down } },
    ];
    expect(toMailText(report(steps, { verb: 'Merging' }))).toMatchInlineSnapshot(`
      "Merging deploys 3 pipelines to "PIN QA": 1 new, 2 changed; 2 blocked, 2 would fail, 1 there already, 1 left alone

      - away – would fail – AIC answered "503 Service Unavailable" to "GET /projects".
      - twice – would fail – The workspace has 2 pipelines with this title, so it is unclear which one is meant.
      - also by hand – would be blocked – It was changed or created in AIC by hand since the last deployment; deploying would overwrite that.
      - by hand – would be blocked – It was changed or created in AIC by hand since the last deployment; deploying would overwrite that.
      - new – new
      - changed – changed
      - drifted – changed – A change made by hand in AIC would be overwritten.
      - removed – left alone – The file is removed; pipelines are never deleted in AIC.
      - same – there already

      What to do:
      - "away": Write the command again in some minutes.
      - "twice": Rename or remove all but one of them in AIC, then write the command again.
      - "also by hand", "by hand": Bring the change from AIC into Git with "/aic adopt "PIPELINE" branch=BRANCH", or undo it in AIC: the bot looks again by itself. To overwrite it once, comment "/aic deploy force" with the pipeline's name; to always overwrite such changes, set "drift: overwrite" for the workspace in "branch_to_workspace.yaml".
      - "/aic plan" makes this plan anew, such as after a change in AIC or on "develop".

      branch "develop"
      as it would be after merging
      workspace "PIN QA"
      "
    `);
  });

  test.each<readonly [string, readonly Step[], string, string]>([
    ['nothing', [], 'note', 'A deployment would bring nothing to "PIN QA"'],
    ['only what is gone', [{ kind: 'gone', name: 'a' }], 'note', 'A deployment would bring nothing'],
    ['an update', [update('a', false)], 'note', 'A deployment would bring 1 pipeline to "PIN QA": 1 changed'],
    ['a block', [{ kind: 'blocked', name: 'a', reason: { kind: 'drift' } }], 'held', '1 blocked'],
  ])('of %s says so', (_what, steps, mood, outcome) => {
    expect(report(steps).mood).toBe(mood);
    expect(toMailText(report(steps))).toContain(outcome);
  });

  test('tells what to do exactly where a pipeline is blocked or fails', () => {
    expect(report([update('a', true), { kind: 'create', name: 'b', desired: version }]).remedies).toEqual([]);
    const stuck = report([{ kind: 'blocked', name: 'a', reason: { kind: 'drift' } }]);
    expect(toComment(stuck)).toContain('`a`: Bring the change from AIC into Git');
  });

  test('has a row for each pipeline that it is about, whatever their names', () => {
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 5 }), (names) => {
        const steps = names.map((name): Step => ({
          kind: 'failed',
          name,
          reason: { kind: 'two-files', paths: [name] },
        }));
        expect(report(steps).table?.rows).toHaveLength(names.length);
        expect(toComment(report(steps))).not.toMatch(/^\/(?:merge|close)/m);
      }),
    );
  });
});
