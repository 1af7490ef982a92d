import { sql, type Transaction } from 'kysely';

import type { Retention } from '../../domain/retention.ts';
import type { Tables } from './schema.ts';

const atOnce = 500;

/** @param write runs one transaction */
export function createRetention(
  write: <Written>(work: (transaction: Transaction<Tables>) => Promise<Written>) => Promise<Written>,
): Retention {
  return {
    dropBodies: (before) =>
      write(async (transaction) => {
        const old = transaction
          .selectFrom('deliveries')
          .select('id')
          // As the index of what can be dropped has it.
          .where(sql<boolean>`body <> '' and status <> 'waiting'`)
          .where('received_at', '<', before)
          .limit(atOnce);
        const emptied = transaction.updateTable('deliveries').set({ body: '' }).where('id', 'in', old);
        return Number((await emptied.executeTakeFirst()).numUpdatedRows);
      }),
    dropPushes: (before) =>
      write(async (transaction) => {
        const old = transaction
          .selectFrom('pushes')
          .select(sql<number>`rowid`.as('id'))
          .where('saved_at', '<', before)
          .limit(atOnce);
        const dropped = transaction.deleteFrom('pushes').where(sql<number>`rowid`, 'in', old);
        return Number((await dropped.executeTakeFirst()).numDeletedRows);
      }),
    dropSnapshots: (before) =>
      write(async (transaction) => {
        const old = transaction
          .selectFrom('snapshots')
          .select(sql<number>`rowid`.as('id'))
          .where('taken_at', '<', before)
          .where((where) =>
            where.not(
              where.exists(
                where
                  .selectFrom('deployments')
                  .select('id')
                  .whereRef('deployments.id', '=', 'snapshots.deployment_id')
                  .where('status', '=', 'running'),
              ),
            ),
          )
          .limit(atOnce);
        const dropped = transaction.deleteFrom('snapshots').where(sql<number>`rowid`, 'in', old);
        return Number((await dropped.executeTakeFirst()).numDeletedRows);
      }),
  };
}
