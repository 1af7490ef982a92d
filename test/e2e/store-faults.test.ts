import { randomBytes } from 'node:crypto';
import { openSync, writeFileSync, writeSync, closeSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';

import { sql, type Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startBotProcess, type BotProcess } from '../../demo/bot-process.ts';
import { until } from '../../demo/person.ts';
import { startWorld, type World } from '../../demo/world.ts';
import { createLog } from '../../src/adapters/log.ts';
import { checkStore } from '../../src/adapters/store/engines/check-store.ts';
import { createInbox } from '../../src/adapters/store/tables/inbox.ts';
import type { Tables } from '../../src/adapters/store/tables/schema.ts';
import { openSqlite } from '../../src/adapters/store/engines/sqlite.ts';
import { createApp } from '../../src/http/app.ts';
import { setScene, type Scene } from './scene.ts';

const secret = 'webhook-secret-77';
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-'));
  path = join(folder, 'bot.db');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The routes on a real file, and the lines of their log. */
function appOn(db: Kysely<Tables>) {
  const lines: string[] = [];
  const clock = { now: () => Date.now() };
  const log = createLog({
    level: 'info',
    clock,
    mask: (text) => text,
    write: (line) => void lines.push(line),
  });
  const app = createApp({
    inbox: createInbox(db, clock, () => {}),
    clock,
    log,
    serves: () => true,
    secrets: { tokens: [secret], signingToken: undefined },
    readiness: () => Promise.resolve({ missing: [], warnings: [] }),
  });
  return { app, lines };
}

function deliver(app: ReturnType<typeof createApp>, id: string, branch = 'main') {
  return app.request('/webhooks/gitlab', {
    method: 'POST',
    headers: { 'x-gitlab-token': secret, 'x-gitlab-event': 'Push Hook', 'webhook-id': id },
    body: JSON.stringify({
      object_kind: 'push',
      project: { id: 7, path_with_namespace: 'a/b' },
      ref: `refs/heads/${branch}`,
      before: '1'.repeat(40),
      after: '2'.repeat(40),
    }),
  });
}

const rows = (query: string) => {
  const file = new DatabaseSync(path, { readOnly: true });
  try {
    return file.prepare(query).all();
  } finally {
    file.close();
  }
};

describe('while the store can’t be written, GitLab gets a 503 that says why and when to come again', () => {
  async function check(
    breakIt: (db: Kysely<Tables>) => Promise<() => Promise<void> | void>,
    words: RegExp,
  ): Promise<void> {
    const db = await openSqlite(`file:${path}`);
    const { app, lines } = appOn(db);
    expect((await deliver(app, 'before')).status).toBe(202);
    await checkStore(db);
    const mend = await breakIt(db);
    // A name of such length can't be read; what can't be read is all that is kept of a body.
    const large = randomBytes(30_000).toString('hex');
    const refused = await deliver(app, 'during', large);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('30');
    expect(await refused.text()).toMatch(words);
    expect(lines.join('\n')).toMatch(words);
    // Where the disk is full there may be room for a small write, but not for a large one.
    if (!words.source.includes('full'))
      await expect(checkStore(db)).rejects.toThrow(words.source.split('.*')[0]);
    await mend();
    await checkStore(db);
    expect(rows('select id from deliveries')).toEqual([{ id: 'before' }]);
    expect(rows('select count(*) as jobs from jobs')).toEqual([{ jobs: 1 }]);
    const again = await deliver(app, 'during', large);
    expect(await again.json()).toMatchObject({ status: 'rejected' });
    expect(rows('select id from deliveries order by id')).toEqual([{ id: 'before' }, { id: 'during' }]);
    await db.destroy();
  }

  it('because the disk is full', async () => {
    await check(async (db) => {
      await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(db);
      const { rows: pages } = await sql<{ page_count: number }>`PRAGMA page_count`.execute(db);
      await sql`PRAGMA max_page_count = ${sql.raw(String(pages[0]?.page_count))}`.execute(db);
      return async () => void (await sql`PRAGMA max_page_count = 1000000`.execute(db));
    }, /database or disk is full.*make room/);
  });

  it('because it is read-only', async () => {
    await check(async (db) => {
      await sql`PRAGMA query_only = ON`.execute(db);
      return async () => void (await sql`PRAGMA query_only = OFF`.execute(db));
    }, /readonly database.*let the bot write/);
  });

  it('because another process keeps it locked', async () => {
    await check(async () => {
      const other = new DatabaseSync(path);
      other.exec('begin immediate');
      return () => {
        other.exec('rollback');
        other.close();
      };
    }, /database is locked.*another process/);
  });
});

it('a lock that lasts keeps several deliveries waiting no longer than one, and is waited for again after it', async () => {
  const db = await openSqlite(`file:${path}`);
  const { app } = appOn(db);
  const other = new DatabaseSync(path);
  other.exec('begin immediate');
  const asked = performance.now();
  const answers = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => deliver(app, `at-once-${index}`)),
  );
  // GitLab hangs up after 10 s.
  expect(performance.now() - asked).toBeLessThan(8_000);
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(503));
  other.exec('rollback');
  expect((await deliver(app, 'at-once-0')).status).toBe(202);
  expect((await sql<{ timeout: number }>`PRAGMA busy_timeout`.execute(db)).rows).toEqual([
    { timeout: 5_000 },
  ]);
  other.close();
  await db.destroy();
});

