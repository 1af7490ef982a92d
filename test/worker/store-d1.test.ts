import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getPlatformProxy } from 'wrangler';

import { migrateD1, openD1 } from '../../src/adapters/cloudflare/d1.ts';
import type { D1Database } from '../../src/adapters/cloudflare/bindings.ts';
import { transact } from '../../src/adapters/store/engines/transact.ts';
import { openStore } from '../adapters/open-store.ts';
import { storeContract } from '../adapters/store-contract.ts';

let platform: Awaited<ReturnType<typeof getPlatformProxy<{ readonly DB: D1Database }>>>;
beforeAll(async () => {
  const configPath = join(import.meta.dirname, 'd1.toml');
  platform = await getPlatformProxy<{ readonly DB: D1Database }>({ configPath, persist: false });
});
afterAll(() => platform.dispose());

const open = async () => {
  // Each `prepare` of the proxy keeps this process waiting. What closed its end of a connection meanwhile has to be noticed before the next call.
  const db = openD1(platform.env.DB, async (query) => {
    await setImmediate();
    return query();
  });
  await migrateD1(platform.env.DB, db, { now: () => 0 });
  return db;
};

/** Leaves the tables: to make them anew for each test would take most of the time. */
const clear = async () => {
  await open();
  const { results } = await platform.env.DB.prepare(
    `select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not like '_cf_%' and name not like 'kysely_%'`,
  ).all();
  const names = results.map((row) => (row as { readonly name: string }).name);
  const last = ['deployments'];
  const ordered = [...names.filter((name) => !last.includes(name)), ...last, 'sqlite_sequence'];
  await platform.env.DB.batch(ordered.map((name) => platform.env.DB.prepare(`delete from "${name}"`)));
};

describe('D1, in workerd', () => {
  storeContract(async () => {
    await clear();
    return {
      open: async (time) => openStore(await open(), await open(), time, async () => {}),
      remove: async () => {},
    };
  });
});

describe('transactions on D1', () => {
  test('that meet are run again, so that none is lost', async () => {
    await clear();
    const db = await open();
    await db.insertInto('notices').values({ id: 'count', sent_at: 0 }).execute();
    // Each with a connection of its own, as objects have.
    const countUp = async () =>
      transact(await open(), async (transaction) => {
        const { sent_at: count } = await transaction
          .selectFrom('notices')
          .select('sent_at')
          .where('id', '=', 'count')
          .executeTakeFirstOrThrow();
        await transaction
          .updateTable('notices')
          .set({ sent_at: count + 1 })
          .where('id', '=', 'count')
          .execute();
      });
    await Promise.all(Array.from({ length: 12 }, countUp));
    expect(await db.selectFrom('notices').select('sent_at').executeTakeFirst()).toEqual({ sent_at: 12 });
  });

  test('are made by many that begin at once', async () => {
    await clear();
    const all = await Promise.all(Array.from({ length: 5 }, open));
    for (const db of all) expect(await db.selectFrom('jobs').selectAll().execute()).toEqual([]);
  });
});
