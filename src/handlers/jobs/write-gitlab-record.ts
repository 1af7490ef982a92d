import type { JobOutcome, RecordJob, StatusJob } from '../../domain/jobs/job.ts';
import { environmentOf, recordStateOf } from '../../domain/gitlab/deployment-records.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';
import { notDone } from './job-outcome.ts';
import type { BranchPorts } from '../shared/ports.ts';

/**
 * Makes GitLab's record of a deployment tell how the deployment stands now. It is added once: before that, one that an earlier try added, whose answer was
 * lost, is looked for.
 */
export async function writeRecord(ports: BranchPorts, job: RecordJob): Promise<JobOutcome> {
  const { gitlab, store } = ports;
  const found = await store.deployment(job.deployment);
  if (found === undefined) return { kind: 'done' };
  const { head, branch, workspace, status } = found.deployment;
  const state = recordStateOf(status);
  const record = { environment: await environmentOf(workspace.workspace), commit: head, ref: branch };
  const known = await store.recordOf(job.deployment);
  if (known !== undefined) {
    if (state === 'running') return { kind: 'done' };
    const ended = await gitlab.endRecord(job.projectId, known, state);
    return ended.ok ? { kind: 'done' } : withoutRight(ended.failure);
  }
  const earlier = await gitlab.findRecords(job.projectId, record);
  if (!earlier.ok) return withoutRight(earlier.failure);
  const taken = await store.takenRecords(job.projectId, earlier.value);
  const own = earlier.value.find((id) => !taken.has(id));
  if (own !== undefined) {
    await store.saveRecord(job.deployment, own);
    return writeRecord(ports, job);
  }
  const added = await gitlab.addRecord(job.projectId, { ...record, state });
  if (!added.ok) return withoutRight(added.failure);
  await store.saveRecord(job.deployment, added.value);
  return { kind: 'done' };
}

/** Gives the commit its status. */
export async function writeStatus({ gitlab }: BranchPorts, job: StatusJob): Promise<JobOutcome> {
  const { projectId, commit, kind: _kind, ...status } = job;
  const put = await gitlab.putStatus(projectId, commit, status);
  return put.ok ? { kind: 'done' } : withoutRight(put.failure);
}

/** A project that does not let the bot keep records does without. */
function withoutRight(failure: UpstreamFailure): JobOutcome {
  const outcome = notDone(failure);
  return failure.reason === 'denied' && outcome.kind === 'again'
    ? { kind: 'given-up', reason: outcome.reason }
    : outcome;
}