it('a file that is damaged while the bot runs is told of, and nothing more is accepted', async () => {
  const db = await openSqlite(`file:${path}`);
  const { app, lines } = appOn(db);
  await deliver(app, 'before', randomBytes(60_000).toString('hex'));
  await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(db);
  await sql`PRAGMA cache_size = 0`.execute(db);
  const file = openSync(path, 'r+');
  const { size } = statSync(path);
  // All but the first page, which holds the list of tables.
  writeSync(file, randomBytes(size - 4_096), 0, size - 4_096, 4_096);
  closeSync(file);
  await sql`PRAGMA shrink_memory`.execute(db);
  const refused = await deliver(app, 'after');
  expect(refused.status).toBe(503);
  expect(await refused.text()).toMatch(/malformed.*restore the file from a backup/);
  expect(lines.join('\n')).toContain('the file is damaged');
  await expect(checkStore(db)).rejects.toThrow('malformed');
  await db.destroy();
});

describe('the bot does not start', () => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld();
  });
  afterEach(() => world.close());

  async function start(database: string): Promise<string> {
    const settings = { ...world.settings, DATABASE_URL: database };
    return startBotProcess(settings, folder).then(async (bot) => {
      await bot.end('SIGKILL');
      return 'it started';
    }, String);
  }

  it('on a database from a newer version', async () => {
    await (await openSqlite(`file:${path}`)).destroy();
    const file = new DatabaseSync(path);
    file.exec(`insert into kysely_migration (name, timestamp) values ('9999-later', '2027-01-01')`);
    file.close();
    const before = rows('select name from kysely_migration');
    const said = await start(`file:${path}`);
    expect(said).toContain('ended with 1');
    expect(said).toContain('it was written by a newer version of aic-bot: start that version');
    expect(rows('select name from kysely_migration')).toEqual(before);
  });

  it('on a file that is something else', async () => {
    writeFileSync(path, 'This is a letter and no database. '.repeat(200));
    expect(await start(`file:${path}`)).toMatch(/file is not a database: .*restore the file from a backup/);
  });

  it('on a file that was cut off', async () => {
    await (await openSqlite(`file:${path}`)).destroy();
    truncateSync(path, 10_000);
    expect(await start(`file:${path}`)).toMatch(/malformed: the file is damaged/);
  });

  it('where no file can be made', async () => {
    writeFileSync(path, '');
    expect(await start(`file:${path}/data/bot.db`)).toMatch(/DATABASE_URL .* cannot be used: ENOTDIR/);
  });
});

