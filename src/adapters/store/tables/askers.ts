import type { Kysely, Transaction } from 'kysely';

import type { Askers } from '../../../domain/store/asker-store.ts';
import type { Tables } from './schema.ts';

/** @param write runs one transaction */
export function createAskers(
  db: Kysely<Tables>,
  write: <Written>(work: (transaction: Transaction<Tables>) => Promise<Written>) => Promise<Written>,
): Askers {
  return {
    askersOf: async (project, mergeRequest) => {
      const rows = await db
        .selectFrom('askers')
        .select(['user_id', 'username'])
        .where('project_id', '=', project)
        .where('merge_request', '=', mergeRequest)
        .orderBy('username')
        .execute();
      return rows.map(({ user_id: id, username }) => ({ id: id ?? undefined, username }));
    },
    saveAskers: async (project, mergeRequest, askers) => {
      if (askers.length === 0) return;
      // One statement can't write a row twice.
      const byName = new Map(askers.map((asker) => [asker.username, asker]));
      const rows = [...byName.values()].map(({ id, username }) => ({
        project_id: project,
        merge_request: mergeRequest,
        username,
        user_id: id ?? null,
      }));
      await write((transaction) =>
        transaction
          .insertInto('askers')
          .values(rows)
          .onConflict((conflict) =>
            conflict
              .columns(['project_id', 'merge_request', 'username'])
              .doUpdateSet((excluded) => ({ user_id: excluded.ref('excluded.user_id') })),
          )
          .execute(),
      );
    },
  };
}
