import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The versions that are the same on each engine. One that has been released is never changed. */
export const common: Record<string, Migration> = {
  '0015-lanes': { up: lanes },
};

/** The oldest job of one lane is found without a look at those of others. */
async function lanes(db: Kysely<never>): Promise<void> {
  await db.schema
    .createIndex('jobs_lane')
    .on('jobs')
    .columns(['lane', 'id'])
    .where(sql<boolean>`status = 'waiting'`)
    .execute();
}
