import type { Kysely, Transaction } from 'kysely';

import type { Holds } from '../../../domain/deployment/rollback/hold.ts';
import { isBranch } from './rows.ts';
import type { Tables } from './schema.ts';

/** @param write runs one transaction */
export function createHolds(
  db: Kysely<Tables>,
  write: <Written>(work: (transaction: Transaction<Tables>) => Promise<Written>) => Promise<Written>,
): Holds {
  return {
    holds: async (key) => {
      const rows = await db
        .selectFrom('holds')
        .selectAll()
        .where(isBranch(key))
        .orderBy('pipeline')
        .execute();
      return rows.map(({ pipeline, deployment_id: deployment, request }) => ({
        pipeline,
        deployment,
        request: request ?? undefined,
      }));
    },
    saveHoldRequest: async (deployment, request) => {
      await write((transaction) =>
        transaction.updateTable('holds').set({ request }).where('deployment_id', '=', deployment).execute(),
      );
    },
    endHolds: async (deployment) => {
      await write((transaction) =>
        transaction.deleteFrom('holds').where('deployment_id', '=', deployment).execute(),
      );
    },
  };
}
