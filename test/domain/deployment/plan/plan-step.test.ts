import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { PipelineId } from '../../../../src/domain/shared/ids.ts';
import {
  planStep,
  type Desired,
  type Live,
  type Step,
  type Version,
  type Versions,
} from '../../../../src/domain/deployment/plan/plan-step.ts';
import type { DriftPolicy } from '../../../../src/domain/mapping/mapping.ts';
import type { Reason } from '../../../../src/domain/report/reason.ts';
import { fingerprint } from '../../samples.ts';

const id = 'p-1' as PipelineId;
const broken: Reason = { kind: 'unreadable-config', path: 'config/a.json', problem: 'no JSON' };
const ambiguous: Reason = { kind: 'ambiguous-title', count: 2 };

function version(text: string): Version {
  const content = { variables: [], sourceStage: {}, stages: [{ text }], sinkStage: {} };
  return { content, fingerprint: fingerprint(text) };
}

function wanted(text: string): Desired {
  return { kind: 'config', version: version(text) };
}

function there(text: string): Live {
  return { kind: 'pipeline', id, version: version(text) };
}

function plan(
  desired: Desired,
  live: Live,
  base: readonly string[] = [],
  drift: DriftPolicy = 'block',
): Step {
  return planStep({ name: 'a', desired, live, base: base.map((text) => fingerprint(text)) }, drift);
}

describe('the plan table', () => {
  test('a pipeline that the workspace lacks is created, whatever was deployed before', () => {
    const step = { kind: 'create', name: 'a', desired: version('new') };
    expect(plan(wanted('new'), { kind: 'none' })).toStrictEqual(step);
    expect(plan(wanted('new'), { kind: 'none' }, ['old'])).toStrictEqual(step);
  });

  test('a pipeline that already is as wanted is unchanged, whatever was deployed before', () => {
    const step = { kind: 'unchanged', name: 'a', desired: version('new') };
    expect(plan(wanted('new'), there('new'), ['old'])).toStrictEqual(step);
    expect(plan(wanted('new'), there('new'))).toStrictEqual(step);
  });

  test('a pipeline that is as it was deployed is updated', () => {
    expect(plan(wanted('new'), there('old'), ['old'])).toStrictEqual({
      kind: 'update',
      name: 'a',
      id,
      desired: version('new'),
      overwrites: version('old'),
      drifted: false,
    });
  });

  test('each of several bases counts', () => {
    expect(plan(wanted('new'), there('with variables'), ['without', 'with variables'])).toMatchObject({
      kind: 'update',
      drifted: false,
    });
  });

  test('a pipeline that somebody changed by hand is blocked', () => {
    expect(plan(wanted('new'), there('by hand'), ['old'])).toStrictEqual({
      kind: 'blocked',
      name: 'a',
      reason: { kind: 'drift' },
    });
  });

  test('a pipeline of which nothing is on record is blocked', () => {
    expect(plan(wanted('new'), there('by hand'))).toMatchObject({ kind: 'blocked' });
  });

  test('a pipeline that somebody changed by hand is overwritten where the policy says so, and that is noted', () => {
    expect(plan(wanted('new'), there('by hand'), ['old'], 'overwrite')).toStrictEqual({
      kind: 'update',
      name: 'a',
      id,
      desired: version('new'),
      overwrites: version('by hand'),
      drifted: true,
    });
  });

  test('a pipeline whose file was removed is left alone', () => {
    expect(plan({ kind: 'removed' }, there('old'), ['old'], 'overwrite')).toStrictEqual({
      kind: 'left',
      name: 'a',
    });
  });

  test('a pipeline whose file was removed and that the workspace lacks is gone', () => {
    expect(plan({ kind: 'removed' }, { kind: 'none' })).toStrictEqual({ kind: 'gone', name: 'a' });
  });

  test('an unreadable config and an ambiguous title fail with their reason', () => {
    expect(plan({ kind: 'unusable', reason: broken }, there('old'), ['old'])).toStrictEqual({
      kind: 'failed',
      name: 'a',
      reason: broken,
    });
    expect(plan(wanted('new'), { kind: 'unusable', reason: ambiguous })).toStrictEqual({
      kind: 'failed',
      name: 'a',
      reason: ambiguous,
    });
  });
});

