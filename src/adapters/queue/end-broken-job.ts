import type { Transaction } from 'kysely';

import { afterBreak, breakId, requestOf, tellAtTry } from '../../domain/jobs/broken-job.ts';
import type { DueJob, Job } from '../../domain/jobs/job.ts';
import { addJobs } from '../store/tables/rows.ts';
import type { Tables } from '../store/tables/schema.ts';
import { settleJob, type End } from './end-job.ts';
import type { JobRow } from './claim-job.ts';

/**
 * Writes that a job broke off, and has those told who have to know, in one transaction.
 * @param isPlain leaves the telling to the next try: the store may not take it
 * @returns the jobs that tell
 */
export async function settleBreak(
  transaction: Transaction<Tables>,
  row: JobRow,
  { job, isPlain, ...end }: End & { readonly job: Job | undefined; readonly isPlain: boolean },
): Promise<readonly DueJob[]> {
  const times = Math.max(row.broke, row.tries) + 1;
  const { outcome, jobs } = afterBreak({
    id: await breakId(row.key),
    job,
    lane: row.lane,
    times: isPlain ? 1 : times,
    wasTold: row.broke >= tellAtTry,
    isHalfDone: await isHalfDone(transaction, job),
  });
  await settleJob(transaction, isPlain ? row : { ...row, broke: times }, { outcome, ...end });
  const due = jobs.map((one) => ({ job: one, dueAt: end.now }));
  await addJobs(transaction, due, end.now);
  return due;
}

/** Whether a deployment was begun for the job and is not ended. */
async function isHalfDone(transaction: Transaction<Tables>, job: Job | undefined): Promise<boolean> {
  const request = job === undefined ? undefined : requestOf(job);
  if (request === undefined) return false;
  const running = transaction
    .selectFrom('deployments')
    .select('id')
    .where('request', '=', request)
    .where('status', '=', 'running');
  return (await running.executeTakeFirst()) !== undefined;
}
