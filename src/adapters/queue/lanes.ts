import { sql, type Kysely, type Transaction } from 'kysely';
import PQueue from 'p-queue';

import type { Clock } from '../../domain/clock.ts';
import type { Job, JobOutcome } from '../../domain/job.ts';
import type { Log } from '../../domain/log.ts';
import { LeaseLost } from '../store/fence.ts';
import { describeStoreFailure } from '../store/store-failure.ts';
import type { Tables } from '../store/schema.ts';
import type { Lease, Leases } from './leases.ts';
import { settleJob } from './settle-job.ts';

/** What a run of a job is given: the job's own log, and the lease of its lane. */
interface Run {
  readonly log: Log;
  readonly lease: Lease;
}

export interface LanesDeps {
  readonly db: Kysely<Tables>;
  readonly leases: Leases;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** Lanes at work at once. */
  readonly concurrency: number;
  /** Runs one job; `tries` counts the tries before this one. */
  readonly run: (job: Job, tries: number, run: Run) => Promise<JobOutcome>;
}

export interface Lanes {
  /** Takes up what processes that are gone left unfinished, and begins. */
  start(): Promise<void>;
  /** Says that there may be new work. */
  wake(): void;
  /** Begins nothing new and waits for what runs, at most so long. */
  stop(graceMs: number): Promise<void>;
}

interface Row {
  readonly id: number;
  readonly lane: string;
  readonly key: string;
  readonly tries: number;
  /** Read by whoever runs it: one that can't be read must not keep those from running that were taken with it. */
  readonly job_json: string;
  readonly lease: Lease;
}

const longestSleepMs = 60_000;
const afterStoreFailureMs = 1_000;
/** So often it is looked whether another process added work, or let go of a lane. The look costs some microseconds (ADR 8). */
const betweenGlancesMs = 1_000;

/**
 * The lanes of one process, over the jobs in a store that other processes may share.
 *
 * A job's row is
 * - `waiting`: to be run from `due_at` on, when its lane is free
 * - `running`: taken by the process that has the lease of its lane; when that is gone, it becomes `waiting` again
 * - `given-up`: kept for people to see; no repetition can help
 * - gone: done
 *
 * Within a lane the oldest job that is due runs first, and never two at once, whichever process runs them. A job runs at least once.
 */
