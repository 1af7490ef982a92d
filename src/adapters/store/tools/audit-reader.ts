import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import type { AuditRow } from '../../../domain/audit/audit-log.ts';
import { fail, ok, type Result } from '../../../domain/shared/result.ts';
import { createPool, databaseOn } from '../engines/postgres.ts';
import { isPostgres } from '../engines/database-url.ts';
import { describeStoreFailure } from '../engines/store-failure.ts';

const row = z.object({
  id: z.number(),
  at: z.number(),
  entry: z.string(),
  previous: z.string(),
  hash: z.string(),
});

/** Somebody may have put anything into a file: what is no text reads as text, and then is not what was hashed. */
const query = `select id, cast(at as integer) as at, cast(entry as text) as entry, cast(previous as text) as previous,
  cast(hash as text) as hash from audit where at >= ? order by id`;

type Rows = Iterable<AuditRow> | AsyncIterable<AuditRow>;

/**
 * Reads the rows of an audit log, oldest first, beside whatever runs; nothing is migrated. The database is open until `read` ends.
 * Fails with what is wrong with it, also where that shows only in the middle.
 * @param since milliseconds since 1970
 */
export function readAudit<Read>(
  url: string,
  since: number,
  read: (rows: Rows) => Promise<Read>,
): Promise<Result<Read, string>> {
  return isPostgres(url) ? readFromPostgres(url, since, read) : readFromFile(url, since, read);
}

const noLog = 'it has no audit log yet: the bot adds one when this version of it is started';
const atOnce = 1_000;

async function readFromPostgres<Read>(
  url: string,
  since: number,
  read: (rows: Rows) => Promise<Read>,
): Promise<Result<Read, string>> {
  const db = databaseOn(createPool(url, 1));
  let broken: unknown;
  async function* rows() {
    let last = Number.MIN_SAFE_INTEGER;
    for (;;) {
      let some;
      try {
        some = await db
          .selectFrom('audit')
          .select(['id', 'at', 'entry', 'previous', 'hash'])
          .where('at', '>=', since)
          .where('id', '>', last)
          .orderBy('id')
          .limit(atOnce)
          .execute();
      } catch (error) {
        broken = error;
        throw error;
      }
      yield* some;
      if (some.length < atOnce) return;
      last = some.at(-1)?.id ?? last;
    }
  }
  try {
    return ok(await read(rows()));
  } catch (error) {
    if (error !== broken) throw error;
    const said = describeStoreFailure(error);
    return fail(/relation "audit" does not exist/.test(said) ? noLog : said);
  } finally {
    await db.destroy();
  }
}

async function readFromFile<Read>(
  url: string,
  since: number,
  read: (rows: Rows) => Promise<Read>,
): Promise<Result<Read, string>> {
  const path = url.replace(/^file:/, '');
  if (!existsSync(path)) return fail('there is no such file');
  let file: DatabaseSync | undefined;
  try {
    file = new DatabaseSync(path, { readOnly: true });
    const statement = file.prepare(query);
    const rows = function* () {
      for (const each of statement.iterate(since)) yield row.parse(each);
    };
    return ok(await read(rows()));
  } catch (error) {
    if (!isOfFile(error)) throw error;
    return fail(/no such table/.test(error.message) ? noLog : error.message);
  } finally {
    file?.close();
  }
}

/** SQLite's own errors, and numbers that only somebody else can have written. */
function isOfFile(error: unknown): error is Error {
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ERR_SQLITE_ERROR' || error.code === 'ERR_OUT_OF_RANGE')
  );
}
