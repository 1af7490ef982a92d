import { makeWorkerUtils } from 'graphile-worker';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { Pool, types, type PoolConfig } from 'pg';

import { quietLogger } from '../../queue/quiet-logger.ts';
import { migrationsPostgres } from '../migrations/postgres.ts';
import type { Tables } from '../tables/schema.ts';
import { newerVersion } from './store-failure.ts';
import { advisorySpace } from './transact.ts';

/** A database that several processes share. */
export interface Postgres {
  readonly db: Kysely<Tables>;
  readonly pool: Pool;
}

/** One process at a time changes the tables. */
const migrationLock = 0;
const connectTimeoutMs = 10_000;

/** PostgreSQL's number of `int8`. Every number here is below 2⁵³: milliseconds, ids of GitLab's, counts. */
const int8 = 20;

/**
 * Opens the database and brings its tables up to date; of several processes that start at once, the first does it and the others wait.
 *
 * Throws when the database can't be reached or was written by a newer version.
 * @param connections how many are open at most
 */
export async function openPostgres(url: string, connections = 20): Promise<Postgres> {
  const pool = createPool(url, connections);
  const db = databaseOn(pool);
  try {
    await migrate(pool, db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return { db, pool };
}

/** Connections for as long as they are needed; nothing is migrated. */
export function createPool(url: string, connections: number): Pool {
  const config: PoolConfig = {
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: 'aic-bot',
    types: {
      getTypeParser: (id: number, format?: 'text' | 'binary') =>
        id === int8 ? Number : types.getTypeParser(id, format),
    },
  };
  const pool = new Pool(config);
  // A connection that breaks while nobody uses it is replaced when somebody does.
  pool.on('error', () => {});
  // While somebody uses it, they are told by the query that fails.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** The database over connections that are open. Its tables are not looked at. */
export function databaseOn(pool: Pool): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

async function migrate(pool: Pool, db: Kysely<Tables>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1, $2)', [advisorySpace, migrationLock]);
    const utils = await makeWorkerUtils({ pgPool: pool, logger: quietLogger });
    await utils.migrate();
    await utils.release();
    if (await isNewerPostgres(db)) throw new Error(newerVersion);
    const provider = { getMigrations: () => Promise.resolve(migrationsPostgres) };
    const { error } = await new Migrator({ db, provider }).migrateToLatest();
    if (error !== undefined) throw error;
  } finally {
    // With the connection its lock goes, too.
    client.release(true);
  }
}

/** Whether a later version of the bot has changed the tables. */
export async function isNewerPostgres(db: Kysely<Tables>): Promise<boolean> {
  const table = await sql<{
    readonly found: string | null;
  }>`select to_regclass('kysely_migration') as found`.execute(db);
  if ((table.rows[0]?.found ?? null) === null) return false;
  const done = await sql<{ readonly name: string }>`select name from kysely_migration`.execute(db);
  return done.rows.some(({ name }) => !(name in migrationsPostgres));
}