export function createLanes(deps: LanesDeps): Lanes {
  const { db, clock, log } = deps;
  const queue = new PQueue({ concurrency: deps.concurrency });
  const busy = new Set<string>();
  let state: 'new' | 'looking' | 'idle' | 'stopped' = 'new';
  let lookAgain = false;
  let looking: Promise<void> = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function wake(): void {
    if (state === 'looking') lookAgain = true;
    if (state !== 'idle') return;
    state = 'looking';
    clearTimeout(timer);
    looking = look();
  }

  async function look(): Promise<void> {
    let sleepMs = afterStoreFailureMs;
    let version: number | undefined;
    try {
      do {
        lookAgain = false;
        version = await dataVersion();
        for (const row of await claim()) {
          // A row that was claimed while the stop came stays `running`, until its lane is given back.
          if (isStopped()) return;
          busy.add(row.lane);
          void queue.add(() => work(row));
        }
      } while (lookAgain && !isStopped());
      sleepMs = await untilNextDue();
    } catch (error) {
      log.error('the store of jobs failed', { error: describeStoreFailure(error) });
    }
    if (isStopped()) return;
    state = 'idle';
    if (lookAgain) wake();
    else sleep(sleepMs, version);
  }

  function isStopped(): boolean {
    return state === 'stopped';
  }

  /** Sleeps, with an eye on whether another process wrote to the store. */
  function sleep(leftMs: number, version: number | undefined): void {
    const ms = Math.min(leftMs, betweenGlancesMs);
    timer = setTimeout(() => {
      if (leftMs <= ms) wake();
      else void glance(leftMs - ms, version);
    }, ms);
  }

  async function glance(leftMs: number, version: number | undefined): Promise<void> {
    const isSame = await dataVersion().then(
      (now) => now === version,
      () => false,
    );
    if (state !== 'idle') return;
    if (isSame) sleep(leftMs, version);
    else wake();
  }

  /** Another number once another connection has committed (https://www.sqlite.org/pragma.html#pragma_data_version). */
  async function dataVersion(): Promise<number> {
    const { rows } = await sql<{ readonly data_version: number }>`PRAGMA data_version`.execute(db);
    return rows[0]?.data_version ?? 0;
  }

  /** The oldest due job of each free lane, as many as there is room for, marked as running. */
  async function claim(): Promise<readonly Row[]> {
    const room = deps.concurrency - busy.size;
    if (room <= 0) return [];
    return deps.leases.claim((transaction) =>
      transaction
        .updateTable('jobs')
        .set({ status: 'running' })
        .where('id', 'in', oldest(transaction, room))
        .returning(['id', 'lane', 'key', 'tries', 'job_json'])
        .execute(),
    );
  }

  function oldest(transaction: Transaction<Tables>, room: number) {
    return workIn(transaction)
      .select(({ fn }) => fn.min('id').as('id'))
      .where('due_at', '<=', clock.now())
      .groupBy('lane')
      .orderBy('id')
      .limit(room);
  }

  /** What waits in free lanes. One that this process lost to another is not free for it until its own run has ended. */
  function workIn(source: Kysely<Tables>) {
    const all = source
      .selectFrom('jobs')
      .where('status', '=', 'waiting')
      .where('lane', 'not in', source.selectFrom('leases').select('lane'));
    return busy.size > 0 ? all.where('lane', 'not in', [...busy]) : all;
  }

  /** Milliseconds until there is something to look for. The end of a job wakes by itself. */
  async function untilNextDue(): Promise<number> {
    if (busy.size >= deps.concurrency) return longestSleepMs;
    const { at } = await workIn(db)
      .select(({ fn }) => fn.min('due_at').as('at'))
      .executeTakeFirstOrThrow();
    const due = Math.min(Math.max(0, (at ?? Infinity) - clock.now()), longestSleepMs);
    // The end of another process is no write that could be noticed.
    return (await deps.leases.others()).length > 0 ? Math.min(due, betweenGlancesMs) : due;
  }

  async function work(row: Row): Promise<void> {
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
    await settleAtLast(row, outcome, jobLog);
    busy.delete(row.lane);
    wake();
  }

  /** Tries until the end is written: the lane would go on without a trace of what has to run again. */
  async function settleAtLast(row: Row, outcome: JobOutcome, jobLog: Log): Promise<void> {
    for (;;) {
      try {
        const end = { outcome, now: clock.now(), random: deps.random() };
        const isWritten = await deps.leases.release(row.lease, (transaction) =>
          settleJob(transaction, row, end),
        );
        if (!isWritten) jobLog.warn('job cut off: its lane was lost, another process runs it again');
        return;
      } catch (error) {
        jobLog.error('the end of a job could not be written', { error: describeStoreFailure(error) });
      }
      if (isStopped()) return;
      await new Promise((resolve) => void setTimeout(resolve, afterStoreFailureMs));
    }
  }

  return {
    start: async () => {
      // A store that can't be written is told at the start, and what was cut off is freed before anything new begins.
      await deps.leases.claim(async () => []);
      state = 'idle';
      wake();
    },
    wake,
    stop: async (graceMs) => {
      state = 'stopped';
      clearTimeout(timer);
      let deadline: ReturnType<typeof setTimeout> | undefined;
      await Promise.race([
        looking.then(() => queue.onIdle()),
        new Promise<void>((resolve) => {
          deadline = setTimeout(resolve, graceMs);
        }),
      ]);
      clearTimeout(deadline);
    },
  };
}
