import { sql, type Kysely } from 'kysely';

import { guardOf } from '../../src/adapters/store/engines/fence.ts';
import { createInbox } from '../../src/adapters/store/tables/inbox.ts';
import type { Tables } from '../../src/adapters/store/tables/schema.ts';
import { createStore } from '../../src/adapters/store/store.ts';
import type { Clock } from '../../src/domain/shared/clock.ts';
import type { OpenStore } from './store-contract.ts';

/**
 * What the contract works with, over one database.
 * @param other a connection of its own to the same place, which sees only what was committed
 */
export function openStore(
  db: Kysely<Tables>,
  other: Kysely<Tables>,
  time: Clock,
  close: () => Promise<void>,
): OpenStore {
  let woken = 0;
  const wake = () => void (woken += 1);
  return {
    store: createStore(db, time, wake),
    lost: createStore(db, time, wake, guardOf(0)),
    inbox: createInbox(db, time, wake),
    woken: () => woken,
    jobs: async () => {
      const rows = await other.selectFrom('jobs').selectAll().orderBy('id').execute();
      return rows.map(({ id, lane, status, due_at: dueAt, tries, job_json: json }) => ({
        id,
        lane,
        status,
        dueAt,
        tries,
        job: JSON.parse(json),
      }));
    },
    snapshots: async () => {
      const rows = await other
        .selectFrom('snapshots')
        .select(['deployment_id as deployment', 'pipeline', 'fingerprint', 'config'])
        .orderBy(sql`rowid`)
        .execute();
      return rows.map((row) => ({ ...row }));
    },
    deliveries: async () => {
      const rows = await other
        .selectFrom('deliveries')
        .select(['id', 'status', 'body'])
        .orderBy(sql`rowid`)
        .execute();
      return rows.map((row) => ({ ...row }));
    },
    begin: async (id) => {
      await other.updateTable('jobs').set({ status: 'running' }).where('id', '=', id).execute();
    },
    again: async () => {
      await other.updateTable('jobs').set({ tries: 1 }).where('status', '=', 'waiting').execute();
    },
    close,
  };
}
