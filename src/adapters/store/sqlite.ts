import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';

import { migrations } from './migrations.ts';
import type { Tables } from './schema.ts';

/**
 * Opens the SQLite file, makes it where there is none, and brings its tables to the present version. Each commit is on disk when it
 * returns (`synchronous=FULL`): the answer to a delivery says so.
 *
 * Throws when the file can't be opened or was written by a newer version.
 */
export async function openSqlite(url: string): Promise<Kysely<Tables>> {
  const path = url.replace(/^file:/, '');
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  const file = new DatabaseSync(path);
  file.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000',
  );
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: asKyselyKnowsIt(file) }) });
  const { error } = await new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(migrations) },
  }).migrateToLatest();
  if (error !== undefined) {
    await db.destroy();
    throw error;
  }
  return db;
}

/** Kysely was made for better-sqlite3; `node:sqlite` differs in how parameters are handed over and rows are announced. */
function asKyselyKnowsIt(file: DatabaseSync): ConstructorParameters<typeof SqliteDialect>[0]['database'] {
  return {
    close: () => file.close(),
    prepare: (sql) => {
      const statement = file.prepare(sql);
      const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[];
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...values(parameters)),
        run: (parameters) => statement.run(...values(parameters)),
        iterate: (parameters) => statement.iterate(...values(parameters)),
      };
    },
  };
}
