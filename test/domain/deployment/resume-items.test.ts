import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { ItemState } from '../../../src/domain/deployment/deployment.ts';
import type { PipelineId } from '../../../src/domain/shared/ids.ts';
import type { Step, Version } from '../../../src/domain/deployment/plan/plan-step.ts';
import { settle } from '../../../src/domain/deployment/resume-items.ts';
import { fingerprint } from '../samples.ts';

const desired: Version = {
  content: { variables: [], sourceStage: {}, stages: [], sinkStage: {} },
  fingerprint: fingerprint('new'),
};
const old: Version = { ...desired, fingerprint: fingerprint('old') };

const create: Step = { kind: 'create', name: 'a', desired };
const update: Step = {
  kind: 'update',
  name: 'a',
  id: 'p-1' as PipelineId,
  desired,
  overwrites: old,
  drifted: false,
};
const unchanged: Step = { kind: 'unchanged', name: 'a', desired };
const left: Step = { kind: 'left', name: 'a' };
const gone: Step = { kind: 'gone', name: 'a' };
const blocked: Step = { kind: 'blocked', name: 'a', reason: { kind: 'drift' } };
const failed: Step = { kind: 'failed', name: 'a', reason: { kind: 'ambiguous-title', count: 2 } };

const want = { desired: desired.fingerprint };
const wantedElse = { desired: fingerprint('else') };

/** How an item may stand when a run is cut off. */
const states: readonly ItemState[] = [
  { kind: 'planned', effect: 'create', ...want },
  { kind: 'planned', effect: 'update', ...want },
  { kind: 'writing', effect: 'create', ...want },
  { kind: 'writing', effect: 'update', ...want },
  { kind: 'created', ...want },
  { kind: 'updated', ...want, remark: 'overwrote-drift' },
  { kind: 'unchanged' },
  { kind: 'left' },
  { kind: 'blocked', reason: { kind: 'drift' } },
  { kind: 'failed', reason: { kind: 'drift' } },
];

function stateAfter(step: Step, before: ItemState | undefined): ItemState | undefined {
  return settle([step], before === undefined ? [] : [{ pipeline: 'a', state: before }])[0]?.item.state;
}

describe('a first run', () => {
  test.each([
    [create, { kind: 'planned', effect: 'create', ...want }],
    [update, { kind: 'planned', effect: 'update', ...want }],
    [unchanged, { kind: 'unchanged' }],
    [left, { kind: 'left' }],
    [blocked, { kind: 'blocked', reason: { kind: 'drift' } }],
    [failed, { kind: 'failed', reason: { kind: 'ambiguous-title', count: 2 } }],
  ])('$kind stands as its step says', (step, state) => {
    expect(stateAfter(step, undefined)).toStrictEqual(state);
  });

  test('what is gone from both sides is no item', () => {
    expect(settle([gone], [])).toStrictEqual([]);
  });

  test('steps keep their order and their items', () => {
    const steps: readonly Step[] = [{ ...create, name: 'b' }, gone, { ...left, name: 'a' }];
    expect(settle(steps, []).map(({ step, item }) => [step.name, item.pipeline])).toStrictEqual([
      ['b', 'b'],
      ['a', 'a'],
    ]);
  });
});

describe('a run after one that was cut off', () => {
  test.each([
    [
      { kind: 'writing', effect: 'create', ...want },
      { kind: 'created', ...want },
    ],
    [
      { kind: 'writing', effect: 'update', ...want },
      { kind: 'updated', ...want },
    ],
    [
      { kind: 'created', ...want },
      { kind: 'created', ...want },
    ],
    [
      { kind: 'updated', ...want, remark: 'overwrote-drift' },
      { kind: 'updated', ...want, remark: 'overwrote-drift' },
    ],
  ] satisfies readonly (readonly [ItemState, ItemState])[])(
    'an item that was $kind and is in the workspace was written',
    (before, after) => {
      expect(stateAfter(unchanged, before)).toStrictEqual(after);
    },
  );

  test.each(states.filter(({ kind }) => !['writing', 'created', 'updated'].includes(kind)))(
    'an item that was $kind and is in the workspace is unchanged',
    (before) => {
      expect(stateAfter(unchanged, before)).toStrictEqual({ kind: 'unchanged' });
    },
  );

  test.each([
    { kind: 'writing', effect: 'update', ...wantedElse },
    { kind: 'created', ...wantedElse },
    { kind: 'updated', ...wantedElse },
  ] satisfies readonly ItemState[])(
    'an item that was $kind with another content did not bring this one',
    (before) => {
      expect(stateAfter(unchanged, before)).toStrictEqual({ kind: 'unchanged' });
    },
  );

  test.each(states)('an item that was $kind and is not in the workspace is planned again', (before) => {
    expect(stateAfter(create, before)).toStrictEqual({ kind: 'planned', effect: 'create', ...want });
    expect(stateAfter(update, before)).toStrictEqual({ kind: 'planned', effect: 'update', ...want });
  });

  test.each(states)('an item that was $kind and must not be written stands as its step says', (before) => {
    for (const step of [left, blocked, failed]) {
      expect(stateAfter(step, before)).toStrictEqual(stateAfter(step, undefined));
    }
    expect(settle([gone], [{ pipeline: 'a', state: before }])).toStrictEqual([]);
  });

  test('other pipelines of the earlier run change nothing', () => {
    const before = { pipeline: 'b', state: { kind: 'writing', effect: 'create', ...want } } as const;
    expect(settle([unchanged], [before])[0]?.item.state).toStrictEqual({ kind: 'unchanged' });
  });

  test('settling twice is settling once', () => {
    const steps = fc.constantFrom(create, update, unchanged, left, gone, blocked, failed);
    fc.assert(
      fc.property(steps, fc.constantFrom(...states), (step, before) => {
        const once = settle([step], [{ pipeline: 'a', state: before }]);
        expect(
          settle(
            [step],
            once.map(({ item }) => item),
          ),
        ).toStrictEqual(once);
      }),
    );
  });
});
