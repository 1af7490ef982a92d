import type { Pipelines } from '../../domain/aic/aic.ts';
import type { Item, ItemState, Remark } from '../../domain/deployment/deployment.ts';
import { fingerprintOf, type Fingerprint } from '../../domain/pipeline/fingerprint.ts';
import type { PipelineId } from '../../domain/shared/ids.ts';
import type { Step } from '../../domain/deployment/plan/plan-step.ts';
import { isStop, type Reason } from '../../domain/report/reason.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';
import { driftOf, type Settled } from '../../domain/deployment/resume-items.ts';

type Write = Extract<Step, { kind: 'create' | 'update' }>;

/** Writes down an item; with a fingerprint also what the workspace now holds of it. */
export type Save = (item: Item, holds?: Fingerprint) => Promise<void>;

/**
 * Carries out one step: write down, write, read back, write down. Returns `stopped` when the bot is shutting down: the item stays
 * `writing`, and the next run sees in the workspace what became of it.
 */
export async function carryOut(
  { step, item }: Settled,
  workspace: Pipelines | undefined,
  save: Save,
): Promise<'done' | 'stopped'> {
  switch (step.kind) {
    case 'unchanged':
      await save(item, step.desired.fingerprint);
      return 'done';
    case 'left':
    case 'blocked':
    case 'failed':
      return 'done';
    case 'create':
    case 'update': {
      if (workspace === undefined) throw new Error(`there is no workspace to write ${step.name} to`);
      const desired = step.desired.fingerprint;
      const drift = driftOf(step.kind === 'update' && step.drifted);
      await save({ pipeline: step.name, state: { kind: 'writing', effect: step.kind, desired, ...drift } });
      const written = await write(workspace, step);
      if (!written.ok) {
        if (isStop(written.failure)) return 'stopped';
        await save({ pipeline: step.name, state: stuck(written.failure) });
        return 'done';
      }
      const read = await workspace.read(written.value);
      if (!read.ok && isStop(read.failure)) return 'stopped';
      const holds = read.ok ? await fingerprintOf(read.value) : desired;
      const remark = remarkOn(step, { holds, readBack: read.ok });
      const state: ItemState = {
        kind: step.kind === 'create' ? 'created' : 'updated',
        desired,
        ...drift,
        ...(remark === undefined ? {} : { remark }),
      };
      await save({ pipeline: step.name, state }, holds);
      return 'done';
    }
  }
}

async function write(workspace: Pipelines, step: Write): Promise<Result<PipelineId, Reason>> {
  if (step.kind === 'update') {
    const updated = await workspace.update(step.id, step.name, step.desired.content);
    return updated.ok ? ok(step.id) : fail({ kind: 'upstream', failure: updated.failure });
  }
  const created = await workspace.create(step.name, step.desired.content);
  if (created.ok) return created;
  const conflict: Reason = { kind: 'upstream', failure: created.failure };
  return created.failure.reason === 'conflict' ? adopt(workspace, step, conflict) : fail(conflict);
}

/** The title exists after all: either an earlier try of ours took effect, or somebody was faster. The content tells. */
async function adopt(
  workspace: Pipelines,
  step: Write,
  conflict: Reason,
): Promise<Result<PipelineId, Reason>> {
  const listed = await workspace.pipelines();
  if (!listed.ok) return fail({ kind: 'upstream', failure: listed.failure });
  const same = listed.value.filter((pipeline) => pipeline.title === step.name);
  const [one] = same;
  if (one === undefined) return fail(conflict);
  if (same.length > 1) return fail({ kind: 'ambiguous-title', count: same.length });
  const content = await workspace.read(one.id);
  if (!content.ok) return content;
  const ours = (await fingerprintOf(content.value)) === step.desired.fingerprint;
  return ours ? ok(one.id) : fail({ kind: 'drift' });
}

function stuck(reason: Reason): ItemState {
  return reason.kind === 'drift' ? { kind: 'blocked', reason } : { kind: 'failed', reason };
}

function remarkOn(
  step: Write,
  after: { readonly holds: Fingerprint; readonly readBack: boolean },
): Remark | undefined {
  if (!after.readBack) return 'not-read-back';
  if (after.holds !== step.desired.fingerprint) return 'stored-differently';
  return step.kind === 'update' && step.drifted ? 'overwrote-drift' : undefined;
}
