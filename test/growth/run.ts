import process from 'node:process';
import { parseArgs } from 'node:util';

import { sql, type Kysely } from 'kysely';

import { takeJob } from '../../src/adapters/queue/claim-job.ts';
import { createInbox } from '../../src/adapters/store/tables/inbox.ts';
import { openPostgres } from '../../src/adapters/store/engines/postgres.ts';
import type { Tables } from '../../src/adapters/store/tables/schema.ts';
import { createStore } from '../../src/adapters/store/store.ts';
import type { CommitSha, ProjectId } from '../../src/domain/shared/ids.ts';
import { deployJob } from '../../src/domain/jobs/job.ts';
import { startPostgres } from '../postgres.ts';

/*
 * How the costs of PostgreSQL grow: what a bot does most, with a company's years in the database beside a nearly empty one. It fills databases of its own
 * and removes them. `--small` is a hundredth of it.
 */

const { values } = parseArgs({ options: { small: { type: 'boolean', default: false } } });
const share = values.small ? 100 : 1;
const clock = { now: () => Date.now() };
const rounds = 200;

interface Size {
  readonly projects: number;
  readonly branches: number;
  /** Jobs that wait, all of them due. */
  readonly jobs: number;
  readonly deliveries: number;
}

const sizes: readonly Size[] = [
  { projects: 1, branches: 20, jobs: 10, deliveries: 100 },
  { projects: 100, branches: 2_000, jobs: 10_000 / share, deliveries: 20_000 / share },
  {
    projects: 10_000 / share,
    branches: 200_000 / share,
    jobs: 1_000_000 / share,
    deliveries: 1_000_000 / share,
  },
];

/** A company's years, made by the database itself. */
async function fill(db: Kysely<Tables>, { projects, branches, jobs, deliveries }: Size): Promise<void> {
  const sha = 'a'.repeat(40);
  await sql`insert into projects (id, heard_at) select n, 1 from generate_series(1, ${projects}) n`.execute(
    db,
  );
  await sql`insert into branches (project_id, branch, deployed_sha, origin_sha, held, tries)
    select 1 + n % ${projects}, 'branch-' || n, ${sha}, ${sha}, 0, 0 from generate_series(1, ${branches}) n`.execute(
    db,
  );
  await sql`insert into deliveries (id, received_at, event_name, body, status, project_id, branch, event_json)
    select 'd-' || n, n, 'Push Hook', '{}', case when n % 20 = 0 then 'waiting' else 'finished' end, 1 + n % ${projects}, 'branch-' || n, '{}'
    from generate_series(1, ${deliveries}) n`.execute(db);
  await sql`insert into deployments (project_id, branch, environment, aic_project, workspace, head_sha, places_json, status, started_at)
    select 1 + n % ${projects}, 'branch-' || n % ${branches}, 'prod', 'A', 'W', ${sha}, '[]', 'succeeded', n
    from generate_series(1, ${deliveries}) n`.execute(db);
  // As the trigger does it, but for all at once.
  await sql`alter table jobs disable trigger jobs_wait`.execute(db);
  await sql`insert into jobs (lane, key, job_json, due_at, status, tries, added_at)
    select 'deploy:' || n, 'deploy:' || n, json_build_object('kind', 'deploy', 'projectId', n, 'branch', 'main', 'lane', 'deploy:' || n), 0, 'waiting', 0, 0
    from generate_series(1, ${jobs}) n`.execute(db);
  await sql`alter table jobs enable trigger jobs_wait`.execute(db);
  await sql`insert into graphile_worker._private_tasks (identifier) values ('lane') on conflict do nothing`.execute(
    db,
  );
  await sql`insert into graphile_worker._private_jobs (task_id, payload, key, max_attempts)
    select (select id from graphile_worker._private_tasks where identifier = 'lane'), json_build_object('lane', 'deploy:' || n), 'lane:' || md5('deploy:' || n), 32000
    from generate_series(1, ${jobs}) n`.execute(db);
  await sql`analyze`.execute(db);
}

/** The median of so many rounds, in milliseconds. */
async function median(act: (round: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    await act(round);
    times.push(performance.now() - began);
  }
  return times.toSorted((one, other) => one - other)[Math.floor(rounds / 2)] ?? Number.NaN;
}

