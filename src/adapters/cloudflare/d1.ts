import {
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely';
import { z } from 'zod';

import type { Clock } from '../../domain/shared/clock.ts';
import { migrations } from '../store/migrations/sqlite.ts';
import type { Tables } from '../store/tables/schema.ts';
import { newerVersion } from '../store/engines/store-failure.ts';
import { Collision, transact } from '../store/engines/transact.ts';
import type { D1Answer, D1Database, D1Statement } from './bindings.ts';

/** Lets a query begin: the platform bounds how many one invocation may make. */
type Enter = <Answer>(query: () => Promise<Answer>) => Promise<Answer>;

/**
 * D1 as Kysely knows databases. D1 has no transactions that stay open, only batches that are written as a whole. So a transaction reads at once and
 * keeps back what it writes, and goes out as one batch at its end, together with the next number in `d1_commits`. Where another one has taken that number
 * since the transaction began, the batch fails as a whole with a `Collision`: what was read was not the state of one moment any more.
 */
export function openD1(d1: D1Database, enter: Enter): Kysely<Tables> {
  const dialect: Dialect = {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => driverOf(d1, enter),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
  return new Kysely<Tables>({ dialect });
}

const commits = 'd1_commits';
const lastCommit = z.object({ number: z.number().nullable() });

/** Brings the tables up to date. Of several that begin at once, one does it, and the others find it done. */
export async function migrateD1(d1: D1Database, db: Kysely<Tables>, clock: Clock): Promise<void> {
  await d1.batch([
    d1.prepare(`create table if not exists ${commits} (number integer primary key)`),
    d1.prepare(`insert into ${commits} select 0 where not exists (select 1 from ${commits})`),
    d1.prepare(
      'create table if not exists kysely_migration (name text primary key, timestamp text not null)',
    ),
  ]);
  // Most of the time there is nothing to do, which one query finds out.
  if ((await missing(db)).length === 0) return;
  await transact(db, async (transaction) => {
    for (const name of await missing(transaction)) {
      await migrations[name]?.up(transaction);
      const at = new Date(clock.now()).toISOString();
      await sql`insert into kysely_migration values (${name}, ${at})`.execute(transaction);
    }
  });
}

/** The versions of the tables that are not made yet. Throws where there is one that this version of the bot can't know. */
async function missing(db: Kysely<Tables>): Promise<readonly string[]> {
  const { rows } = await sql<{ readonly name: string }>`select name from kysely_migration`.execute(db);
  const done = new Set(rows.map(({ name }) => name));
  if ([...done].some((name) => !(name in migrations))) throw new Error(newerVersion);
  return Object.keys(migrations)
    .toSorted()
    .filter((name) => !done.has(name));
}

/** Rejects when the database can't be read or written; changes nothing. */
export async function checkD1(d1: D1Database): Promise<void> {
  await d1.prepare(`update ${commits} set number = number`).all();
}

function driverOf(d1: D1Database, enter: Enter): Driver {
  const connections = new WeakMap<DatabaseConnection, D1Connection>();
  const of = (connection: DatabaseConnection) => {
    const known = connections.get(connection);
    if (known === undefined) throw new Error('a connection of another database');
    return known;
  };
  return {
    init: async () => {},
    acquireConnection: async () => {
      const connection = new D1Connection(d1, enter);
      connections.set(connection, connection);
      return connection;
    },
    beginTransaction: (connection) => of(connection).begin(),
    commitTransaction: (connection) => of(connection).commit(),
    rollbackTransaction: async (connection) => of(connection).rollBack(),
    releaseConnection: async () => {},
    destroy: async () => {},
  };
}

class D1Connection implements DatabaseConnection {
  readonly #d1: D1Database;
  readonly #enter: Enter;
  #open: { readonly number: number; readonly writes: D1Statement[] } | undefined;

  constructor(d1: D1Database, enter: Enter) {
    this.#d1 = d1;
    this.#enter = enter;
  }

  async begin(): Promise<void> {
    const { results } = await this.#enter(() =>
      this.#d1.prepare(`select max(number) as number from ${commits}`).all(),
    );
    const [row] = z.array(lastCommit).parse(results);
    this.#open = { number: row?.number ?? 0, writes: [] };
  }

  async commit(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined || open.writes.length === 0) return;
    const next = open.number + 1;
    const batch = [
      this.#d1.prepare(`insert into ${commits} values (?)`).bind(next),
      this.#d1.prepare(`delete from ${commits} where number < ?`).bind(next),
      ...open.writes,
    ];
    try {
      await this.#enter(() => this.#d1.batch(batch));
    } catch (error) {
      if (error instanceof Error && error.message.includes(`${commits}.number`)) throw new Collision();
      throw error;
    }
  }

  rollBack(): void {
    this.#open = undefined;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const statement = this.#d1.prepare(query.sql).bind(...query.parameters);
    if (this.#open !== undefined && !isReading(query.sql)) {
      this.#open.writes.push(statement);
      // Nobody else writes until the end, or none of this is written: so what was looked for before is as it was.
      return { rows: [], numAffectedRows: 1n };
    }
    return resultOf(await this.#enter(() => statement.all()));
  }

  streamQuery(): AsyncIterableIterator<never> {
    throw new Error('D1 streams no rows');
  }
}

function isReading(text: string): boolean {
  return /^\s*(select|explain)\b/i.test(text);
}

function resultOf<Row>({ results, meta }: D1Answer): QueryResult<Row> {
  return { rows: results as Row[], numAffectedRows: BigInt(meta.changes ?? 0) };
}
