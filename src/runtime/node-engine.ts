import type { Pool } from 'pg';

import type { OuterBound } from '../adapters/http/concurrency-limit.ts';
import { hasEnded, thisProcess } from '../adapters/queue/lease-holder.ts';
import { createLeases } from '../adapters/queue/leases.ts';
import type { JobsAdded } from '../adapters/store/tables/rows.ts';
import { openSqlite } from '../adapters/store/engines/sqlite.ts';
import { isPostgres } from '../adapters/store/engines/database-url.ts';
import type { Config } from '../config.ts';
import { createEngine, type Engine, type Surroundings } from './engine.ts';

/** An engine on Node, on a SQLite file or on PostgreSQL. */
export interface NodeEngine extends Engine {
  /** The connections to PostgreSQL; undefined on SQLite. */
  readonly pool: Pool | undefined;
  readonly leaseMs: number;
  /** Gives the leases back and closes the store. */
  close(): Promise<void>;
}

const leaseMsByDefault = 30_000;

/**
 * @param as who takes leases, for people, and who is told after each commit that added jobs
 */
export async function openNodeEngine(
  config: Config,
  around: Surroundings,
  as: { readonly who: string; readonly jobsAdded: JobsAdded },
): Promise<NodeEngine> {
  const { clock, log, leaseMs = leaseMsByDefault } = around;
  const { db, pool, outer, closeOuter, freed } = await openDatabase(config.DATABASE_URL, around);
  const holder = thisProcess(as.who);
  const leases = createLeases({
    db,
    clock,
    log,
    holder,
    leaseMs,
    hasEnded: (other) => hasEnded(other, holder),
    ...(freed === undefined ? {} : { freed }),
  });
  const parts = { db, leases, jobsAdded: as.jobsAdded, ...(outer === undefined ? {} : { outer }) };
  return {
    ...createEngine(config, around, parts),
    pool,
    leaseMs,
    close: async () => {
      await leases.close();
      await closeOuter();
      await db.destroy();
    },
  };
}

async function openDatabase(url: string, { log, random }: Surroundings) {
  if (!isPostgres(url)) {
    const outer: OuterBound | undefined = undefined;
    return {
      db: await openSqlite(url),
      pool: undefined,
      outer,
      closeOuter: async () => {},
      freed: undefined,
    };
  }
  // Most bots do without it: it would take time at each start, and memory.
  const [{ openPostgres }, { createSharedBound }, { unlockTasks }] = await Promise.all([
    import('../adapters/store/engines/postgres.ts'),
    import('../adapters/queue/shared-concurrency-limit.ts'),
    import('../adapters/queue/postgres-lanes.ts'),
  ]);
  const { db, pool } = await openPostgres(url);
  const shared = createSharedBound(url, { log, random });
  return { db, pool, outer: shared.bound, closeOuter: () => shared.close(), freed: unlockTasks };
}
