import type { Transaction } from 'kysely';

import type { Alerts } from '../../../domain/store/alert-store.ts';
import type { Clock } from '../../../domain/shared/clock.ts';
import { alertLane, type Job } from '../../../domain/jobs/job.ts';
import { addJobs, chunksOf, type JobsAdded } from './rows.ts';
import type { Tables } from './schema.ts';

const mostTogether = 1_000;

/** @param write runs one transaction */
export function createAlerts(
  write: <Written>(work: (transaction: Transaction<Tables>) => Promise<Written>) => Promise<Written>,
  clock: Clock,
  jobsAdded: JobsAdded,
): Alerts {
  return {
    takeAlerts: async (about, pauseMs, compose) => {
      const now = clock.now();
      const lane = alertLane(about);
      const taken = await write(async (transaction) => {
        const last = await transaction
          .selectFrom('notices')
          .select('sent_at')
          .where('id', '=', lane)
          .executeTakeFirst();
        if (last !== undefined && last.sent_at + pauseMs > now) return { from: last.sent_at + pauseMs };
        const rows = await transaction
          .selectFrom('jobs')
          .select(['id', 'job_json'])
          .where('lane', '=', lane)
          .where('status', 'in', ['waiting', 'running'])
          .orderBy('id')
          .limit(mostTogether)
          .execute();
        for (const some of chunksOf(rows.map(({ id }) => id)))
          await transaction.deleteFrom('jobs').where('id', 'in', some).execute();
        const alerts = rows.flatMap((row) => {
          const job: Job = JSON.parse(row.job_json);
          return job.kind === 'alert' ? [job.alert] : [];
        });
        const due = compose(alerts).map((job) => ({ job, dueAt: now }));
        await addJobs(transaction, due, now);
        await transaction
          .insertInto('notices')
          .values({ id: lane, sent_at: now })
          .onConflict((conflict) => conflict.column('id').doUpdateSet({ sent_at: now }))
          .execute();
        return { due };
      });
      if ('from' in taken) return taken.from;
      if (taken.due.length > 0) jobsAdded(taken.due);
      return undefined;
    },
  };
}
