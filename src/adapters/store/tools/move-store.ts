import { sql, type Kysely, type Transaction } from 'kysely';

import { noHash, verifyAudit } from '../../../domain/audit/audit-log.ts';
import { fail, ok, type Result } from '../../../domain/shared/result.ts';
import { requeueStranded } from '../../queue/requeue-stranded-jobs.ts';
import { openPostgres } from '../engines/postgres.ts';
import { chunksOf } from '../tables/rows.ts';
import type { Tables } from '../tables/schema.ts';
import { openSqlite } from '../engines/sqlite.ts';
import { describeStoreFailure } from '../engines/store-failure.ts';

/** What was moved to another database. */
export interface Moved {
  /** How many rows of each table. */
  readonly rows: ReadonlyMap<string, number>;
  /** The hash of the last row of the audit log, which is the same on both sides; undefined where there is none. */
  readonly lastHash: string | undefined;
}

/** In an order in which nothing names what is not there yet. Leases are left behind: they are of processes. */
const tables = [
  'deliveries',
  'requests',
  'branches',
  'pending',
  'deployments',
  'items',
  'snapshots',
  'baselines',
  'askers',
  'own_commits',
  'holds',
  'plans',
  'drift',
  'drift_checks',
  'pushes',
  'projects',
  'notices',
  'audit',
  'jobs',
] as const satisfies readonly Exclude<keyof Tables, 'leases'>[];

/** Columns whose next number comes after those that were moved. */
const counted = { deployments: 'id', audit: 'id', jobs: 'id' } as const;
const rowsAtOnce = 500;
const mostColumns = 20;

/**
 * Copies everything a bot remembers from a SQLite file into a PostgreSQL database that is empty, in one transaction: it is there as a whole, with
 * its audit log checked, or not at all. The file is brought up to date and else left as it is. Fails in words.
 * @param begin is told each table
 */
export async function moveStore(
  from: string,
  to: string,
  begin: (table: string) => void,
): Promise<Result<Moved, string>> {
  let source: Kysely<Tables> | undefined;
  let target: Kysely<Tables> | undefined;
  try {
    const old = (source = await openSqlite(from).catch(notUsable('--from')));
    const holder = await old.selectFrom('leases').select(['who', 'host', 'pid']).executeTakeFirst();
    if (holder !== undefined)
      return fail(
        `${holder.who} on ${holder.host} (process ${holder.pid}) works with the file, or was cut off while it did; stop it with SIGTERM, or start the bot on the file once more and stop it with SIGTERM, and run the command again`,
      );
    const fresh = (target = (await openPostgres(to, 3).catch(notUsable('--to'))).db);
    return ok(await fresh.transaction().execute((transaction) => move(old, transaction, begin)));
  } catch (error) {
    return fail(describeStoreFailure(error, '--to'));
  } finally {
    await source?.destroy();
    await target?.destroy();
  }
}

function notUsable(option: string): (error: unknown) => never {
  return (error) => {
    throw new Error(`the database of ${option} cannot be used: ${describeStoreFailure(error, option)}`, {
      cause: error,
    });
  };
}

async function move(
  source: Kysely<Tables>,
  target: Transaction<Tables>,
  begin: (table: string) => void,
): Promise<Moved> {
  for (const table of tables) {
    const some = await sql`select 1 from ${sql.table(table)} limit 1`.execute(target);
    if (some.rows.length > 0)
      throw new Error(`the other database is not empty, it has rows in ${table}; name an empty one`);
  }
  const rows = new Map<string, number>();
  for (const table of tables) {
    begin(table);
    rows.set(table, await copy(source, target, table));
  }
  for (const [table, column] of Object.entries(counted))
    await sql`select setval(pg_get_serial_sequence(${table}, ${column}),
      (select coalesce(max(${sql.ref(column)}), 0) + 1 from ${sql.table(table)}), false)`.execute(target);
  await requeueStranded(target);
  const log = await target.selectFrom('audit').selectAll().orderBy('id').execute();
  const checked = await verifyAudit(log);
  if (checked.kind === 'broken')
    throw new Error(
      `row ${checked.id} of the audit log does not fit the row before it, so somebody changed it; see what "aic-bot audit verify" says, and restore the file from a backup from before that`,
    );
  return { rows, lastHash: checked.last === noHash ? undefined : checked.last };
}

/** Row by row in the order of the file, so that what has no number keeps its order. */
async function copy(
  source: Kysely<Tables>,
  target: Transaction<Tables>,
  table: (typeof tables)[number],
): Promise<number> {
  let last = 0;
  let count = 0;
  for (;;) {
    const { rows } = await sql<Record<string, unknown>>`
      select rowid as moved_row, * from ${sql.table(table)} where rowid > ${last} order by rowid limit ${rowsAtOnce}`.execute(
      source,
    );
    const final = rows.at(-1);
    if (final === undefined) return count;
    last = Number(final['moved_row']);
    const plain = rows.map((row) =>
      Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'moved_row')),
    );
    for (const some of chunksOf(plain, mostColumns)) {
      const names = Object.keys(some[0] ?? {});
      await sql`insert into ${sql.table(table)} (${sql.join(names.map((name) => sql.ref(name)))})
        values ${sql.join(some.map((row) => sql`(${sql.join(names.map((name) => row[name]))})`))}`.execute(
        target,
      );
    }
    count += rows.length;
  }
}
