import type { Transaction } from 'kysely';

import type { Tables } from '../tables/schema.ts';
import { isShared } from './transact.ts';

/** Says that the lane on whose behalf something was to be written belongs to another process, or to nobody. */
export class LeaseLost extends Error {
  constructor() {
    super('the lease of the lane is lost');
  }
}

/** Looks, within the transaction that writes, whether the writing is still allowed; rejects with `LeaseLost` where not. */
export type Guard = (transaction: Transaction<Tables>) => Promise<void>;

/**
 * Lets pass what is written on behalf of a lane as long as its lease stands. A lease whose time is over stands until somebody
 * takes it away, which needs the same write lock, on PostgreSQL that of the row: so nobody can come between the look and the write.
 */
export function guardOf(fence: number): Guard {
  return async (transaction) => {
    const rows = transaction.selectFrom('leases').select('fence').where('fence', '=', fence);
    const lease = await (isShared(transaction) ? rows.forShare() : rows).executeTakeFirst();
    if (lease === undefined) throw new LeaseLost();
  };
}
