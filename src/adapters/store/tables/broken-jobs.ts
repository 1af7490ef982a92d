import type { Kysely } from 'kysely';

import { tellAtTry } from '../../../domain/jobs/broken-job.ts';
import type { Tables } from './schema.ts';

/** Somebody looks within a day, or not at all. */
const givenUpForMs = 24 * 60 * 60_000;

/** How many jobs break off each time, or were given up for it within the last day. Rejects when the store can't be read. */
export async function countBrokenJobs(db: Kysely<Tables>, now: number): Promise<number> {
  const { count } = await db
    .selectFrom('jobs')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('broke', '>', tellAtTry - 1)
    .where((where) => where.or([where('status', '<>', 'given-up'), where('due_at', '>', now - givenUpForMs)]))
    .executeTakeFirstOrThrow();
  return Number(count);
}
