import type { Transaction } from 'kysely';

import type { Tables } from '../store/schema.ts';

/**
 * Lets the jobs wait again that are `running` in a lane that nobody has: whoever ran them is gone, or has lost the lane. A job of the same
 * key that waits already, or runs elsewhere, does the work of both.
 * @returns how many jobs wait again
 */
export async function requeueStranded(transaction: Transaction<Tables>): Promise<number> {
  const stranded = transaction
    .selectFrom('jobs')
    .select(['id', 'key'])
    .where('status', '=', 'running')
    .where('lane', 'not in', transaction.selectFrom('leases').select('lane'));
  const rows = await stranded.execute();
  if (rows.length === 0) return 0;
  const ids = rows.map(({ id }) => id);
  // A waiting job that also stands for a cut-off one need not wait any more.
  const relieved = await transaction
    .updateTable('jobs')
    .set({ due_at: 0 })
    .where('status', '=', 'waiting')
    .where('key', 'in', [...new Set(rows.map(({ key }) => key))])
    .executeTakeFirst();
  const waiting = transaction.selectFrom('jobs').select('key').where('status', '=', 'waiting');
  const newest = transaction
    .selectFrom('jobs')
    .select(({ fn }) => fn.max('id').as('id'))
    .where('status', '=', 'running')
    .groupBy('key');
  const back = await transaction
    .updateTable('jobs')
    .set({ status: 'waiting' })
    .where('id', 'in', ids)
    .where('key', 'not in', waiting)
    .where('id', 'in', newest)
    .executeTakeFirst();
  await transaction.deleteFrom('jobs').where('id', 'in', ids).where('status', '=', 'running').execute();
  return Number(back.numUpdatedRows + relieved.numUpdatedRows);
}
