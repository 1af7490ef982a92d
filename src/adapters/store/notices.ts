import type { Kysely } from 'kysely';

import type { Clock } from '../../domain/clock.ts';
import type { Notices } from '../../domain/notices.ts';
import { addJobs } from './rows.ts';
import type { Tables } from './schema.ts';

/** @param jobsAdded is told after each commit that added jobs, so that lanes look for work at once */
export function createNotices(db: Kysely<Tables>, clock: Clock, jobsAdded: () => void): Notices {
  return {
    giveNotice: async (id, jobs) => {
      const isNew = await db.transaction().execute(async (transaction) => {
        const inserted = await transaction
          .insertInto('notices')
          .values({ id, sent_at: clock.now() })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .executeTakeFirst();
        if (inserted.numInsertedOrUpdatedRows !== 1n) return false;
        await addJobs(transaction, jobs, clock.now());
        return true;
      });
      if (isNew) jobsAdded();
      return isNew;
    },
    forgetNotice: async (id) => {
      await db.deleteFrom('notices').where('id', '=', id).execute();
    },
  };
}
