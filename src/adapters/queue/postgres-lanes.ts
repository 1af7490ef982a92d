import { EventEmitter } from 'node:events';

import { parseCronItems, run, type Runner, type WorkerEvents } from 'graphile-worker';
import type { Kysely, Transaction } from 'kysely';
import { sql } from 'kysely';
import type { Pool } from 'pg';
import { z } from 'zod';

import { describeStoreFailure } from '../store/engines/store-failure.ts';
import type { Tables } from '../store/tables/schema.ts';
import type { Lanes } from './sqlite-lanes.ts';
import { quietLogger } from './quiet-logger.ts';
import { afterStoreFailureMs, runTaken, type RunDeps } from './run-job.ts';
import { nextDueIn, takeJob } from './claim-job.ts';

/** What the lanes of a replica are made of. */
export interface ReplicaLanesDeps extends RunDeps {
  readonly db: Kysely<Tables>;
  readonly pool: Pool;
  /** Lanes at work at once. */
  readonly concurrency: number;
  /** How often it is looked whether another process is gone, in milliseconds. */
  readonly betweenLooksMs: number;
  /** Sees, every minute in one of the processes, that what always waits does wait. */
  readonly everyMinute: () => Promise<void>;
}

const payload = z.object({ lane: z.string() });
/** The lane by which a process shows that it lives. */
const replicaLane = 'replica:';
/** Clocks of the database and of this machine differ; a lane that is woken early is not woken again at once. */
const leastPauseMs = 50;
/** New work is told at once; what comes due is looked for. */
const betweenPollsMs = 1_000;

/**
 * The lanes of one of several processes over one PostgreSQL. graphile-worker tells one of them when a lane has something to do; the lane's
 * lease and the jobs in the store do the rest, as on the other engines (ADR 15). Dead processes are known by the lease that each of them has on
 * itself: with it goes what graphile-worker keeps locked for it, which else would wait for four hours.
 */
export function createReplicaLanes(deps: ReplicaLanesDeps): Lanes {
  const { db, clock, log, leases } = deps;
  let stopped = false;
  let runner: Runner | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let looking: Promise<void> = Promise.resolve();
  let presence: AbortSignal | undefined;
  let poolId = '';

  async function work(lane: string): Promise<void> {
    for (;;) {
      try {
        const now = clock.now();
        const [taken] = await leases.claim((transaction) => takeJob(transaction, lane, now));
        if (taken !== undefined) await runTaken({ ...deps, isStopped: () => stopped }, taken);
        else await wakeLater(lane);
        return;
      } catch (error) {
        log.error('the store of jobs failed', { error: describeStoreFailure(error) });
        if (stopped) throw error;
      }
      await new Promise((resolve) => void setTimeout(resolve, afterStoreFailureMs));
    }
  }

  /** Where somebody has the lane, it is woken when they give it back. */
  async function wakeLater(lane: string): Promise<void> {
    const due = await nextDueIn(db, lane);
    if (due === undefined) return;
    const held = await db.selectFrom('leases').select('fence').where('lane', '=', lane).executeTakeFirst();
    if (held === undefined) await wakeLane(db, lane, Math.max(due, clock.now() + leastPauseMs));
  }

  function isShown(): boolean {
    return presence !== undefined && !presence.aborted;
  }

  /** Shows that this process lives, and looks after those that do not. */
  async function look(): Promise<void> {
    try {
      const [shown] = await leases.claim(async () => (isShown() ? [] : [{ lane: replicaLane + poolId }]));
      if (shown !== undefined) presence = shown.lease.lost;
    } catch (error) {
      log.error('the store of jobs failed', { error: describeStoreFailure(error) });
    }
    if (!stopped) timer = setTimeout(() => (looking = look()), deps.betweenLooksMs);
  }

  return {
    start: async () => {
      const events: WorkerEvents = new EventEmitter();
      events.once('pool:create', ({ workerPool }) => (poolId = workerPool.id));
      runner = await run({
        pgPool: deps.pool,
        concurrency: deps.concurrency,
        pollInterval: betweenPollsMs,
        noHandleSignals: true,
        logger: quietLogger,
        events,
        taskList: {
          lane: (given) => work(payload.parse(given).lane),
          minute: () => deps.everyMinute(),
        },
        parsedCronItems: parseCronItems([
          { task: 'minute', match: '* * * * *', options: { jobKey: 'minute', maxAttempts: 1 } },
        ]),
      });
      runner.promise.catch((error: unknown) => {
        if (!stopped) log.error('the queue of lanes ended', { error: describeStoreFailure(error) });
      });
      looking = look();
      await looking;
    },
    // Whoever adds a job wakes its lane in the same transaction.
    wake: () => {},
    stop: async (graceMs) => {
      stopped = true;
      clearTimeout(timer);
      let deadline: ReturnType<typeof setTimeout> | undefined;
      await Promise.race([
        looking.then(() => runner?.stop()),
        new Promise<void>((resolve) => {
          deadline = setTimeout(resolve, graceMs);
        }),
      ]);
      clearTimeout(deadline);
    },
  };
}

/** Frees what graphile-worker keeps for processes that are gone. */
export async function unlockTasks(transaction: Transaction<Tables>, lanes: readonly string[]): Promise<void> {
  const pools = lanes
    .filter((lane) => lane.startsWith(replicaLane))
    .map((lane) => lane.slice(replicaLane.length));
  if (pools.length > 0) await sql`select graphile_worker.force_unlock_workers(${pools})`.execute(transaction);
}

async function wakeLane(db: Kysely<Tables>, lane: string, at: number): Promise<void> {
  await sql`select wake_lane(${lane}, ${at})`.execute(db);
}
