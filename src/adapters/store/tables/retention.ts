import { sql, type Transaction } from 'kysely';

import type { Retention } from '../../../domain/store/retention.ts';
import { chunksOf } from './rows.ts';
import type { Tables } from './schema.ts';

const atOnce = 500;

/** @param write runs one transaction */
export function createRetention(
  write: <Written>(work: (transaction: Transaction<Tables>) => Promise<Written>) => Promise<Written>,
): Retention {
  return {
    dropBodies: (before) =>
      write(async (transaction) => {
        const old = await transaction
          .selectFrom('deliveries')
          .select('id')
          // As the index of what can be dropped has it.
          .where(sql<boolean>`body <> '' and status <> 'waiting'`)
          .where('received_at', '<', before)
          .limit(atOnce)
          .execute();
        for (const some of chunksOf(old.map(({ id }) => id)))
          await transaction.updateTable('deliveries').set({ body: '' }).where('id', 'in', some).execute();
        return old.length;
      }),
    dropGivenUp: (before) =>
      write(async (transaction) => {
        const old = await transaction
          .selectFrom('jobs')
          .select('id')
          .where('status', '=', 'given-up')
          .where('due_at', '<', before)
          .limit(atOnce)
          .execute();
        for (const some of chunksOf(old.map(({ id }) => id)))
          await transaction.deleteFrom('jobs').where('id', 'in', some).execute();
        return old.length;
      }),
    dropPushes: (before) =>
      write(async (transaction) => {
        const old = await transaction
          .selectFrom('pushes')
          .select(rowId.as('id'))
          .where('saved_at', '<', before)
          .limit(atOnce)
          .execute();
        for (const some of chunksOf(old.map(({ id }) => id)))
          await transaction.deleteFrom('pushes').where(rowId, 'in', some).execute();
        return old.length;
      }),
    dropSnapshots: (before) =>
      write(async (transaction) => {
        const old = await transaction
          .selectFrom('snapshots')
          .select(rowId.as('id'))
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
          .limit(atOnce)
          .execute();
        for (const some of chunksOf(old.map(({ id }) => id)))
          await transaction.deleteFrom('snapshots').where(rowId, 'in', some).execute();
        return old.length;
      }),
  };
}

/** SQLite's own number of a row; the tables in PostgreSQL have a column of that name. */
const rowId = sql<number>`rowid`;
