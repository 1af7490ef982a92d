import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sql, type Kysely } from 'kysely';
import { afterAll, beforeAll, describe, test } from 'vitest';

import { until } from '../../../demo/person.ts';

import { createPool, databaseOn, openPostgres } from '../../../src/adapters/store/engines/postgres.ts';
import type { Tables } from '../../../src/adapters/store/tables/schema.ts';
import { openSqlite } from '../../../src/adapters/store/engines/sqlite.ts';
import { createStore } from '../../../src/adapters/store/store.ts';
import type { ProjectId } from '../../../src/domain/shared/ids.ts';
import { startPostgres, type TestPostgres } from '../../postgres.ts';
import type { Asked, Told } from './lane-side.ts';
import { lanesContract, type LanePlace, type LaneSide, type OpenRun } from '../lanes-contract.ts';

const leaseMs = 1_500;

type Wish<Kind = Asked> = Kind extends Asked ? Omit<Kind, 'id'> : never;

/** Each side is a process. */
async function startSide(url: string): Promise<LaneSide> {
  const child = fork(join(import.meta.dirname, 'lane-side.ts'), [url, `${leaseMs}`]);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const runs = new Map<number, OpenRun>();
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  let asked = 0;
  const ask = (wish: Wish) => {
    asked += 1;
    const answer = Promise.withResolvers<void>();
    waiting.set(asked, answer);
    child.send({ ...wish, id: asked } satisfies Asked);
    return answer.promise;
  };
  await new Promise<void>((resolve, reject) => {
    void ended.then(() => reject(new Error('the side ended')));
    child.on('message', (message) => {
      const told = message as Told;
      switch (told.kind) {
        case 'ready':
          resolve();
          return;
        case 'answer': {
          const answer = waiting.get(told.id);
          if (told.failure === undefined) answer?.resolve();
          else answer?.reject(new Error(told.failure));
          return;
        }
        case 'run': {
          const { run, lane, branch, tries } = told;
          const end = (outcome: Parameters<OpenRun['end']>[0] | 'break') => {
            runs.delete(run);
            void ask({ kind: 'end', run, outcome });
          };
          const write = () => ask({ kind: 'write', run });
          runs.set(run, { lane, branch, tries, write, end, break: () => end('break') });
        }
      }
    });
  });
  return {
    jobs: { add: (...due) => ask({ kind: 'add', due }) },
    open: () => [...runs.values()],
    stop: async () => {
      await ask({ kind: 'stop' });
      child.kill('SIGKILL');
      await ended;
    },
    die: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
  };
}

function placeOn(url: string, open: () => Promise<Kysely<Tables>>, remove: () => Promise<void>): LanePlace {
  return {
    start: () => startSide(url),
    kept: async () => {
      const db = await open();
      const rows = await db.selectFrom('jobs').select(['status', 'lane', 'reason']).orderBy('id').execute();
      await db.destroy();
      return rows;
    },
    remove,
  };
}

describe('lanes on SQLite', () => {
  lanesContract(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'aic-bot-lanes-'));
    const url = `file:${join(folder, 'bot.db')}`;
    const remove = () => rm(folder, { recursive: true, force: true });
    return placeOn(url, () => openSqlite(url), remove);
  });
});

describe('lanes on PostgreSQL', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  lanesContract(async () => {
    const url = await postgres.newDatabase();
    return placeOn(
      url,
      async () => databaseOn(createPool(url, 1)),
      async () => {},
    );
  });

  test('a task that a process took and died with, before it had the lane, is given to another one', async () => {
    const url = await postgres.newDatabase();
    const { db } = await openPostgres(url, 3);
    const store = createStore(db, { now: () => Date.now() }, () => {});
    const job = { kind: 'deploy', projectId: 7 as ProjectId, branch: 'one', lane: 'deploy:7:a' } as const;
    await store.add({ job, dueAt: 0 });
    await sql`update graphile_worker._private_jobs set locked_by = 'pool-gone', locked_at = now()`.execute(
      db,
    );
    const gone = { holder: 'gone', who: 'the bot', host: 'elsewhere', pid_space: '', pid: 1, since: 0 };
    await db
      .insertInto('leases')
      .values({ lane: 'replica:pool-gone', ...gone, expires_at: Date.now() + 1_000 })
      .execute();
    const side = await startSide(url);
    const run = await until('its run', () => side.open()[0], 20_000);
    run.end({ kind: 'done' });
    await side.stop();
    await db.destroy();
  });
});
