import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { sql } from 'kysely';

import { isPostgres } from './database-url.ts';
import { createPool, databaseOn, isNewerPostgres } from './postgres.ts';
import { isNewer } from './sqlite.ts';
import { describeStoreFailure, newerVersion } from './store-failure.ts';
import { fail, ok, type Result } from '../../../domain/shared/result.ts';

/** How long it waits for a bot that is writing. */
const patienceMs = 2_000;

/**
 * Whether the database can be written to: `usable`, or `new` where there are no tables yet and they can be made. A running bot is not disturbed:
 * nothing is written or migrated, and the lock on the file is held no longer than it takes to get it. Fails with the words of the database or of the system.
 */
export function probeDatabase(url: string): Promise<Result<'usable' | 'new', string>> {
  return isPostgres(url) ? probePostgres(url) : Promise.resolve(probeFile(url));
}

async function probePostgres(url: string): Promise<Result<'usable' | 'new', string>> {
  const db = databaseOn(createPool(url, 1));
  try {
    if (await isNewerPostgres(db)) return fail(newerVersion);
    // A standby has no transactions of its own.
    const { rows } = await sql<{ readonly known: boolean; readonly may: boolean }>`
      select to_regclass('kysely_migration') is not null as known, pg_current_xact_id() is not null
        and has_database_privilege(current_database(), 'create')
        and has_schema_privilege(current_schema(), 'create') as may`.execute(db);
    const [found] = rows;
    if (found?.may !== true)
      return fail(
        'the user may make no schemas and tables there: grant create on the database and its schema',
      );
    return ok(found.known ? 'usable' : 'new');
  } catch (error) {
    return fail(describeStoreFailure(error));
  } finally {
    await db.destroy();
  }
}

function probeFile(url: string): Result<'usable' | 'new', string> {
  const path = resolve(url.replace(/^file:/, ''));
  try {
    if (!existsSync(path)) {
      accessSync(existingFolder(path), constants.W_OK);
      return ok('new');
    }
    const file = new DatabaseSync(path);
    try {
      file.exec(`PRAGMA busy_timeout = ${patienceMs}; BEGIN IMMEDIATE; ROLLBACK`);
      if (isNewer(file)) return fail(newerVersion);
    } finally {
      file.close();
    }
    return ok('usable');
  } catch (error) {
    return fail(describeStoreFailure(error));
  }
}

/** The nearest folder above that exists: the ones between are made at the start. */
function existingFolder(path: string): string {
  const folder = dirname(path);
  return existsSync(folder) || folder === path ? folder : existingFolder(folder);
}