it('work that is under way while the store is locked is done when it can be written again', async () => {
  const scene = await setScene();
  const { world, projectId, maintainer } = scene;
  const bot = await startBotProcess(world.settings, world.folder);
  const gate = new DatabaseSync(join(world.folder, 'aic-bot.db'), { timeout: 5_000 });
  try {
    await maintainer.call('POST', `/projects/${projectId}/hooks`, {
      url: `${bot.url}/webhooks/gitlab`,
      token: world.webhookSecret,
      merge_requests_events: true,
    });
    const iid = await scene.open('develop', { 'config/Sales.json': '{"stages":[]}' });
    world.aic.setLatency(200);
    await scene.merge(iid);
    await until('the write', () => (world.aic.writes.length > 0 ? true : undefined), 10_000);
    gate.exec('begin immediate');
    const isTold = () => bot.log.some((line) => line.includes('database is locked'));
    await until('a failed write', () => (isTold() ? true : undefined), 15_000);
    gate.exec('rollback');
    expect(await scene.comment(iid, (body) => body.includes('1 created'))).toContain('PIN QA');
    expect(world.aic.writes).toHaveLength(1);
  } finally {
    gate.close();
    await bot.end('SIGKILL');
    await scene.close();
  }
});

describe('a bot process', () => {
  let scene: Scene;
  let bot: BotProcess;
  const file = () => join(scene.world.folder, 'aic-bot.db');
  beforeEach(async () => {
    scene = await setScene();
    bot = await startBotProcess(scene.world.settings, scene.world.folder);
  });
  afterEach(async () => {
    await bot.end('SIGKILL');
    await scene.close();
  });

  it('lives on with a job of a kind that only a later version knows, and tells of it', async () => {
    const later = new DatabaseSync(file(), { timeout: 5_000 });
    later.exec(`insert into jobs (lane, key, job_json, due_at, status, tries, added_at)
      values ('later', 'later', '{"kind":"later"}', 0, 'waiting', 0, 0)`);
    later.close();
    const tries = () =>
      scene.rows(`select 1 from jobs where key = 'later' and tries > 0 and status = 'waiting'`);
    await until('a try', () => tries().length > 0 || undefined, 10_000);
    expect((await fetch(`${bot.url}/healthz`)).status).toBe(200);
    expect(bot.log.join('\n')).toContain('job broke off');
  });

  it('whose file is damaged lives on, says so, and does not start again on it', async () => {
    const ready = await fetch(`${bot.url}/readyz`);
    expect(ready.status).toBe(200);
    const swept = () => scene.rows(`select 1 from jobs where status = 'running'`).length === 0;
    await until('a pause', () => swept() || undefined, 10_000);
    const gate = new DatabaseSync(file(), { timeout: 5_000 });
    gate.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    const { size } = statSync(file());
    const raw = openSync(file(), 'r+');
    writeSync(raw, randomBytes(size - 4_096), 0, size - 4_096, 4_096);
    closeSync(raw);
    // To the bot, its cached pages are old now.
    gate.exec('PRAGMA user_version = 1');
    gate.close();
    await until(
      'the end of the remembered answer',
      async () => {
        const answer = await fetch(`${bot.url}/readyz`);
        return (await answer.text()).includes('"store"') || undefined;
      },
      15_000,
    );
    await until(
      'a line in the log',
      () => bot.log.some((line) => line.includes('file is damaged')) || undefined,
      10_000,
    );
    expect((await fetch(`${bot.url}/healthz`)).status).toBe(200);
    expect(await bot.end('SIGTERM')).toBe(0);
    const again = await startBotProcess(scene.world.settings, scene.world.folder).then(
      () => 'it started',
      String,
    );
    expect(again).toMatch(
      /ended with 1\n.*malformed: the file is damaged; stop the bot and restore the file/,
    );
  });
});
