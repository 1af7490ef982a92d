import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Item } from '../../../../src/domain/deployment/deployment.ts';
import type { Fingerprint } from '../../../../src/domain/pipeline/fingerprint.ts';
import { withHolds, type Hold } from '../../../../src/domain/deployment/rollback/hold.ts';
import type { DeploymentId, MergeRequestIid } from '../../../../src/domain/shared/ids.ts';
import type { Step } from '../../../../src/domain/deployment/plan/plan-step.ts';
import { planRollback, type LaterWrite } from '../../../../src/domain/deployment/rollback/plan-rollback.ts';

const id = (number: number) => number as DeploymentId;
const desired = 'f' as Fingerprint;
const item = (pipeline: string, kind: 'created' | 'updated' | 'unchanged'): Item => ({
  pipeline,
  state: kind === 'unchanged' ? { kind } : { kind, desired },
});
const write = (deployment: number, rollsBack?: number): LaterWrite => ({
  deployment: id(deployment),
  rollsBack: rollsBack === undefined ? undefined : id(rollsBack),
});

function plan(
  items: readonly Item[],
  later: Readonly<Record<string, readonly LaterWrite[]>> = {},
  force = false,
) {
  const kept = new Set(items.map(({ pipeline }) => pipeline));
  return planRollback({ deployment: id(5), items, kept, later: new Map(Object.entries(later)), force });
}

describe('a rollback', () => {
  test('restores what was updated, leaves what was created, and passes over the rest', () => {
    expect(plan([item('a', 'updated'), item('b', 'created'), item('c', 'unchanged')])).toEqual({
      kind: 'items',
      items: [
        { pipeline: 'a', kind: 'restore' },
        { pipeline: 'b', kind: 'left' },
      ],
    });
  });

  test('has nothing to do where nothing was overwritten', () => {
    expect(plan([item('b', 'created')])).toEqual({ kind: 'nothing', created: ['b'] });
  });

  test('names the later deployment of a pipeline, and goes past it with force', () => {
    const items = [item('a', 'updated'), item('b', 'updated')];
    const later = { a: [write(6), write(7)] };
    expect(plan(items, later)).toMatchObject({
      items: [
        { pipeline: 'a', kind: 'deployed-since', by: 7 },
        { pipeline: 'b', kind: 'restore' },
      ],
    });
    expect(plan(items, later, true)).toMatchObject({ items: [{ kind: 'restore' }, { kind: 'restore' }] });
  });

  test('that was done before is not done again, unless it was itself rolled back', () => {
    const items = [item('a', 'updated')];
    expect(plan(items, { a: [write(6, 5)] })).toEqual({ kind: 'done-before', by: 6 });
    expect(plan(items, { a: [write(6, 5), write(7, 6)] })).toMatchObject({ items: [{ kind: 'restore' }] });
    expect(plan(items, { a: [write(6, 5), write(7, 6), write(8, 5)] })).toEqual({
      kind: 'done-before',
      by: 8,
    });
    expect(plan(items, { a: [write(6), write(7, 6)] })).toMatchObject({ items: [{ kind: 'restore' }] });
  });

  test('has one item for each pipeline that was written, and restores none of which nothing is kept', () => {
    const names = fc.uniqueArray(fc.string({ maxLength: 3 }));
    const kinds = fc.constantFrom('created', 'updated', 'unchanged');
    const laters = fc.array(fc.integer({ min: 6, max: 9 }), { maxLength: 2 });
    fc.assert(
      fc.property(
        names,
        fc.infiniteStream(kinds),
        fc.infiniteStream(laters),
        fc.boolean(),
        (all, kind, later, force) => {
          const items = all.map((name) => item(name, kind.next().value ?? 'unchanged'));
          const kept = new Set(all.slice(1));
          const writes = new Map(
            all.map((name) => [name, (later.next().value ?? []).map((number: number) => write(number))]),
          );
          const planned = planRollback({ deployment: id(5), items, kept, later: writes, force });
          if (planned.kind !== 'items') return;
          const written = items
            .filter(({ state }) => state.kind !== 'unchanged')
            .map(({ pipeline }) => pipeline);
          expect(planned.items.map(({ pipeline }) => pipeline).toSorted()).toEqual(written.toSorted());
          for (const one of planned.items)
            if (one.kind === 'restore') expect(kept.has(one.pipeline)).toBe(true);
        },
      ),
    );
  });
});

describe('a hold', () => {
  const hold: Hold = { pipeline: 'a', deployment: id(6), request: 3 as MergeRequestIid };
  const version = {
    content: { variables: [], sourceStage: {}, stages: [], sinkStage: {} },
    fingerprint: desired,
  };

  test('blocks what would bring back what was rolled back, and nothing else', () => {
    const steps: readonly Step[] = [
      { kind: 'create', name: 'a', desired: version },
      { kind: 'create', name: 'b', desired: version },
    ];
    expect(withHolds(steps, [hold])).toEqual({
      steps: [
        { kind: 'blocked', name: 'a', reason: { kind: 'rolled-back', deployment: 6, request: 3 } },
        steps[1],
      ],
      over: [],
    });
  });

  test('is over where workspace and branch agree', () => {
    const steps: readonly Step[] = [{ kind: 'unchanged', name: 'a', desired: version }];
    expect(withHolds(steps, [hold])).toEqual({ steps, over: ['a'] });
  });
});
