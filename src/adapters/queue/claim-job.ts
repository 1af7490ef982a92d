import type { Kysely, Transaction } from 'kysely';

import type { Tables } from '../store/tables/schema.ts';
import { isShared } from '../store/engines/transact.ts';

/** A job that is to be run. */
export interface JobRow {
  readonly id: number;
  readonly lane: string;
  readonly key: string;
  readonly tries: number;
  /** How often it broke off since it last ended well. */
  readonly broke: number;
  /** Read by whoever runs it: one that can't be read must not keep those from running that were taken with it. */
  readonly job_json: string;
}

/** What waits in lanes that nobody has. */
export function waitingIn(source: Kysely<Tables>) {
  return source
    .selectFrom('jobs')
    .where('status', '=', 'waiting')
    .where('lane', 'not in', source.selectFrom('leases').select('lane'));
}

/** Marks the jobs as running. Those that somebody else began meanwhile are not among the answer. */
export async function beginJobs(
  transaction: Transaction<Tables>,
  ids: readonly number[],
): Promise<readonly JobRow[]> {
  const begun: JobRow[] = [];
  for (const id of ids) {
    const row = await transaction
      .selectFrom('jobs')
      .select(['id', 'lane', 'key', 'tries', 'broke', 'job_json'])
      .where('id', '=', id)
      .executeTakeFirst();
    const marked = await transaction
      .updateTable('jobs')
      .set({ status: 'running' })
      .where('id', '=', id)
      .where('status', '=', 'waiting')
      .executeTakeFirst();
    if (row !== undefined && marked.numUpdatedRows === 1n) begun.push(row);
  }
  return begun;
}

/** The oldest job of the lane that is due, marked as running; none while somebody has the lane. */
export async function takeJob(
  transaction: Transaction<Tables>,
  lane: string,
  now: number,
): Promise<readonly JobRow[]> {
  if (isShared(transaction)) {
    // Waits for whoever is giving the lane back: a job that came before that is then seen here or there.
    const held = transaction.selectFrom('leases').select('fence').where('lane', '=', lane).forShare();
    if ((await held.executeTakeFirst()) !== undefined) return [];
  }
  const oldest = await waitingIn(transaction)
    .select('id')
    .where('lane', '=', lane)
    .where('due_at', '<=', now)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  return oldest === undefined ? [] : beginJobs(transaction, [oldest.id]);
}

/** When the lane's next job is due; undefined where none waits. */
export async function nextDueIn(db: Kysely<Tables>, lane: string): Promise<number | undefined> {
  const { at } = await db
    .selectFrom('jobs')
    .select(({ fn }) => fn.min('due_at').as('at'))
    .where('status', '=', 'waiting')
    .where('lane', '=', lane)
    .executeTakeFirstOrThrow();
  return at ?? undefined;
}