const takeTask = sql`with j as (
    select id from graphile_worker._private_jobs where is_available = true and run_at <= now()
    and task_id = any(array(select id from graphile_worker._private_tasks)) order by priority asc, run_at asc limit 1 for update skip locked)
  update graphile_worker._private_jobs jobs set locked_by = 'growth', locked_at = now() from j where jobs.id = j.id returning payload`;

async function measure(url: string, size: Size) {
  const { db } = await openPostgres(url, 4);
  await fill(db, size);
  const inbox = createInbox(db, clock, () => {});
  const store = createStore(db, clock, () => {});
  const project = size.projects as ProjectId;
  const key = { projectId: project, branch: `branch-${size.projects - 1}` };
  const event = { kind: 'pushed', ...key, before: undefined, after: undefined } as const;
  const accept = (round: number) =>
    inbox.accept(
      {
        id: `new-${round}`,
        receivedAt: clock.now(),
        eventName: 'Push Hook',
        digest: 'd'.repeat(64),
        content: { kind: 'event', event },
      },
      [{ job: deployJob(project, `new-${round}`), dueAt: 0 }],
    );
  const take = (round: number) =>
    db.transaction().execute(async (transaction) => {
      await takeTask.execute(transaction);
      return takeJob(transaction, `deploy:${1 + (round % size.jobs)}`, clock.now());
    });
  const show = async () => {
    await store.states(project);
    await store.lastDeployment(key);
    await store.waiting(key);
    await store.pending(key);
  };
  const state = {
    deployed: 'b'.repeat(40) as CommitSha,
    origin: 'b'.repeat(40) as CommitSha,
    held: false,
    reported: undefined,
    tries: 0,
  };
  const close = (round: number) =>
    store.close({ key, deliveries: [`new-${round}`], state, deployment: undefined, jobs: [], audit: [] });
  const figures = {
    'accept a delivery': await median(accept),
    'take a job': await median(take),
    'show a project': await median(show),
    'end a run': await median(close),
  };
  const sum = Object.values(figures).reduce((total, ms) => total + ms, 0);
  const plans = values.small || size !== sizes.at(-1) ? [] : await plansOf(db, key);
  await db.destroy();
  return { figures: { ...figures, 'a merge, all of it': sum }, plans };
}

/** How the database finds what it is asked for. */
async function plansOf(db: Kysely<Tables>, key: { readonly projectId: ProjectId; readonly branch: string }) {
  const questions = [
    sql`select id from jobs where status = 'waiting' and lane not in (select lane from leases) and lane = 'deploy:500' and due_at <= 1 order by id limit 1`,
    sql`select id from jobs where status = 'running' and lane not in (select lane from leases) limit 1`,
    sql`select digest from deliveries where id = 'd-77'`,
    sql`select * from deliveries where status = 'waiting' and project_id = ${key.projectId} and branch = ${key.branch} order by received_at, rowid`,
    sql`select * from deployments where project_id = ${key.projectId} and branch = ${key.branch} order by id desc limit 1`,
    sql`select * from branches where project_id = ${key.projectId} order by branch`,
    sql`select run_at from graphile_worker.jobs where key = 'lane:x' and locked_at is null`,
  ];
  const shown: string[] = [];
  for (const question of questions) {
    const { rows } = await sql<{ readonly 'QUERY PLAN': string }>`explain ${question}`.execute(db);
    shown.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
  }
  return shown;
}

function print(text: string): void {
  process.stdout.write(`${text}\n\n`);
}

function asTable(rows: readonly Readonly<Record<string, string | number>>[]): string {
  const head = Object.keys(rows[0] ?? {});
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---:')), ...rows.map((row) => line(Object.values(row)))].join(
    '\n',
  );
}

const postgres = await startPostgres();
try {
  const table: Record<string, string | number>[] = [];
  let plans: readonly string[] = [];
  for (const size of sizes) {
    const measured = await measure(await postgres.newDatabase(), size);
    const rounded = Object.entries(measured.figures).map(([name, ms]) => [`${name} (ms)`, ms.toFixed(2)]);
    table.push({
      projects: size.projects,
      branches: size.branches,
      'jobs waiting': size.jobs,
      ...Object.fromEntries(rounded),
    });
    ({ plans } = measured);
  }
  print(asTable(table));
  for (const plan of plans) print(plan);
  const scans = plans.filter((plan) =>
    /Seq Scan on (jobs|deliveries|deployments|branches|_private_jobs)\b/.test(plan),
  );
  if (scans.length > 0) throw new Error(`${scans.length} questions read a table from end to end`);
} finally {
  await postgres.stop();
}
