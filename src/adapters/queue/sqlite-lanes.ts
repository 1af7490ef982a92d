import { sql, type Kysely } from 'kysely';
import PQueue from 'p-queue';

import { describeStoreFailure } from '../store/engines/store-failure.ts';
import type { Tables } from '../store/tables/schema.ts';
import { afterStoreFailureMs, runTaken, type RunDeps, type TakenJob } from './run-job.ts';
import { beginJobs, waitingIn } from './claim-job.ts';

/** What the lanes of a process on SQLite are made of. */
export interface LanesDeps extends RunDeps {
  readonly db: Kysely<Tables>;
  /** Lanes at work at once. */
  readonly concurrency: number;
}

/** The lanes of a process, and the work in them. */
export interface Lanes {
  /** Takes up what processes that are gone left unfinished, and begins. */
  start(): Promise<void>;
  /** Says that there may be new work that is due at that moment, in milliseconds since 1970; at once where it is left out. */
  wake(at?: number): void;
  /** Begins nothing new and waits for what runs, at most so long. */
  stop(graceMs: number): Promise<void>;
}

const longestSleepMs = 60_000;
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
  /** When to look again, and what the store's version was at the last look. */
  let next = { at: 0, version: undefined as number | undefined };

  function wake(at = 0): void {
    if (state === 'looking') lookAgain = true;
    if (state !== 'idle') return;
    if (at > clock.now()) {
      if (at < next.at) sleep({ ...next, at });
      return;
    }
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
    else sleep({ at: clock.now() + sleepMs, version });
  }

  function isStopped(): boolean {
    return state === 'stopped';
  }

  /** Sleeps, with an eye on whether another process wrote to the store. */
  function sleep(until: typeof next): void {
    next = until;
    clearTimeout(timer);
    const leftMs = Math.max(0, next.at - clock.now());
    timer = setTimeout(
      () => void (leftMs <= betweenGlancesMs ? wake() : glance()),
      Math.min(leftMs, betweenGlancesMs),
    );
  }

  async function glance(): Promise<void> {
    const isSame = await dataVersion().then(
      (now) => now === next.version,
      () => false,
    );
    if (state !== 'idle') return;
    if (isSame) sleep(next);
    else wake();
  }

  /** Another number once another connection has committed (https://www.sqlite.org/pragma.html#pragma_data_version). */
  async function dataVersion(): Promise<number> {
    const { rows } = await sql<{ readonly data_version: number }>`PRAGMA data_version`.execute(db);
    return rows[0]?.data_version ?? 0;
  }

  /** The oldest due job of each free lane, as many as there is room for, marked as running. */
  async function claim(): Promise<readonly TakenJob[]> {
    const room = deps.concurrency - busy.size;
    if (room <= 0) return [];
    return deps.leases.claim(async (transaction) => {
      const oldest = await freeIn(transaction)
        .select(({ fn }) => fn.min('id').as('id'))
        .where('due_at', '<=', clock.now())
        .groupBy('lane')
        .orderBy('id')
        .limit(room)
        .execute();
      return beginJobs(
        transaction,
        oldest.map(({ id }) => id),
      );
    });
  }

  /** What waits in free lanes. One that this process lost to another is not free for it until its own run has ended. */
  function freeIn(source: Kysely<Tables>) {
    const all = waitingIn(source);
    return busy.size > 0 ? all.where('lane', 'not in', [...busy]) : all;
  }

  /** Milliseconds until there is something to look for. The end of a job wakes by itself. */
  async function untilNextDue(): Promise<number> {
    if (busy.size >= deps.concurrency) return longestSleepMs;
    const { at } = await freeIn(db)
      .select(({ fn }) => fn.min('due_at').as('at'))
      .executeTakeFirstOrThrow();
    const due = Math.min(Math.max(0, (at ?? Infinity) - clock.now()), longestSleepMs);
    // The end of another process is no write that could be noticed.
    return (await deps.leases.others()).length > 0 ? Math.min(due, betweenGlancesMs) : due;
  }

  async function work(row: TakenJob): Promise<void> {
    await runTaken({ ...deps, isStopped }, row);
    busy.delete(row.lane);
    wake();
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
