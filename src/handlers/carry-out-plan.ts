import PQueue from 'p-queue';

import type { Workspace } from '../domain/aic.ts';
import type { Deployment, Item } from '../domain/deployment.ts';
import { writeConfig } from '../domain/pipeline-config.ts';
import type { Provenance } from '../domain/provenance.ts';
import type { Step } from '../domain/plan.ts';
import { settle, type Settled } from '../domain/settle.ts';
import type { WorkspaceKey } from '../domain/store.ts';
import { carryOut, type Save } from './carry-out.ts';
import type { BranchPorts } from './ports.ts';
import type { Progress } from './progress.ts';

/**
 * Carries out the steps of a begun deployment: writes down the plan and what it will overwrite, then each step before and after its effect. Once
 * cancelled, it begins no further item. Resolves with the items as they then stand, or `stopped` when the bot is shutting down.
 * @param before the items of an earlier run of the same deployment
 */
export async function carryOutPlan(
  ports: BranchPorts,
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
    readonly workspace: Workspace | undefined;
    readonly workspaceKey: WorkspaceKey;
    readonly progress: Progress;
  },
): Promise<readonly Item[] | 'stopped'> {
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
  let hasStopped = false;
  const work = async (one: Settled) => {
    const by = writes(one) ? await store.cancelledBy(deployment.id) : undefined;
    if (by === undefined) hasStopped ||= (await carryOut(one, workspace, save)) === 'stopped';
    else
      await save({
        pipeline: one.item.pipeline,
        state: { kind: 'blocked', reason: { kind: 'cancelled', by } },
      });
  };
  const queue = new PQueue({ concurrency: ports.settings.itemsAtOnce });
  const done = await Promise.allSettled(settled.map((one) => queue.add(() => work(one))));
  await progress.ended();
  for (const one of done) if (one.status === 'rejected') throw one.reason;
  return hasStopped ? 'stopped' : [...items.values()];
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
