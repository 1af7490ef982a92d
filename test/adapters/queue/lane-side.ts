import process from 'node:process';

import { z } from 'zod';

import { createLog } from '../../../src/adapters/log.ts';
import { hasEnded, thisProcess } from '../../../src/adapters/queue/lease-holder.ts';
import { createLanes } from '../../../src/adapters/queue/sqlite-lanes.ts';
import { createLeases } from '../../../src/adapters/queue/leases.ts';
import { createReplicaLanes, unlockTasks } from '../../../src/adapters/queue/postgres-lanes.ts';
import { guardOf } from '../../../src/adapters/store/engines/fence.ts';
import { openPostgres } from '../../../src/adapters/store/engines/postgres.ts';
import { openSqlite } from '../../../src/adapters/store/engines/sqlite.ts';
import { createStore } from '../../../src/adapters/store/store.ts';
import { isPostgres } from '../../../src/adapters/store/engines/database-url.ts';
import type { DueJob, JobOutcome } from '../../../src/domain/jobs/job.ts';

/*
 * A process that works in lanes for the contract of lanes: it tells its parent of each run, and is told how runs end.
 */

/** What the parent asks for. */
export type Asked =
  | { readonly kind: 'add'; readonly id: number; readonly due: readonly DueJob[] }
  | {
      readonly kind: 'end';
      readonly id: number;
      readonly run: number;
      readonly outcome: JobOutcome | 'break';
    }
  | { readonly kind: 'write'; readonly id: number; readonly run: number }
  | { readonly kind: 'stop'; readonly id: number };

/** What the parent is told. */
export type Told =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'run';
      readonly run: number;
      readonly lane: string;
      readonly branch: string;
      readonly tries: number;
    }
  | { readonly kind: 'answer'; readonly id: number; readonly failure?: string };

const { url, leaseMs } = z
  .object({ url: z.string(), leaseMs: z.coerce.number() })
  .parse({ url: process.argv[2], leaseMs: process.argv[3] });
const clock = { now: () => Date.now() };
const log = createLog({
  level: process.env['LANE_LOG'] === undefined ? 'silent' : 'debug',
  clock,
  mask: (text) => text,
  write: (line) => void process.stderr.write(`${process.pid} ${line}\n`),
});
const tell = (told: Told) => void process.send?.(told);

const { db, pool } = isPostgres(url)
  ? await openPostgres(url, 10)
  : { db: await openSqlite(url), pool: undefined };
const holder = thisProcess('a test');
const freed = pool === undefined ? {} : { freed: unlockTasks };
const leases = createLeases({
  db,
  clock,
  log,
  holder,
  hasEnded: (other) => hasEnded(other, holder),
  leaseMs,
  ...freed,
});
const runs = new Map<
  number,
  {
    readonly fence: number;
    readonly resolve: (outcome: JobOutcome) => void;
    readonly reject: (error: Error) => void;
  }
>();
let count = 0;
const work: Parameters<typeof createLanes>[0] = {
  db,
  leases,
  clock,
  log,
  random: () => 0,
  jobsAdded: () => lanes.wake(),
  concurrency: 4,
  run: (job, tries, { lease: { fence } }) =>
    new Promise((resolve, reject) => {
      if (job.kind !== 'deploy') throw new Error('These tests use deploy jobs.');
      count += 1;
      runs.set(count, { fence, resolve, reject });
      tell({ kind: 'run', run: count, lane: job.lane?.split(':').at(-1) ?? '', branch: job.branch, tries });
    }),
};
const lanes =
  pool === undefined
    ? createLanes(work)
    : createReplicaLanes({ ...work, pool, betweenLooksMs: leaseMs / 3, everyMinute: async () => {} });
const jobs = createStore(db, clock, () => lanes.wake());

async function carryOut(asked: Asked): Promise<void> {
  switch (asked.kind) {
    case 'add':
      return jobs.add(...asked.due);
    case 'end': {
      const run = runs.get(asked.run);
      if (asked.outcome === 'break') run?.reject(new Error('a bug'));
      else run?.resolve(asked.outcome);
      return;
    }
    case 'write': {
      const guard = guardOf(runs.get(asked.run)?.fence ?? 0);
      await createStore(db, clock, () => {}, guard).forgetNotice('none');
      return;
    }
    case 'stop':
      await lanes.stop(5_000);
      await leases.close();
      await db.destroy();
  }
}

process.on('message', (message) => {
  const asked = message as Asked;
  carryOut(asked).then(
    () => tell({ kind: 'answer', id: asked.id }),
    (error: unknown) => tell({ kind: 'answer', id: asked.id, failure: String(error) }),
  );
});
await lanes.start();
tell({ kind: 'ready' });
