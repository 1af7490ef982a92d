import type { Transaction } from 'kysely';

import type { Clock } from '../../../domain/shared/clock.ts';
import type { Notices } from '../../../domain/store/notices.ts';
import { addJobs, type JobsAdded } from './rows.ts';
import type { Tables } from './schema.ts';

/** @param write runs one transaction */
export function createNotices(
  write: <Written>(work: (transaction: Transaction<Tables>) => Promise<Written>) => Promise<Written>,
  clock: Clock,
  jobsAdded: JobsAdded,
): Notices {
  return {
    giveNotice: async (id, jobs) => {
      const isNew = await write(async (transaction) => {
        const known = transaction.selectFrom('notices').select('id').where('id', '=', id);
        if ((await known.executeTakeFirst()) !== undefined) return false;
        const inserted = await transaction
          .insertInto('notices')
          .values({ id, sent_at: clock.now() })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .executeTakeFirst();
        if (inserted.numInsertedOrUpdatedRows !== 1n) return false;
        await addJobs(transaction, jobs, clock.now());
        return true;
      });
      if (isNew) jobsAdded(jobs);
      return isNew;
    },
    forgetNotice: async (id) => {
      await write((transaction) => transaction.deleteFrom('notices').where('id', '=', id).execute());
    },
  };
}
