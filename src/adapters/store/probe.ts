import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { isNewer } from './sqlite.ts';
import { describeStoreFailure, newerVersion } from './store-failure.ts';
import { fail, ok, type Result } from '../../domain/result.ts';

/** How long it waits for a bot that is writing. */
const patienceMs = 2_000;

/**
 * Whether the database can be written to: `usable`, or `new` where there is no file yet and one can be made. A running bot is not disturbed:
 * nothing is written or migrated, and the lock on the file is held no longer than it takes to get it. Fails with SQLite's or the system's words.
 */
export function probeDatabase(url: string): Result<'usable' | 'new', string> {
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
