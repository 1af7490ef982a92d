import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The versions that are the same on each engine. One that has been released is never changed. */
export const common: Record<string, Migration> = {
  '0015-lanes': { up: lanes },
  '0016-askers': { up: askers },
  '0016-broken': { up: broken },
  '0016-digests': { up: digests },
  '0016-provenance': { up: provenance },
  '0016-running-deployments': { up: runningDeployments },
  '0017-own-commits': { up: ownCommits },
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

/** A body is read when it comes, and only one that nobody could read is kept. Those of commands hold what people wrote. */
async function digests(db: Kysely<never>): Promise<void> {
  await db.schema
    .alterTable('deliveries')
    .addColumn('digest', 'text', (column) => column.notNull().defaultTo(''))
    .execute();
  await sql`update deliveries set body = '' where status <> 'rejected' and body <> ''`.execute(db);
  await sql`update deliveries set event_json = null
    where status = 'finished' and event_json like '%"kind":"commanded"%'`.execute(db);
}

/** Jobs that break off are counted, and those that do again and again are found without a look at the others. */
async function broken(db: Kysely<never>): Promise<void> {
  await db.schema
    .alterTable('jobs')
    .addColumn('broke', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema
    .createIndex('jobs_broken')
    .on('jobs')
    .column('broke')
    .where(sql<boolean>`broke > 0`)
    .execute();
}

/** Who asked the bot for a merge request. */
async function askers(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('askers')
    .addColumn('project_id', 'bigint', (column) => column.notNull())
    .addColumn('merge_request', 'bigint', (column) => column.notNull())
    .addColumn('username', 'text', (column) => column.notNull())
    .addColumn('user_id', 'bigint')
    .addPrimaryKeyConstraint('askers_key', ['project_id', 'merge_request', 'username'])
    .execute();
}

/** The commits of the bot, noted before they are made. Those of earlier versions are not known as the bot's. */
async function ownCommits(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('own_commits')
    .addColumn('request', 'text', (column) => column.notNull())
    .addColumn('nonce', 'text', (column) => column.notNull())
    .addColumn('project_id', 'bigint', (column) => column.notNull())
    .addColumn('branch', 'text', (column) => column.notNull())
    .addColumn('onto_sha', 'text', (column) => column.notNull())
    .addColumn('noted_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('own_commits_key', ['request', 'nonce'])
    .execute();
}

/** Of what was pending before, nobody can say any more where it came from: null. */
async function provenance({ schema }: Kysely<never>): Promise<void> {
  await schema.alterTable('pending').addColumn('provenance_json', 'text').execute();
  await schema
    .alterTable('pending')
    .addColumn('held', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await schema.alterTable('items').addColumn('provenance_json', 'text').execute();
  await schema.alterTable('deployments').addColumn('scope_json', 'text').execute();
}
/** The few deployments that have not ended are found without a look at all others. */
async function runningDeployments(db: Kysely<never>): Promise<void> {
  await db.schema
    .createIndex('deployments_running')
    .on('deployments')
    .columns(['project_id', 'branch'])
    .where(sql<boolean>`status = 'running'`)
    .execute();
}
