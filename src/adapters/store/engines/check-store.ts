import { sql, type Kysely } from 'kysely';

import type { Tables } from '../tables/schema.ts';
import { isShared } from './transact.ts';

/**
 * Rejects when the store can't be read or can't be written: a file that is damaged, read-only or locked, a full disk, a database that is gone or a
 * standby. What is written is a number that nobody uses, so nothing is changed. Damage shows only where it is met: what is read are the ends
 * of the tables that every delivery touches.
 */
export async function checkStore(db: Kysely<Tables>): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await transaction
      .selectFrom('deliveries')
      .select('id')
      .orderBy(sql`rowid`, 'desc')
      .limit(1)
      .execute();
    await transaction.selectFrom('jobs').select('id').orderBy('id', 'desc').limit(1).execute();
    const write = isShared(transaction) ? sql`select pg_current_xact_id()` : sql`PRAGMA user_version = 0`;
    await write.execute(transaction);
  });
}
