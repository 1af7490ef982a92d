import type { Clock } from '../../domain/clock.ts';
import type { Job, JobOutcome } from '../../domain/job.ts';
import type { Log } from '../../domain/log.ts';
import { LeaseLost } from '../store/fence.ts';
import { describeStoreFailure } from '../store/store-failure.ts';
import type { Lease, Leases } from './leases.ts';
import { settleJob } from './settle-job.ts';
import type { JobRow } from './take-job.ts';

/** A job whose lane was taken for it. */
export interface TakenJob extends JobRow {
  readonly lease: Lease;
}

/** What a run of a job is given: the job's own log, and the lease of its lane. */
interface Run {
  readonly log: Log;
  readonly lease: Lease;
}

/** What is needed to run jobs. */
export interface RunDeps {
  readonly leases: Leases;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** Runs one job; `tries` counts the tries before this one. */
  readonly run: (job: Job, tries: number, run: Run) => Promise<JobOutcome>;
}

interface Stopping {
  /** Whether nobody may be kept waiting any more. */
  readonly isStopped: () => boolean;
}

/** How long to wait before the store is asked again after it failed. */
export const afterStoreFailureMs = 1_000;

/** Runs a job and writes how it ended, whatever happens. */
export async function runTaken(deps: RunDeps & Stopping, row: TakenJob): Promise<void> {
  const { clock, log } = deps;
  const jobLog = log.with({ job: row.id, lane: row.lane });
  const startedAt = clock.now();
  let outcome: JobOutcome;
  let kind = 'unknown';
  let reason = {};
  try {
    const job: Job = JSON.parse(row.job_json);
    kind = job.kind;
    outcome = await deps.run(job, row.tries, { log: jobLog, lease: row.lease });
    // Throws for a job that only a later version knows: no case of any switch gave it an outcome.
    if ('reason' in outcome) reason = { reason: outcome.reason };
  } catch (error) {
    if (error instanceof LeaseLost) outcome = { kind: 'stopped' };
    else {
      jobLog.error('job broke off', {
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      const said = 'an internal error; the log has it';
      reason = { reason: said };
      outcome = { kind: 'again', reason: said };
    }
  }
  const line = {
    kind,
    outcome: outcome.kind,
    tries: row.tries,
    ms: clock.now() - startedAt,
    ...reason,
  };
  if (outcome.kind === 'done' || outcome.kind === 'stopped') jobLog.info('job', line);
  else jobLog.warn('job', line);
  await settleAtLast(deps, row, outcome, jobLog);
}

/** Tries until the end is written: the lane would go on without a trace of what has to run again. */
async function settleAtLast(
  deps: RunDeps & Stopping,
  row: TakenJob,
  outcome: JobOutcome,
  jobLog: Log,
): Promise<void> {
  for (;;) {
    try {
      const end = { outcome, now: deps.clock.now(), random: deps.random() };
      const isWritten = await deps.leases.release(row.lease, (transaction) =>
        settleJob(transaction, row, end),
      );
      if (!isWritten) jobLog.warn('job cut off: its lane was lost, another process runs it again');
      return;
    } catch (error) {
      jobLog.error('the end of a job could not be written', { error: describeStoreFailure(error) });
    }
    if (deps.isStopped()) return;
    await new Promise((resolve) => void setTimeout(resolve, afterStoreFailureMs));
  }
}
