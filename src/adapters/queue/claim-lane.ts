import type { Selectable } from 'kysely';

import type { Clock } from '../../domain/shared/clock.ts';
import { keyOf, laneOf, type Job, type JobOutcome } from '../../domain/jobs/job.ts';
import type { Tables } from '../store/tables/schema.ts';
import type { Lease, Leases } from './leases.ts';
import { settleJob } from './end-job.ts';

/** A lane that was taken for one job. */
export interface TakenLane {
  readonly lease: Lease;
  /** As `Leases.release`. */
  end(outcome: JobOutcome): Promise<boolean>;
}

/**
 * Takes the lane of a job that no other process is to run, and writes the job down as running: if this process dies, it waits for whoever looks
 * for work next. Or tells who has the lane.
 */
export async function takeLane(
  { leases, clock }: { readonly leases: Leases; readonly clock: Clock },
  job: Job,
): Promise<TakenLane | { readonly held: Selectable<Tables['leases']> }> {
  const lane = laneOf(job);
  let held: Selectable<Tables['leases']> | undefined;
  const [taken] = await leases.claim(async (transaction) => {
    held = await transaction.selectFrom('leases').selectAll().where('lane', '=', lane).executeTakeFirst();
    if (held !== undefined) return [];
    const now = clock.now();
    return transaction
      .insertInto('jobs')
      .values({
        lane,
        key: keyOf(job),
        job_json: JSON.stringify(job),
        due_at: now,
        status: 'running',
        tries: 0,
        added_at: now,
      })
      .returning(['id', 'key', 'lane', 'tries', 'broke'])
      .execute();
  });
  if (taken === undefined) {
    if (held === undefined) throw new Error('The job was not written.');
    return { held };
  }
  return {
    lease: taken.lease,
    end: (outcome) =>
      leases.release(taken.lease, (transaction) =>
        settleJob(transaction, taken, { outcome, now: clock.now(), random: 0 }),
      ),
  };
}
