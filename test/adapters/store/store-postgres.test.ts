import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createInbox } from '../../../src/adapters/store/tables/inbox.ts';
import { migrationsPostgres } from '../../../src/adapters/store/migrations/postgres.ts';
import { openPostgres } from '../../../src/adapters/store/engines/postgres.ts';
import { openSqlite } from '../../../src/adapters/store/engines/sqlite.ts';
import { ok } from '../../../src/domain/shared/result.ts';
import { startPostgres, type TestPostgres } from '../../postgres.ts';
import { commandsOfEarlierVersion } from '../commands-of-earlier-version.ts';
import { openStore } from '../open-store.ts';
import { storeContract } from '../store-contract.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

describe('PostgreSQL', () => {
  storeContract(async () => {
    const url = await postgres.newDatabase();
    return {
      open: async (time) => {
        const { db } = await openPostgres(url);
        const { db: other } = await openPostgres(url, 2);
        return openStore(db, other, time, async () => {
          await db.destroy();
          await other.destroy();
        });
      },
      remove: async () => {},
    };
  });
});

describe('a PostgreSQL database', () => {
  test('has the tables and columns that SQLite has', async () => {
    const { db } = await openPostgres(await postgres.newDatabase());
    const sqlite = await openSqlite('file::memory:');
    const shapeOf = async (engine: typeof db) => {
      const tables = await engine.introspection.getTables();
      const columns = (table: (typeof tables)[number]) =>
        table.columns.map(({ name }) => name).filter((name) => name !== 'rowid');
      return tables
        .filter(({ schema, isView }) => !isView && (schema ?? 'public') === 'public')
        .map((table) => ({ table: table.name, columns: columns(table).toSorted() }))
        .toSorted((one, other) => one.table.localeCompare(other.table));
    };
    expect(await shapeOf(db)).toEqual(await shapeOf(sqlite));
    await db.destroy();
    await sqlite.destroy();
  });

  test('of an earlier version has its commands that were not begun confirmed by GitLab', async () => {
    const url = await postgres.newDatabase();
    await commandsOfEarlierVersion((await openPostgres(url)).db, migrationsPostgres);
  });

  test('is made by many processes that start at once', async () => {
    const url = await postgres.newDatabase();
    const opened = await Promise.all(Array.from({ length: 6 }, () => openPostgres(url, 3)));
    for (const { db } of opened) expect(await db.selectFrom('jobs').selectAll().execute()).toEqual([]);
    for (const { db } of opened) await db.destroy();
  });

  test('refuses what it cannot hold, and nothing that came with it', async () => {
    const { db } = await openPostgres(await postgres.newDatabase());
    const inbox = createInbox(db, { now: () => 1 }, () => {});
    const accept = (id: string, body: string) =>
      inbox.accept(
        {
          id,
          receivedAt: 1,
          eventName: 'Push Hook',
          digest: '',
          content: { kind: 'rejected', reason: 'odd', body },
        },
        [],
      );
    const [good, bad, better] = await Promise.all([
      accept('a', '{}'),
      accept('b', 'nul \0'),
      accept('c', '{}'),
    ]);
    expect([good, better]).toEqual([ok('new'), ok('new')]);
    expect(bad.ok).toBe(false);
    const rows = await db.selectFrom('deliveries').select('id').orderBy('id').execute();
    expect(rows).toEqual([{ id: 'a' }, { id: 'c' }]);
    await db.destroy();
  });

  test('of a newer version is refused', async () => {
    const url = await postgres.newDatabase();
    const { db } = await openPostgres(url);
    await sql`insert into kysely_migration values ('9999-future', '2999-01-01')`.execute(db);
    await db.destroy();
    await expect(openPostgres(url)).rejects.toThrow('written by a newer version of aic-bot');
  });
});
