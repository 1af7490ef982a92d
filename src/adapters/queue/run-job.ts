import type { Clock } from '../../domain/shared/clock.ts';
import { breakId } from '../../domain/jobs/broken-job.ts';
import type { DueJob, Job, JobOutcome } from '../../domain/jobs/job.ts';
import type { Log } from '../../domain/shared/log.ts';
import { LeaseLost } from '../store/engines/fence.ts';
import type { JobsAdded } from '../store/tables/rows.ts';
import { describeStoreFailure } from '../store/engines/store-failure.ts';
import type { Lease, Leases } from './leases.ts';
import { settleBreak } from './end-broken-job.ts';
import { settleJob } from './end-job.ts';
import type { JobRow } from './claim-job.ts';

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
  /** Told of the jobs that a break of another one leads to. */
  readonly jobsAdded: JobsAdded;
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
  let job: Job | undefined;
  let outcome: JobOutcome | 'broke off';
  let reason = {};
  try {
    const parsed: Job = JSON.parse(row.job_json);
    job = parsed;
    outcome = await deps.run(parsed, row.tries, { log: jobLog, lease: row.lease });
    // Throws for a job that only a later version knows: no case of any switch gave it an outcome.
    if ('reason' in outcome) reason = { reason: outcome.reason };
  } catch (error) {
    if (error instanceof LeaseLost) outcome = { kind: 'stopped' };
    else {
      jobLog.error('job broke off', {
        id: await breakId(row.key),
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      outcome = 'broke off';
    }
  }
  const kind = outcome === 'broke off' ? outcome : outcome.kind;
  const line = {
    kind: job?.kind ?? 'unknown',
    outcome: kind,
    tries: row.tries,
    ms: clock.now() - startedAt,
    ...reason,
  };
  if (kind === 'done' || kind === 'stopped') jobLog.info('job', line);
  else jobLog.warn('job', line);
  await settleAtLast(deps, row, { outcome, job }, jobLog);
}

interface Settling {
  readonly outcome: JobOutcome | 'broke off';
  readonly job: Job | undefined;
}

/** So often it is tried to write down with a break whom it has to be told. */
const triesWithTelling = 3;

/** Tries until the end is written: the lane would go on without a trace of what has to run again. */
async function settleAtLast(
  deps: RunDeps & Stopping,
  row: TakenJob,
  { outcome, job }: Settling,
  jobLog: Log,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      const end = { now: deps.clock.now(), random: deps.random() };
      let told: readonly DueJob[] = [];
      const isWritten = await deps.leases.release(row.lease, async (transaction) => {
        if (outcome === 'broke off')
          told = await settleBreak(transaction, row, { ...end, job, isPlain: tries > triesWithTelling });
        else await settleJob(transaction, row, { ...end, outcome });
      });
      if (!isWritten) jobLog.warn('job cut off: its lane was lost, another process runs it again');
      else if (told.length > 0) deps.jobsAdded(told);
      return;
    } catch (error) {
      jobLog.error('the end of a job could not be written', { error: describeStoreFailure(error) });
    }
    if (deps.isStopped()) return;
    await new Promise((resolve) => void setTimeout(resolve, afterStoreFailureMs));
  }
}
