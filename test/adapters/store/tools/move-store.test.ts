import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sql, type Kysely } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { createInbox } from '../../../../src/adapters/store/tables/inbox.ts';
import { moveStore } from '../../../../src/adapters/store/tools/move-store.ts';
import { openPostgres } from '../../../../src/adapters/store/engines/postgres.ts';
import type { Tables } from '../../../../src/adapters/store/tables/schema.ts';
import { openSqlite } from '../../../../src/adapters/store/engines/sqlite.ts';
import { createStore } from '../../../../src/adapters/store/store.ts';
import type { AuditEntry } from '../../../../src/domain/audit/audit-log.ts';
import type { CommitSha, ProjectId } from '../../../../src/domain/shared/ids.ts';
import { deployJob } from '../../../../src/domain/jobs/job.ts';
import { startPostgres, type TestPostgres } from '../../../postgres.ts';

const project = 7 as ProjectId;
const key = { projectId: project, branch: 'main' };
const workspace = { environment: 'prod', aicProject: 'A', workspace: 'W ö "x"' } as const;
const clock = { now: () => 1_000_000 };

let postgres: TestPostgres;
let folder: string;
let from: string;
let to: string;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aic-bot-move-'));
  from = `file:${join(folder, 'bot.db')}`;
  to = await postgres.newDatabase();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const entry = (number: number): AuditEntry => ({
  key: `entry-${number}`,
  kind: 'deployment',
  project,
  who: [],
  what: `number ${number}`,
  where: 'main',
  reason: undefined,
  result: 'succeeded',
  items: [],
  deliveries: [],
});

/** A file with something in each corner, as a bot leaves it that was stopped. */
async function fill(): Promise<Kysely<Tables>> {
  const db = await openSqlite(from);
  const store = createStore(db, clock, () => {});
  const inbox = createInbox(db, clock, () => {});
  const event = {
    kind: 'pushed',
    projectId: project,
    branch: 'main',
    before: undefined,
    after: undefined,
  } as const;
  for (let number = 0; number < 1_200; number += 1)
    await inbox.accept(
      {
        id: `d${(number * 7) % 1_200}`,
        receivedAt: 5,
        eventName: 'Push Hook',
        digest: `of ${number}`,
        content:
          number % 2 === 0
            ? { kind: 'event', event }
            : { kind: 'rejected', reason: 'odd', body: '{"a":"ö\u2028"}' },
      },
      [{ job: deployJob(project, `b${number % 3}`), dueAt: number }],
    );
  await store.record(
    Array.from({ length: 30 }, (_, number) => entry(number)),
    [],
  );
  const places = [{ kind: 'commit', commit: 'c'.repeat(40) as CommitSha }] as const;
  const run = {
    id: undefined,
    key,
    workspace,
    head: 'c'.repeat(40) as CommitSha,
    places,
    by: 'omar',
    reason: undefined,
    request: 'r',
    startedAt: 1,
  };
  const { id } = await store.begin(run);
  await store.plan(id, [{ pipeline: 'p', state: { kind: 'waiting', action: 'update' } as never }], []);
  await store.giveNotice('n', []);
  await db.updateTable('jobs').set({ status: 'running' }).where('lane', '=', 'deploy:7:b1').execute();
  return db;
}

const counts = async (db: Kysely<Tables>) => {
  const tables = ['deliveries', 'jobs', 'deployments', 'items', 'audit', 'notices', 'projects'] as const;
  const found: Record<string, number> = {};
  for (const table of tables) {
    const { rows } = await sql<{ readonly n: number }>`select count(*) as n from ${sql.table(table)}`.execute(
      db,
    );
    found[table] = rows[0]?.n ?? -1;
  }
  return found;
};

test('everything is there afterwards, in its order, and goes on', async () => {
  const old = await fill();
  const before = await counts(old);
  const waiting = await createStore(old, clock, () => {}).waiting(key);
  const last = await old.selectFrom('audit').select('hash').orderBy('id', 'desc').executeTakeFirst();
  await old.destroy();

  const moved = await moveStore(from, to, () => {});
  expect(moved).toMatchObject({ ok: true, value: { lastHash: last?.hash } });
  const { db } = await openPostgres(to, 2);
  expect(await counts(db)).toEqual(before);
  const store = createStore(db, clock, () => {});
  expect(await store.waiting(key)).toEqual(waiting);
  expect(await store.lastDeployment(key)).toMatchObject({
    deployment: { workspace },
    items: [{ pipeline: 'p' }],
  });
  // What was running when the file was left waits again, and each lane is woken.
  expect(await db.selectFrom('jobs').select('status').where('status', '<>', 'waiting').execute()).toEqual([]);
  const tasks = await sql`select 1 from graphile_worker.jobs where task_identifier = 'lane'`.execute(db);
  expect(tasks.rows).toHaveLength(3);
  // The numbers and the chain go on behind what was moved.
  await store.record([entry(99), entry(5)], []);
  const log = await db.selectFrom('audit').selectAll().orderBy('id').execute();
  expect(log).toHaveLength(31);
  expect(log.at(-1)?.previous).toBe(last?.hash);
  await db.destroy();
});

test('a log that was changed is not moved, and nothing else is', async () => {
  const old = await fill();
  await sql`drop trigger audit_no_update`.execute(old);
  await old.updateTable('audit').set({ entry: '{}' }).where('id', '=', 17).execute();
  await old.destroy();
  expect(await moveStore(from, to, () => {})).toEqual({
    ok: false,
    failure: expect.stringMatching(/^row 17 of the audit log .* restore the file from a backup/),
  });
  const { db } = await openPostgres(to, 2);
  expect(Object.values(await counts(db)).every((count) => count === 0)).toBe(true);
  await db.destroy();
});

test('a database that is not empty, and a file in use, are refused', async () => {
  await (await fill()).destroy();
  expect(await moveStore(from, to, () => {})).toMatchObject({ ok: true });
  expect(await moveStore(from, to, () => {})).toEqual({
    ok: false,
    failure: expect.stringContaining('not empty, it has rows in deliveries'),
  });
  const busy = await openSqlite(from);
  await busy
    .insertInto('leases')
    .values({
      lane: 'x',
      holder: 'h',
      who: 'the bot',
      host: 'here',
      pid_space: '',
      pid: 5,
      since: 0,
      expires_at: 0,
    })
    .execute();
  expect(await moveStore(from, await postgres.newDatabase(), () => {})).toEqual({
    ok: false,
    failure: expect.stringContaining('the bot on here (process 5) works with the file, or was cut off'),
  });
  await busy.destroy();
});

test('which of the two databases cannot be used is said, with what to do about it', async () => {
  await (await fill()).destroy();
  const gone = to.replace(/[^/]+$/, 'nobody_made_it');
  expect(await moveStore(from, gone, () => {})).toEqual({
    ok: false,
    failure: expect.stringMatching(
      /^the database of --to cannot be used: .*create the database, or correct --to$/,
    ),
  });
  const other = join(folder, 'other.db');
  await writeFile(other, 'no database at all '.repeat(100));
  expect(await moveStore(`file:${other}`, to, () => {})).toEqual({
    ok: false,
    failure: expect.stringMatching(/^the database of --from cannot be used: .*correct --from, or restore/),
  });
});
