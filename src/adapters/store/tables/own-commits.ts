import type { Kysely, Transaction } from 'kysely';

import type { Clock } from '../../../domain/shared/clock.ts';
import type { OwnCommits } from '../../../domain/store/own-commit-store.ts';
import type { Tables } from './schema.ts';

/** @param write runs one transaction */
export function createOwnCommits(
  db: Kysely<Tables>,
  write: <Written>(work: (transaction: Transaction<Tables>) => Promise<Written>) => Promise<Written>,
  clock: Clock,
): OwnCommits {
  return {
    noteCommit: async ({ request, nonce, on, onto }) => {
      const row = {
        request,
        nonce,
        project_id: on.projectId,
        branch: on.branch,
        onto_sha: onto,
        noted_at: clock.now(),
      };
      await write((transaction) => transaction.insertInto('own_commits').values(row).execute());
    },
    notedCommit: async ({ request, nonce }) => {
      const row = await db
        .selectFrom('own_commits')
        .select(['project_id', 'branch', 'onto_sha'])
        .where('request', '=', request)
        .where('nonce', '=', nonce)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const on = { projectId: row.project_id, branch: row.branch };
      return { request, nonce, on, onto: row.onto_sha };
    },
  };
}
