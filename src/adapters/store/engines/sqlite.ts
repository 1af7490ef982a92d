import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';

import { migrations } from '../migrations/sqlite.ts';
import type { Tables } from '../tables/schema.ts';
import { newerVersion } from './store-failure.ts';

/** How long a statement waits for another process that writes, in milliseconds. It keeps the whole process waiting. */
const patienceMs = 5_000;
/** The same while the file is known to be locked for long: of several deliveries that wait, GitLab would hang up on all but the first. */
const lockedPatienceMs = 50;
const mostPrepared = 500;
/** 16 MB: pages that many deliveries write to come into the file itself once for all of them. */
const pagesInWal = 4_000;

/**
 * Opens the SQLite file, makes it where there is none, and brings its tables to the present version. Each commit is on disk when it
 * returns (`synchronous=FULL`): the answer to a delivery says so. Several processes may open one file, also at the same moment.
 *
 * Throws when the file can't be opened or was written by a newer version.
 */
export async function openSqlite(url: string): Promise<Kysely<Tables>> {
  const path = url.replace(/^file:/, '');
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  const file = new DatabaseSync(path, { timeout: patienceMs });
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: asKyselyKnowsIt(file) }) });
  try {
    await useWal(file);
    file.exec(
      `PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = ${pagesInWal}`,
    );
    await migrate(file, db);
  } catch (error) {
    await db.destroy();
    // Kysely closes only what it has used. Closing undoes what was not committed.
    if (file.isOpen) file.close();
    throw error;
  }
  return db;
}

/** The first process to come switches a new file to WAL. SQLite does not let a second one wait for that, but fails at once. */
async function useWal(file: DatabaseSync): Promise<void> {
  const end = performance.now() + patienceMs;
  for (;;) {
    try {
      file.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (!isLocked(error) || performance.now() > end) throw error;
    }
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
}

/**
 * In one transaction that has the write lock from its beginning: of two processes that open a file, the second finds the work of
 * the first done, and nothing half done is left by one that dies. Kysely's migrator makes no transactions of its own on SQLite.
 */
async function migrate(file: DatabaseSync, db: Kysely<Tables>): Promise<void> {
  const provider = { getMigrations: () => Promise.resolve(migrations) };
  file.exec('begin immediate');
  if (isNewer(file)) throw new Error(newerVersion);
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error === undefined) file.exec('commit');
  else throw error;
}

/** Whether a later version of the bot has changed the tables. */
export function isNewer(file: DatabaseSync): boolean {
  const table = file.prepare(`select 1 from sqlite_master where name = 'kysely_migration'`).get();
  if (table === undefined) return false;
  const done = file.prepare('select name from kysely_migration').all();
  return done.some(({ name }) => !(String(name) in migrations));
}

function isLocked(error: unknown): boolean {
  // SQLITE_BUSY, https://www.sqlite.org/rescode.html#busy
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}

/** Kysely was made for better-sqlite3; `node:sqlite` differs in how parameters are handed over and rows are announced. */
function asKyselyKnowsIt(file: DatabaseSync): ConstructorParameters<typeof SqliteDialect>[0]['database'] {
  let isLockedForLong = false;
  const expectLock = (isExpected: boolean) => {
    if (isExpected === isLockedForLong) return;
    isLockedForLong = isExpected;
    file.exec(`PRAGMA busy_timeout = ${isExpected ? lockedPatienceMs : patienceMs}`);
  };
  const watched = <Answer>(isBegin: boolean, execute: () => Answer): Answer => {
    try {
      const answer = execute();
      // Only the beginning of a transaction tells that the file can be locked again: reading goes on beside a lock.
      if (isBegin) expectLock(false);
      return answer;
    } catch (error) {
      if (isLocked(error)) expectLock(true);
      throw error;
    }
  };
  const prepared = new Map<string, ReturnType<typeof prepare>>();
  const prepare = (sql: string) => {
    const statement = file.prepare(sql);
    return { statement, reader: statement.columns().length > 0 };
  };
  /** Most statements come again and again. The oldest goes first. */
  const prepareOnce = (sql: string) => {
    const known = prepared.get(sql) ?? prepare(sql);
    if (prepared.size >= mostPrepared && !prepared.has(sql))
      for (const oldest of prepared.keys()) {
        prepared.delete(oldest);
        break;
      }
    prepared.set(sql, known);
    return known;
  };
  return {
    close: () => file.close(),
    prepare: (sql) => {
      // Every transaction here writes. Begun as Kysely does, it would take the write lock at its first write, and fail there at once,
      // whatever the time-out, if another process wrote since its first read (SQLITE_BUSY_SNAPSHOT).
      // And a full or broken disk ends a transaction by itself: to end it once more would hide why it failed.
      const isOver = sql === 'rollback' && !file.isTransaction;
      const { statement, reader } = prepareOnce(
        isOver ? 'select 1' : sql === 'begin' ? 'begin immediate' : sql,
      );
      const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[];
      return {
        reader,
        all: (parameters) => watched(false, () => statement.all(...values(parameters))),
        run: (parameters) => watched(sql === 'begin', () => statement.run(...values(parameters))),
        // Its rows may still be read when the same statement comes again.
        iterate: (parameters) => file.prepare(sql).iterate(...values(parameters)),
      };
    },
  };
}
