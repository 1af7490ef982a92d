import { sql, type CreateTableBuilder, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

import { common } from './common.ts';

/**
 * Each version of the tables in PostgreSQL, in order of their names. One that has been released is never changed. The first makes what
 * SQLite came to step by step; `rowid` is what SQLite calls the number of a row that has no number of its own.
 */
export const migrationsPostgres: Record<string, Migration> = {
  '0014-first': { up: first },
  ...common,
  '0016-announced': { up: announced },
};

async function first(db: Kysely<never>): Promise<void> {
  const { schema } = db;
  const table = (name: string) => schema.createTable(name);
  await texts(
    numbers(numbered(table('deliveries'), 'rowid'), ['received_at'], ['project_id']),
    ['event_name', 'body', 'status'],
    ['reason', 'branch', 'event_json'],
  )
    .addColumn('id', 'text', (column) => column.primaryKey())
    .execute();
  await texts(
    numbers(numbered(table('jobs'), 'id'), ['due_at', 'tries', 'added_at']),
    ['lane', 'key', 'job_json', 'status'],
    ['reason'],
  ).execute();
  await texts(
    numbers(table('branches'), ['project_id', 'held', 'tries']),
    ['branch', 'deployed_sha', 'origin_sha'],
    ['reported_sha'],
  )
    .addColumn('gated', 'bigint', (column) => column.notNull().defaultTo(0))
    .addPrimaryKeyConstraint('branches_key', ['project_id', 'branch'])
    .execute();
  await texts(numbers(table('pending'), ['project_id']), ['branch', 'pipeline', 'path', 'base_sha'])
    .addColumn('paused', 'bigint', (column) => column.notNull().defaultTo(0))
    .addPrimaryKeyConstraint('pending_key', ['project_id', 'branch', 'pipeline', 'path'])
    .execute();
  await texts(
    numbers(
      numbered(table('deployments'), 'id'),
      ['project_id', 'started_at'],
      ['finished_at', 'record', 'rolls_back'],
    ),
    ['branch', 'environment', 'aic_project', 'workspace', 'head_sha', 'places_json', 'status'],
    ['ordered_by', 'reason', 'cancelled_by', 'told', 'request'],
  ).execute();
  await texts(ofDeployment(table('items')), ['pipeline', 'state_json'])
    .addPrimaryKeyConstraint('items_key', ['deployment_id', 'pipeline'])
    .execute();
  await texts(numbers(numbered(ofDeployment(table('snapshots')), 'rowid'), ['taken_at']), [
    'pipeline',
    'fingerprint',
    'config',
  ])
    .addPrimaryKeyConstraint('snapshots_key', ['deployment_id', 'pipeline', 'fingerprint'])
    .execute();
  await texts(
    numbers(table('baselines'), ['project_id', 'recorded_at']),
    [...place, 'pipeline', 'fingerprint'],
    ['blob'],
  )
    .addPrimaryKeyConstraint('baselines_key', ['project_id', ...place, 'pipeline'])
    .execute();
  await texts(numbers(table('requests'), ['received_at']), ['id'])
    .addPrimaryKeyConstraint('requests_key', ['id'])
    .execute();
  await texts(numbers(numbered(table('leases'), 'fence'), ['pid', 'since', 'expires_at']), [
    'lane',
    'holder',
    'who',
    'host',
    'pid_space',
  ])
    .addUniqueConstraint('leases_lane', ['lane'])
    .execute();
  await texts(numbers(table('notices'), ['sent_at']), ['id'])
    .addPrimaryKeyConstraint('notices_key', ['id'])
    .execute();
  await texts(numbers(table('projects'), ['id'], ['heard_at', 'caught_up_at']), [], ['hook_problem'])
    .addPrimaryKeyConstraint('projects_key', ['id'])
    .execute();
  await texts(numbers(numbered(table('audit'), 'id'), ['at']), ['entry', 'previous', 'hash'], ['key'])
    .addUniqueConstraint('audit_once', ['key'])
    .execute();
  await texts(numbers(numbered(table('pushes'), 'rowid'), ['saved_at']), [
    'request',
    'branch',
    'outcome_json',
  ])
    .addPrimaryKeyConstraint('pushes_key', ['request', 'branch'])
    .execute();
  await texts(numbers(table('plans'), ['project_id', 'merge_request']), [
    'target',
    'head_sha',
    'pipelines_json',
    'bodies_json',
  ])
    .addPrimaryKeyConstraint('plans_key', ['project_id', 'merge_request'])
    .execute();
  await texts(
    numbers(table('drift'), ['project_id', 'since']),
    [...place, 'pipeline', 'state'],
    ['fingerprint'],
  )
    .addPrimaryKeyConstraint('drift_key', ['project_id', ...place, 'pipeline'])
    .execute();
  await texts(numbers(table('drift_checks'), ['project_id', 'checked_at']), ['branch'])
    .addPrimaryKeyConstraint('drift_checks_key', ['project_id', 'branch'])
    .execute();
  await texts(numbers(table('holds'), ['project_id', 'deployment_id'], ['request']), ['branch', 'pipeline'])
    .addPrimaryKeyConstraint('holds_key', ['project_id', 'branch', 'pipeline'])
    .execute();
  await indices(db);
  await auditOnlyGrows(db);
  await lanesAreWoken(db);
}

const place = ['environment', 'aic_project', 'workspace'] as const;

type Table = CreateTableBuilder<string, string>;

/** Columns of whole numbers. */
function numbers(table: Table, present: readonly string[], maybe: readonly string[] = []): Table {
  const all = present.reduce((to, name) => to.addColumn(name, 'bigint', (column) => column.notNull()), table);
  return maybe.reduce((to, name) => to.addColumn(name, 'bigint'), all);
}

function texts(table: Table, present: readonly string[], maybe: readonly string[] = []): Table {
  const all = present.reduce((to, name) => to.addColumn(name, 'text', (column) => column.notNull()), table);
  return maybe.reduce((to, name) => to.addColumn(name, 'text'), all);
}

/** A column that counts the rows; a value of one's own may be given, which moving a history over does. */
function numbered(table: Table, name: string): Table {
  return table.addColumn(name, 'bigint', (column) =>
    column.generatedByDefaultAsIdentity().notNull().unique(),
  );
}

function ofDeployment(table: Table): Table {
  return table.addColumn('deployment_id', 'bigint', (column) =>
    column.notNull().references('deployments.id'),
  );
}

async function indices({ schema }: Kysely<never>): Promise<void> {
  const index = (name: string, table: string, columns: readonly string[]) =>
    schema
      .createIndex(name)
      .on(table)
      .columns([...columns]);
  await index('deliveries_waiting', 'deliveries', ['project_id', 'branch', 'received_at'])
    .where(sql<boolean>`status = 'waiting'`)
    .execute();
  await index('deliveries_old', 'deliveries', ['received_at'])
    .where(sql<boolean>`body <> '' and status <> 'waiting'`)
    .execute();
  await index('jobs_waiting_key', 'jobs', ['key'])
    .unique()
    .where(sql<boolean>`status = 'waiting'`)
    .execute();
  await index('jobs_running', 'jobs', ['lane'])
    .where(sql<boolean>`status = 'running'`)
    .execute();
  await index('deployments_branch', 'deployments', ['project_id', 'branch', 'id']).execute();
  await index('deployments_request', 'deployments', ['request'])
    .where(sql<boolean>`request is not null`)
    .execute();
  await index('items_pipeline', 'items', ['pipeline', 'deployment_id']).execute();
  await index('snapshots_old', 'snapshots', ['taken_at']).execute();
  await index('audit_at', 'audit', ['at']).execute();
  await index('pushes_old', 'pushes', ['saved_at']).execute();
  await index('plans_into', 'plans', ['project_id', 'target']).execute();
}

async function auditOnlyGrows(db: Kysely<never>): Promise<void> {
  await sql`create function audit_refuses() returns trigger language plpgsql as $$
    begin raise exception 'the audit log is only added to'; end $$`.execute(db);
  await sql`create trigger audit_no_change before update or delete on audit
    for each row execute function audit_refuses()`.execute(db);
  await sql`create trigger audit_no_truncate before truncate on audit
    for each statement execute function audit_refuses()`.execute(db);
}

/**
 * Whatever lets a job wait, and whatever frees a lane in which one waits, adds to graphile-worker's queue the one task that wakes the lane, in the same
 * transaction. So no process can forget it. The task of a lane is one, due when the first of its jobs is.
 */
async function lanesAreWoken(db: Kysely<never>): Promise<void> {
  await sql`create function wake_lane(lane text, due_at bigint) returns void language plpgsql as $$
    declare
      task_key text := 'lane:' || md5(lane);
      due timestamptz := to_timestamp(due_at / 1000.0);
    begin
      perform graphile_worker.add_job('lane', json_build_object('lane', lane),
        run_at := least(due, (select run_at from graphile_worker.jobs where key = task_key and locked_at is null)),
        job_key := task_key, max_attempts := 32000);
    end $$`.execute(db);
  await sql`create function job_waits() returns trigger language plpgsql as $$
    begin perform wake_lane(new.lane, new.due_at); return null; end $$`.execute(db);
  await sql`create trigger jobs_wait after insert or update on jobs
    for each row when (new.status = 'waiting') execute function job_waits()`.execute(db);
  await sql`create function lane_freed() returns trigger language plpgsql as $$
    declare first bigint;
    begin
      select min(jobs.due_at) into first from jobs where jobs.lane = old.lane and status = 'waiting';
      if first is not null then perform wake_lane(old.lane, first); end if;
      return null;
    end $$`.execute(db);
  await sql`create trigger lanes_freed after delete on leases
    for each row execute function lane_freed()`.execute(db);
}

/** As in SQLite. */
async function announced(db: Kysely<never>): Promise<void> {
  const job = sql`job_json::jsonb`;
  const isWaiting = sql`status in ('waiting', 'running') and job_json::jsonb ->> 'kind' = 'command'
    and job_json::jsonb ->> 'next' = '0' and job_json::jsonb ->> 'begun' = 'false'`;
  await sql`delete from requests where id in (select key from jobs where ${isWaiting})`.execute(db);
  const lane = sql`'announced:' || (${job} ->> 'projectId') || ':'
    || case ${job} #>> '{origin,on,kind}' when 'issue' then '#' else '!' end || (${job} #>> '{origin,on,iid}')`;
  await sql`update jobs set lane = ${lane}, key = ${lane} || ':' || (${job} #>> '{origin,note}'),
    job_json = (${job} - array['origin', 'lines', 'writtenAt', 'next', 'failed', 'begun', 'lane']
      || jsonb_build_object('kind', 'note', 'on', ${job} #> '{origin,on}', 'note', ${job} #> '{origin,note}'))::text
    where ${isWaiting}`.execute(db);
}
