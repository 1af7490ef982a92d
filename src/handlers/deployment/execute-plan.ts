import PQueue from 'p-queue';

import type { Pipelines } from '../../domain/aic/aic.ts';
import {
  endedItems,
  type Deployment,
  type EndedItem,
  type Item,
} from '../../domain/deployment/deployment.ts';
import { writeConfig } from '../../domain/pipeline/config.ts';
import type { Provenance } from '../../domain/deployment/gate/provenance.ts';
import type { Step } from '../../domain/deployment/plan/plan-step.ts';
import { settle, type Settled } from '../../domain/deployment/resume-items.ts';
import type { Store } from '../../domain/store/store.ts';
import type { WorkspaceKey } from '../../domain/store/state.ts';
import { carryOut, type Save } from './execute-step.ts';
import type { Progress } from './progress-comment.ts';

interface CarryOutPorts {
  readonly store: Pick<Store, 'plan' | 'saveItem' | 'cancelledBy'>;
  readonly settings: { readonly itemsAtOnce: number };
}

/**
 * Carries out the steps of a begun deployment: writes down the plan and what it will overwrite, then each step before and after its effect. Once
 * cancelled or stopped, it begins no further item. Resolves with the items once each has ended, or `stopped` when the bot is shutting down.
 * @param before the items of an earlier run of the same deployment
 */
export async function carryOutPlan(
  ports: CarryOutPorts,
  {
    deployment,
    steps,
    provenance = new Map(),
    before,
    workspace,
    workspaceKey,
    progress,
  }: {
    readonly deployment: Deployment;
    readonly steps: readonly Step[];
    /** What the content of each pipeline came from, where that is known. */
    readonly provenance?: ReadonlyMap<string, Provenance | undefined>;
    readonly before: readonly Item[];
    readonly workspace: Pipelines | undefined;
    readonly workspaceKey: WorkspaceKey;
    readonly progress: Progress;
  },
): Promise<readonly EndedItem[] | 'stopped'> {
  const { store } = ports;
  const settled = settle(steps, before);
  const items = new Map(kept(before, steps).map((item) => [item.pipeline, item]));
  const traced = (item: Item): Item => {
    const its = provenance.get(item.pipeline);
    return its === undefined ? item : { ...item, provenance: its };
  };
  for (const { item } of settled) items.set(item.pipeline, traced(item));
  await store.plan(deployment.id, [...items.values()], snapshotsFor(settled));
  progress.show([...items.values()]);

  const save: Save = async (item, holds) => {
    items.set(item.pipeline, traced(item));
    const now = holds === undefined ? undefined : { key: workspaceKey, fingerprint: holds };
    await store.saveItem(deployment.id, item, now);
    progress.show([...items.values()]);
  };
  // Several run at once: what one learns it only ever raises, and whether to end is told by what all of them returned.
  const stop = new AbortController();
  const work = async (one: Settled): Promise<'done' | 'stopped'> => {
    if (stop.signal.aborted) return 'stopped';
    const by = writes(one) ? await store.cancelledBy(deployment.id) : undefined;
    if (by !== undefined) {
      const reason = { kind: 'cancelled', by } as const;
      await save({ pipeline: one.item.pipeline, state: { kind: 'blocked', reason } });
      return 'done';
    }
    const end = await carryOut(one, workspace, save);
    if (end === 'stopped') stop.abort();
    return end;
  };
  const queue = new PQueue({ concurrency: ports.settings.itemsAtOnce });
  const done = await Promise.allSettled(settled.map((one) => queue.add(() => work(one))));
  await progress.ended();
  for (const one of done) if (one.status === 'rejected') throw one.reason;
  if (done.some((one) => one.status === 'fulfilled' && one.value === 'stopped')) return 'stopped';
  const ended = endedItems([...items.values()]);
  if (ended === undefined) throw new Error(`deployment ${deployment.id} has items that nobody carried out`);
  return ended;
}

function writes({ step }: Settled): boolean {
  return step.kind === 'create' || step.kind === 'update';
}

/** What an earlier run of the same deployment did to pipelines that this run does not look at. */
function kept(before: readonly Item[], steps: readonly Step[]): readonly Item[] {
  const now = new Set(steps.map((step) => step.name));
  return before.filter((item) => !now.has(item.pipeline));
}

function snapshotsFor(settled: readonly Settled[]) {
  return settled.flatMap(({ step }) =>
    step.kind === 'update'
      ? [
          {
            pipeline: step.name,
            fingerprint: step.overwrites.fingerprint,
            config: writeConfig(step.name, step.overwrites.content),
          },
        ]
      : [],
  );
}
