import type { Kysely } from 'kysely';
import PQueue from 'p-queue';

import type { Clock } from '../../domain/clock.ts';
import { pauseAfter, type Job, type JobOutcome } from '../../domain/job.ts';
import type { Log } from '../../domain/log.ts';
import type { Tables } from '../store/schema.ts';

export interface LanesDeps {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** Lanes at work at once. */
  readonly concurrency: number;
  /** Runs one job; `tries` counts the tries before this one. */
  readonly run: (job: Job, tries: number, log: Log) => Promise<JobOutcome>;
}

export interface Lanes {
  /** Takes up what was unfinished at the last stop, and begins. */
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
  readonly job: Job;
}

const firstPauseMs = 1_000;
const longestSleepMs = 60_000;
const afterStoreFailureMs = 1_000;

/**
 * The lanes of one process, over the jobs in its store.
 *
 * A job's row is
 * - `waiting`: to be run from `due_at` on, when its lane is free
 * - `running`: taken by this process; after a crash it becomes `waiting` again at the start
 * - `given-up`: kept for people to see; no repetition can help
 * - gone: done
 *
 * Within a lane the oldest job that is due runs first, and never two at once. A job runs at least once. Only one process may use
 * the store.
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
    try {
      do {
        lookAgain = false;
        for (const row of await claim()) {
          // A row that was claimed while the stop came stays `running`, and is taken up at the next start.
          if (isStopped()) return;
          busy.add(row.lane);
          void queue.add(() => work(row));
        }
      } while (lookAgain && !isStopped());
      sleepMs = await untilNextDue();
    } catch (error) {
      log.error('the store of jobs failed', { error: String(error) });
    }
    if (isStopped()) return;
    state = 'idle';
    if (lookAgain) wake();
    else timer = setTimeout(wake, sleepMs);
  }

  function isStopped(): boolean {
    return state === 'stopped';
  }

  /** The oldest due job of each free lane, as many as there is room for, marked as running. */
  async function claim(): Promise<readonly Row[]> {
    const room = deps.concurrency - busy.size;
    if (room <= 0) return [];
    let oldest = db
      .selectFrom('jobs')
      .select(({ fn }) => fn.min('id').as('id'))
      .where('status', '=', 'waiting')
      .where('due_at', '<=', clock.now())
      .groupBy('lane')
      .orderBy('id')
      .limit(room);
    if (busy.size > 0) oldest = oldest.where('lane', 'not in', [...busy]);
    const rows = await db
      .updateTable('jobs')
      .set({ status: 'running' })
      .where('id', 'in', oldest)
      .returning(['id', 'lane', 'key', 'tries', 'job_json'])
      .execute();
    return rows.map(({ job_json: json, ...row }) => {
      const job: Job = JSON.parse(json);
      return { ...row, job };
    });
  }

  /** Milliseconds until there is something to look for. The end of a job wakes by itself. */
  async function untilNextDue(): Promise<number> {
    if (busy.size >= deps.concurrency) return longestSleepMs;
    let next = db
      .selectFrom('jobs')
      .select(({ fn }) => fn.min('due_at').as('at'))
      .where('status', '=', 'waiting');
    if (busy.size > 0) next = next.where('lane', 'not in', [...busy]);
    const { at } = await next.executeTakeFirstOrThrow();
    return Math.min(Math.max(0, (at ?? Infinity) - clock.now()), longestSleepMs);
  }

  async function work(row: Row): Promise<void> {
    const jobLog = log.with({ job: row.id, lane: row.lane });
    const startedAt = clock.now();
    let outcome: JobOutcome;
    try {
      outcome = await deps.run(row.job, row.tries, jobLog);
    } catch (error) {
      jobLog.error('job broke off', {
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      outcome = { kind: 'again', reason: 'an internal error; the log has it' };
    }
    const reason = 'reason' in outcome ? { reason: outcome.reason } : {};
    const line = {
      kind: row.job.kind,
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
        await settle(row, outcome);
        return;
      } catch (error) {
        jobLog.error('the end of a job could not be written', { error: String(error) });
      }
      if (isStopped()) return;
      await new Promise((resolve) => void setTimeout(resolve, afterStoreFailureMs));
    }
  }

  async function settle(row: Row, outcome: JobOutcome): Promise<void> {
    switch (outcome.kind) {
      case 'done':
        await db.deleteFrom('jobs').where('id', '=', row.id).execute();
        return;
      case 'given-up':
        await db
          .updateTable('jobs')
          .set({ status: 'given-up', reason: outcome.reason })
          .where('id', '=', row.id)
          .execute();
        return;
      case 'stopped':
        await backToWaiting(row, { due_at: clock.now() });
        return;
      case 'again': {
        const tries = row.tries + 1;
        const pause = pauseAfter(tries, firstPauseMs, deps.random());
        await backToWaiting(row, { due_at: clock.now() + pause, tries, reason: outcome.reason });
      }
    }
  }

  /** A job of the same key that came meanwhile does the work of both, as soon as the first of them is due. */
  async function backToWaiting(
    row: Row,
    values: { readonly due_at: number; readonly tries?: number; readonly reason?: string },
  ): Promise<void> {
    await db.transaction().execute(async (transaction) => {
      const newer = await transaction
        .selectFrom('jobs')
        .select(['id', 'due_at'])
        .where('key', '=', row.key)
        .where('status', '=', 'waiting')
        .executeTakeFirst();
      if (newer === undefined) {
        const back = transaction.updateTable('jobs').set({ status: 'waiting', ...values });
        await back.where('id', '=', row.id).execute();
      } else {
        await transaction.deleteFrom('jobs').where('id', '=', row.id).execute();
        const sooner = transaction.updateTable('jobs').set({ due_at: Math.min(newer.due_at, values.due_at) });
        await sooner.where('id', '=', newer.id).execute();
      }
    });
  }

  return {
    start: async () => {
      // A waiting job that also stands for a cut-off one need not wait any more.
      await db
        .updateTable('jobs')
        .set({ due_at: 0 })
        .where('status', '=', 'waiting')
        .where('key', 'in', db.selectFrom('jobs').select('key').where('status', '=', 'running'))
        .execute();
      const newestRunning = db
        .selectFrom('jobs')
        .select(({ fn }) => fn.max('id').as('id'))
        .where('status', '=', 'running')
        .groupBy('key');
      const left = await db
        .updateTable('jobs')
        .set({ status: 'waiting' })
        .where('status', '=', 'running')
        .where('key', 'not in', db.selectFrom('jobs').select('key').where('status', '=', 'waiting'))
        .where('id', 'in', newestRunning)
        .executeTakeFirst();
      await db.deleteFrom('jobs').where('status', '=', 'running').execute();
      if (left.numUpdatedRows > 0n)
        log.info('took up unfinished jobs', { jobs: Number(left.numUpdatedRows) });
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
