import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

import { common } from './common.ts';

/** Each version of the tables in SQLite, in order of their names. One that has been released is never changed. */
export const migrations: Record<string, Migration> = {
  '0001-first': { up: first },
  '0002-commands': { up: commands },
  '0003-leases': { up: leases },
  '0004-notices': { up: notices },
  '0005-projects': { up: projects },
  '0006-audit': { up: audit },
  '0007-told': { up: toldAndRequest },
  '0008-pushes': { up: pushes },
  '0009-audit-replace': { up: auditReplace },
  '0010-records': { up: records },
  '0011-plans': { up: plans },
  '0012-drift': { up: drift },
  '0013-rollback': { up: rollback },
  '0014-gated': { up: gated },
  ...common,
  '0016-announced': { up: announced },
};

async function first(db: Kysely<never>): Promise<void> {
  const create = db.schema;
  await create
    .createTable('deliveries')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('received_at', 'bigint', (column) => column.notNull())
    .addColumn('event_name', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('project_id', 'bigint')
    .addColumn('branch', 'text')
    .addColumn('event_json', 'text')
    .execute();
  await create
    .createIndex('deliveries_waiting')
    .on('deliveries')
    .columns(['project_id', 'branch', 'received_at'])
    .where(sql<boolean>`status = 'waiting'`)
    .execute();
  await create
    .createTable('jobs')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('lane', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('job_json', 'text', (column) => column.notNull())
    .addColumn('due_at', 'bigint', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('tries', 'integer', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('added_at', 'bigint', (column) => column.notNull())
    .execute();
  await create
    .createIndex('jobs_waiting_key')
    .unique()
    .on('jobs')
    .column('key')
    .where(sql<boolean>`status = 'waiting'`)
    .execute();
  await create.createIndex('jobs_due').on('jobs').columns(['status', 'due_at']).execute();
  await create
    .createTable('branches')
    .addColumn('project_id', 'bigint', (column) => column.notNull())
    .addColumn('branch', 'text', (column) => column.notNull())
    .addColumn('deployed_sha', 'text', (column) => column.notNull())
    .addColumn('origin_sha', 'text', (column) => column.notNull())
    .addColumn('held', 'integer', (column) => column.notNull())
    .addColumn('reported_sha', 'text')
    .addColumn('tries', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('branches_key', ['project_id', 'branch'])
    .execute();
  await create
    .createTable('pending')
    .addColumn('project_id', 'bigint', (column) => column.notNull())
    .addColumn('branch', 'text', (column) => column.notNull())
    .addColumn('pipeline', 'text', (column) => column.notNull())
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('base_sha', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('pending_key', ['project_id', 'branch', 'pipeline', 'path'])
    .execute();
  await create
    .createTable('deployments')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('project_id', 'bigint', (column) => column.notNull())
    .addColumn('branch', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('aic_project', 'text', (column) => column.notNull())
    .addColumn('workspace', 'text', (column) => column.notNull())
    .addColumn('head_sha', 'text', (column) => column.notNull())
    .addColumn('merge_requests_json', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('started_at', 'bigint', (column) => column.notNull())
    .addColumn('finished_at', 'bigint')
    .execute();
  await create
    .createIndex('deployments_branch')
    .on('deployments')
    .columns(['project_id', 'branch', 'id'])
    .execute();
  await create
    .createTable('items')
    .addColumn('deployment_id', 'integer', (column) => column.notNull().references('deployments.id'))
    .addColumn('pipeline', 'text', (column) => column.notNull())
    .addColumn('state_json', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('items_key', ['deployment_id', 'pipeline'])
    .execute();
  await create
    .createTable('snapshots')
    .addColumn('deployment_id', 'integer', (column) => column.notNull().references('deployments.id'))
    .addColumn('pipeline', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('config', 'text', (column) => column.notNull())
    .addColumn('taken_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('snapshots_key', ['deployment_id', 'pipeline', 'fingerprint'])
    .execute();
  await create
    .createTable('baselines')
    .addColumn('project_id', 'bigint', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('aic_project', 'text', (column) => column.notNull())
    .addColumn('workspace', 'text', (column) => column.notNull())
    .addColumn('pipeline', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('recorded_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('baselines_key', [
      'project_id',
      'environment',
      'aic_project',
      'workspace',
      'pipeline',
    ])
    .execute();
}

async function commands(db: Kysely<never>): Promise<void> {
  const { schema } = db;
  await schema
    .alterTable('pending')
    .addColumn('paused', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await schema.alterTable('baselines').addColumn('blob', 'text').execute();
  const deployments = schema.alterTable('deployments');
  await deployments.addColumn('places_json', 'text', (column) => column.notNull().defaultTo('[]')).execute();
  await deployments.addColumn('ordered_by', 'text').execute();
  await deployments.addColumn('reason', 'text').execute();
  await deployments.addColumn('cancelled_by', 'text').execute();
  await sql`update deployments set places_json = (
    select json_group_array(json_object('kind', 'merge-request', 'iid', value))
    from json_each(merge_requests_json))`.execute(db);
  await deployments.dropColumn('merge_requests_json').execute();
  await sql`update jobs set job_json = json_remove(json_set(job_json,
      '$.kind', 'comment',
      '$.place', json_object('kind', 'merge-request', 'iid', job_json ->> '$.mergeRequest')), '$.mergeRequest')
    where job_json ->> '$.kind' = 'merge-request-comment'`.execute(db);
  await sql`update jobs set job_json = json_remove(json_set(job_json,
      '$.kind', 'comment',
      '$.place', json_object('kind', 'commit', 'commit', job_json ->> '$.commit')), '$.commit')
    where job_json ->> '$.kind' = 'commit-comment'`.execute(db);
  await schema
    .createTable('requests')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('received_at', 'bigint', (column) => column.notNull())
    .execute();
}

async function leases(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('leases')
    .addColumn('fence', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('lane', 'text', (column) => column.notNull().unique())
    .addColumn('holder', 'text', (column) => column.notNull())
    .addColumn('who', 'text', (column) => column.notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('pid_space', 'text', (column) => column.notNull())
    .addColumn('pid', 'integer', (column) => column.notNull())
    .addColumn('since', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute();
}

async function notices(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('notices')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('sent_at', 'bigint', (column) => column.notNull())
    .execute();
}

async function projects(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('projects')
    .addColumn('id', 'bigint', (column) => column.primaryKey())
    .addColumn('heard_at', 'bigint')
    .addColumn('caught_up_at', 'bigint')
    .addColumn('hook_problem', 'text')
    .execute();
  await sql`insert into projects (id, heard_at)
    select project_id, min(received_at) from deliveries where project_id is not null group by project_id`.execute(
    db,
  );
}

async function audit(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('audit')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.unique())
    .addColumn('entry', 'text', (column) => column.notNull())
    .addColumn('previous', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('audit_at').on('audit').column('at').execute();
  for (const change of ['update', 'delete'])
    await sql`create trigger ${sql.ref(`audit_no_${change}`)} before ${sql.raw(change)} on audit
      begin select raise(abort, 'the audit log is only added to'); end`.execute(db);
  await db.schema
    .createIndex('deliveries_old')
    .on('deliveries')
    .column('received_at')
    .where(sql<boolean>`body <> '' and status <> 'waiting'`)
    .execute();
  await db.schema.createIndex('snapshots_old').on('snapshots').column('taken_at').execute();
}

async function toldAndRequest(db: Kysely<never>): Promise<void> {
  await db.schema.alterTable('deployments').addColumn('told', 'text').execute();
  await db.schema.alterTable('deployments').addColumn('request', 'text').execute();
  await db.schema
    .createIndex('deployments_request')
    .on('deployments')
    .column('request')
    .where(sql<boolean>`request is not null`)
    .execute();
}

async function pushes(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('pushes')
    .addColumn('request', 'text', (column) => column.notNull())
    .addColumn('branch', 'text', (column) => column.notNull())
    .addColumn('outcome_json', 'text', (column) => column.notNull())
    .addColumn('saved_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('pushes_key', ['request', 'branch'])
    .execute();
  await db.schema.createIndex('pushes_old').on('pushes').column('saved_at').execute();
}

/** `insert or replace` deletes without the trigger of a deletion: https://www.sqlite.org/lang_conflict.html. */
async function auditReplace(db: Kysely<never>): Promise<void> {
  await sql`create trigger audit_no_replace before insert on audit
    when exists (select 1 from audit where id = new.id or key = new.key)
    begin select raise(abort, 'the audit log is only added to'); end`.execute(db);
}

async function records(db: Kysely<never>): Promise<void> {
  await db.schema.alterTable('deployments').addColumn('record', 'bigint').execute();
}

async function plans(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('plans')
    .addColumn('project_id', 'bigint', (column) => column.notNull())
    .addColumn('merge_request', 'bigint', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('head_sha', 'text', (column) => column.notNull())
    .addColumn('pipelines_json', 'text', (column) => column.notNull())
    .addColumn('bodies_json', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('plans_key', ['project_id', 'merge_request'])
    .execute();
  await db.schema.createIndex('plans_into').on('plans').columns(['project_id', 'target']).execute();
}

async function gated(db: Kysely<never>): Promise<void> {
  await db.schema
    .alterTable('branches')
    .addColumn('gated', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
}

async function drift(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('drift')
    .addColumn('project_id', 'bigint', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('aic_project', 'text', (column) => column.notNull())
    .addColumn('workspace', 'text', (column) => column.notNull())
    .addColumn('pipeline', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text')
    .addColumn('since', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('drift_key', [
      'project_id',
      'environment',
      'aic_project',
      'workspace',
      'pipeline',
    ])
    .execute();
  await db.schema
    .createTable('drift_checks')
    .addColumn('project_id', 'bigint', (column) => column.notNull())
    .addColumn('branch', 'text', (column) => column.notNull())
    .addColumn('checked_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('drift_checks_key', ['project_id', 'branch'])
    .execute();
}

async function rollback(db: Kysely<never>): Promise<void> {
  await db.schema.alterTable('deployments').addColumn('rolls_back', 'bigint').execute();
  await db.schema.createIndex('items_pipeline').on('items').columns(['pipeline', 'deployment_id']).execute();
  await db.schema
    .createTable('holds')
    .addColumn('project_id', 'bigint', (column) => column.notNull())
    .addColumn('branch', 'text', (column) => column.notNull())
    .addColumn('pipeline', 'text', (column) => column.notNull())
    .addColumn('deployment_id', 'bigint', (column) => column.notNull())
    .addColumn('request', 'bigint')
    .addPrimaryKeyConstraint('holds_key', ['project_id', 'branch', 'pipeline'])
    .execute();
}

/**
 * Commands that wait to be begun hold what a webhook said. They become announcements, which GitLab has to confirm, and their requests are none before that.
 */
async function announced(db: Kysely<never>): Promise<void> {
  const isWaiting = sql`status in ('waiting', 'running') and job_json ->> '$.kind' = 'command'
    and job_json ->> '$.next' = 0 and not job_json ->> '$.begun'`;
  await sql`delete from requests where id in (select key from jobs where ${isWaiting})`.execute(db);
  const lane = sql`'announced:' || (job_json ->> '$.projectId') || ':'
    || iif(job_json ->> '$.origin.on.kind' = 'issue', '#', '!') || (job_json ->> '$.origin.on.iid')`;
  await sql`update jobs set lane = ${lane}, key = ${lane} || ':' || (job_json ->> '$.origin.note'),
    job_json = json_remove(json_set(job_json, '$.kind', 'note', '$.on', json(job_json -> '$.origin.on'),
        '$.note', job_json ->> '$.origin.note'),
      '$.origin', '$.lines', '$.writtenAt', '$.next', '$.failed', '$.begun', '$.lane')
    where ${isWaiting}`.execute(db);
}