const text = fc.constantFrom('one', 'two', 'three');
const desired: fc.Arbitrary<Desired> = fc.oneof(
  text.map(wanted),
  fc.constant<Desired>({ kind: 'removed' }),
  fc.constant<Desired>({ kind: 'unusable', reason: broken }),
);
const live: fc.Arbitrary<Live> = fc.oneof(
  text.map(there),
  fc.constant<Live>({ kind: 'none' }),
  fc.constant<Live>({ kind: 'unusable', reason: ambiguous }),
);
const versions: fc.Arbitrary<Versions> = fc.record({
  name: fc.constant('a'),
  desired,
  live,
  base: fc.array(text.map(fingerprint), { maxLength: 2 }),
});
const policy = fc.constantFrom<DriftPolicy>('block', 'overwrite');

/** What the workspace holds and what is on record after a step was carried out. */
function carriedOut(before: Versions, step: Step): Versions {
  switch (step.kind) {
    case 'create':
    case 'update':
      return {
        ...before,
        live: { kind: 'pipeline', id, version: step.desired },
        base: [step.desired.fingerprint],
      };
    case 'unchanged':
      return { ...before, base: [step.desired.fingerprint] };
    case 'left':
    case 'gone':
    case 'blocked':
    case 'failed':
      return before;
  }
}

describe('any versions', () => {
  test('planning again after a plan was carried out finds nothing to write', () => {
    fc.assert(
      fc.property(versions, policy, (before, drift) => {
        const step = planStep(before, drift);
        const again = planStep(carriedOut(before, step), drift);
        const desiredNow = 'desired' in step ? step.desired : undefined;
        expect(again).toStrictEqual(
          desiredNow === undefined ? step : { kind: 'unchanged', name: 'a', desired: desiredNow },
        );
      }),
    );
  });

  test('a workspace that was brought to the branch follows each later change of it', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 6 }), (heads) => {
        let state: Versions = { name: 'a', desired: { kind: 'removed' }, live: { kind: 'none' }, base: [] };
        for (const head of heads) {
          const now = { ...state, desired: wanted(head) };
          state = carriedOut(now, planStep(now, 'block'));
          expect(state.live).toStrictEqual(there(head));
        }
      }),
    );
  });

  test('only what is neither wanted nor deployed is blocked, and no such thing is written under `block`', () => {
    fc.assert(
      fc.property(versions, (before) => {
        const step = planStep(before, 'block');
        const foreign =
          before.live.kind === 'pipeline' &&
          before.desired.kind === 'config' &&
          before.live.version.fingerprint !== before.desired.version.fingerprint &&
          !before.base.includes(before.live.version.fingerprint);
        expect(step.kind === 'blocked').toBe(foreign);
        expect(step.kind === 'update' && step.drifted).toBe(false);
      }),
    );
  });

  test('nothing is blocked under `overwrite`, and the rest of the plan is the same', () => {
    fc.assert(
      fc.property(versions, (before) => {
        const careful = planStep(before, 'block');
        const bold = planStep(before, 'overwrite');
        expect(bold.kind).not.toBe('blocked');
        expect(bold).toMatchObject(
          careful.kind === 'blocked' ? { kind: 'update', drifted: true } : { ...careful },
        );
      }),
    );
  });

  test('an unusable version always fails, with its reason', () => {
    fc.assert(
      fc.property(versions, policy, (before, drift) => {
        const step = planStep(before, drift);
        const unusable = before.desired.kind === 'unusable' || before.live.kind === 'unusable';
        expect(step.kind === 'failed').toBe(unusable);
      }),
    );
  });
});
