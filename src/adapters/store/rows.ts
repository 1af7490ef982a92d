import { sql, type Transaction } from 'kysely';

import { keyOf, laneOf, type DueJob } from '../../domain/job.ts';
import type { Tables } from './schema.ts';

/** Adds jobs within a transaction. A waiting job of the same key takes over the newer content with its lane, and the earlier moment. */
export async function addJobs(
  transaction: Transaction<Tables>,
  jobs: readonly DueJob[],
  now: number,
): Promise<void> {
  for (const { job, dueAt } of jobs) {
    await transaction
      .insertInto('jobs')
      .values({
        lane: laneOf(job),
        key: keyOf(job),
        job_json: JSON.stringify(job),
        due_at: dueAt,
        status: 'waiting',
        tries: 0,
        added_at: now,
      })
      .onConflict((conflict) =>
        conflict
          .column('key')
          .where(sql<boolean>`status = 'waiting'`)
          .doUpdateSet((row) => ({
            // What a command changes is known only once it is looked at: its key does not tell its lane.
            lane: row.ref('excluded.lane'),
            job_json: row.ref('excluded.job_json'),
            due_at: row
              .case()
              .when('excluded.due_at', '<', row.ref('jobs.due_at'))
              .then(row.ref('excluded.due_at'))
              .else(row.ref('jobs.due_at'))
              .end(),
            tries: 0,
          })),
      )
      .execute();
  }
}
