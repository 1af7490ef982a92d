import type { Kysely, Transaction } from 'kysely';

import { chunksOf } from '../store/tables/rows.ts';
import type { Tables } from '../store/tables/schema.ts';

/** Jobs that are `running` in a lane that nobody has: whoever ran them is gone, or has lost the lane. */
function strandedIn(source: Kysely<Tables>) {
  return source
    .selectFrom('jobs')
    .select(['id', 'key'])
    .where('status', '=', 'running')
    .where('lane', 'not in', source.selectFrom('leases').select('lane'));
}

/** Whether there are any. */
export async function hasStranded(source: Kysely<Tables>): Promise<boolean> {
  return (await strandedIn(source).limit(1).executeTakeFirst()) !== undefined;
}

/**
 * Lets stranded jobs wait again. A job of the same key that waits already, or runs elsewhere, does the work of both.
 * @returns how many jobs were stranded
 */
export async function requeueStranded(transaction: Transaction<Tables>): Promise<number> {
  const rows = await strandedIn(transaction).execute();
  for (const some of chunksOf(rows)) {
    const ids = some.map(({ id }) => id);
    // A waiting job that also stands for a cut-off one need not wait any more.
    await transaction
      .updateTable('jobs')
      .set({ due_at: 0 })
      .where('status', '=', 'waiting')
      .where('key', 'in', [...new Set(some.map(({ key }) => key))])
      .execute();
    const waiting = transaction.selectFrom('jobs').select('key').where('status', '=', 'waiting');
    const newest = transaction
      .selectFrom('jobs')
      .select(({ fn }) => fn.max('id').as('id'))
      .where('status', '=', 'running')
      .groupBy('key');
    await transaction
      .updateTable('jobs')
      .set({ status: 'waiting' })
      .where('id', 'in', ids)
      .where('key', 'not in', waiting)
      .where('id', 'in', newest)
      .execute();
    await transaction.deleteFrom('jobs').where('id', 'in', ids).where('status', '=', 'running').execute();
  }
  return rows.length;
}
