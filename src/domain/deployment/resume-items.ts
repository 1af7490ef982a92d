import type { Item, ItemState } from './deployment.ts';
import type { Step } from './plan/plan-step.ts';

/** A step and how its item stands before the step is carried out. */
export interface Settled {
  readonly step: Exclude<Step, { kind: 'gone' }>;
  readonly item: Item;
}

/**
 * How the items of a plan stand at its beginning. After a crash, an item that was being written and now equals what was
 * wanted was written: the workspace tells what the process could no longer write down.
 * @param before the items of the run that was cut off
 */
export function settle(steps: readonly Step[], before: readonly Item[]): readonly Settled[] {
  const earlier = new Map(before.map((item) => [item.pipeline, item.state]));
  return steps.flatMap((step) =>
    step.kind === 'gone'
      ? []
      : [{ step, item: { pipeline: step.name, state: stateOf(step, earlier.get(step.name)) } }],
  );
}

function stateOf(step: Settled['step'], before: ItemState | undefined): ItemState {
  switch (step.kind) {
    case 'create':
    case 'update':
      return {
        kind: 'planned',
        effect: step.kind,
        desired: step.desired.fingerprint,
        ...driftOf(step.kind === 'update' && step.drifted),
      };
    case 'unchanged':
      return writtenBefore(before, step.desired.fingerprint) ?? { kind: 'unchanged' };
    case 'left':
      return { kind: 'left' };
    case 'blocked':
    case 'failed':
      return { kind: step.kind, reason: step.reason };
  }
}

function writtenBefore(before: ItemState | undefined, desired: string): ItemState | undefined {
  if (before === undefined || !('desired' in before) || before.desired !== desired) return undefined;
  switch (before.kind) {
    case 'created':
    case 'updated':
      return before;
    case 'writing':
      return {
        kind: before.effect === 'create' ? 'created' : 'updated',
        desired: before.desired,
        ...(before.drifted === true ? { drifted: true, remark: 'overwrote-drift' } : {}),
      };
    case 'planned':
      return undefined;
  }
}

/** The mark of an item that overwrites what somebody changed by hand. */
export function driftOf(isDrifted: boolean): { readonly drifted?: true } {
  return isDrifted ? { drifted: true } : {};
}
