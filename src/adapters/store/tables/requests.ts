import type { Kysely, Transaction } from 'kysely';

import type { Clock } from '../../../domain/shared/clock.ts';
import { announcedLanes } from '../../../domain/jobs/job.ts';
import type { Requests } from '../../../domain/store/command-store.ts';
import { addJobs, type JobsAdded } from './rows.ts';
import type { Tables } from './schema.ts';

/** @param write runs one transaction */
export function createRequests(
  db: Kysely<Tables>,
  write: <Written>(work: (transaction: Transaction<Tables>) => Promise<Written>) => Promise<Written>,
  clock: Clock,
  jobsAdded: JobsAdded,
): Requests {
  const find = (source: Kysely<Tables>, request: string) =>
    source.selectFrom('requests').select('id').where('id', '=', request).executeTakeFirst();
  return {
    isTaken: async (request) => (await find(db, request)) !== undefined,
    take: async (request, jobs) => {
      const isNew = await write(async (transaction) => {
        if ((await find(transaction, request)) !== undefined) return false;
        const inserted = await transaction
          .insertInto('requests')
          .values({ id: request, received_at: clock.now() })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .executeTakeFirst();
        if (inserted.numInsertedOrUpdatedRows !== 1n) return false;
        await addJobs(transaction, jobs, clock.now());
        return true;
      });
      if (isNew) jobsAdded(jobs);
      return isNew;
    },
    sought: async (project) => {
      const { count } = await db
        .selectFrom('jobs')
        .select(({ fn }) => fn.countAll<number | string>().as('count'))
        .where('status', '=', 'waiting')
        .where('lane', 'like', `${announcedLanes(project)}%`)
        .where('tries', '>', 0)
        .executeTakeFirstOrThrow();
      return Number(count);
    },
  };
}
