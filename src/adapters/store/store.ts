import { sql, type ExpressionBuilder, type Kysely, type Selectable, type Transaction } from 'kysely';

import type { Clock } from '../../domain/shared/clock.ts';
import { statusOf } from '../../domain/deployment/deployment.ts';
import type { Event } from '../../domain/jobs/webhook-event.ts';
import type { Jobs } from '../../domain/jobs/job.ts';
import { unknownProvenance } from '../../domain/deployment/gate/provenance.ts';
import type { Closing, SavedPush, Store } from '../../domain/store/store.ts';
import type { Baseline, BranchKey, BranchState, Pending, WorkspaceKey } from '../../domain/store/state.ts';
import { createAlerts } from './tables/alerts.ts';
import { createAskers } from './tables/askers.ts';
import { addAudit } from './tables/audit.ts';
import { checkEnded, createDeployments } from './tables/deployments.ts';
import { createDrifts } from './tables/drift.ts';
import type { Guard } from './engines/fence.ts';
import { createHistory } from './tables/history.ts';
import { createHolds } from './tables/holds.ts';
import { createKnownProjects } from './tables/known-projects.ts';
import { createNotices } from './tables/notices.ts';
import { createOwnCommits } from './tables/own-commits.ts';
import { createPlans } from './tables/shown-plans.ts';
import { createRequests } from './tables/requests.ts';
import { createRetention } from './tables/retention.ts';
import { addJobs, chunksOf, isBranch, saveBaseline, type JobsAdded } from './tables/rows.ts';
import type { Tables } from './tables/schema.ts';
import { transact } from './engines/transact.ts';

/**
 * @param guard what is written passes it: the lane on whose behalf the store is used may be lost to another process
 */
export function createStore(
  db: Kysely<Tables>,
  clock: Clock,
  jobsAdded: JobsAdded,
  guard: Guard = async () => {},
): Store & Jobs {
  const write = <Written>(work: (transaction: Transaction<Tables>) => Promise<Written>) =>
    transact(db, async (transaction) => {
      await guard(transaction);
      return work(transaction);
    });
  return {
    ...createDeployments(db, write, clock),
    ...createAskers(db, write),
    ...createOwnCommits(db, write, clock),
    ...createNotices(write, clock, jobsAdded),
    ...createAlerts(write, clock, jobsAdded),
    ...createRetention(write),
    ...createPlans(db, write, clock, jobsAdded),
    ...createDrifts(db, write, clock, jobsAdded),
    ...createHolds(db, write),
    ...createHistory(db),
    ...createRequests(db, write, clock, jobsAdded),
    ...createKnownProjects(db, write, clock, jobsAdded),
    add: async (...due) => {
      await write((transaction) => addJobs(transaction, due, clock.now()));
      jobsAdded(due);
    },
    branch: async (key) => {
      const row = await db.selectFrom('branches').selectAll().where(isBranch(key)).executeTakeFirst();
      return row === undefined ? undefined : stateOf(row);
    },
    waiting: async (key) => {
      const rows = await db
        .selectFrom('deliveries')
        .select(['id', 'event_json', 'received_at'])
        .where('status', '=', 'waiting')
        .where(isBranch(key))
        .orderBy('received_at')
        .orderBy(sql`rowid`)
        .execute();
      return rows.flatMap(({ id, event_json: json, received_at: receivedAt }) => {
        if (json === null) return [];
        const event: Event = JSON.parse(json);
        return [{ id, event, receivedAt }];
      });
    },
    pending: async (key) => {
      const rows = await db
        .selectFrom('pending')
        .select(['pipeline', 'path', 'base_sha as base', 'paused', 'held', 'provenance_json'])
        .where(isBranch(key))
        .execute();
      return rows.map(({ provenance_json: json, ...row }): Pending => ({
        ...row,
        paused: row.paused === 1,
        held: row.held === 1,
        provenance: json === null ? unknownProvenance : JSON.parse(json),
      }));
    },
    states: async (projectId) => {
      const rows = await db
        .selectFrom('branches')
        .selectAll()
        .where('project_id', '=', projectId)
        .orderBy('branch')
        .execute();
      return new Map(rows.map((row) => [row.branch, stateOf(row)]));
    },
    held: async (projectId) => {
      const rows = await db
        .selectFrom('branches')
        .select('branch')
        .where('project_id', '=', projectId)
        .where('held', '=', 1)
        .execute();
      return rows.map(({ branch }) => branch);
    },
    isRecorded: async (key) => {
      const row = await db.selectFrom('audit').select('id').where('key', '=', key).executeTakeFirst();
      return row !== undefined;
    },
    baselines: async (key, pipelines) => {
      const found = new Map<string, Baseline>();
      for (const some of chunksOf(pipelines)) {
        const rows = await db
          .selectFrom('baselines')
          .select(['pipeline', 'fingerprint', 'blob'])
          .where(isWorkspace(key))
          .where('pipeline', 'in', some)
          .execute();
        for (const { pipeline, fingerprint, blob } of rows) {
          found.set(pipeline, { fingerprint, blob: blob ?? undefined });
        }
      }
      return found;
    },
    close: async ({ key, deliveries, state, pending, deployment, jobs, audit }) => {
      await write(async (transaction) => {
        for (const id of deliveries) {
          await transaction
            .updateTable('deliveries')
            .set({ status: 'finished' })
            .where('id', '=', id)
            .execute();
        }
        if (state !== undefined) await saveState(transaction, key, state);
        if (deployment !== undefined) {
          await checkEnded(transaction, deployment.id);
          await transaction
            .updateTable('deployments')
            .set({
              status: statusOf(deployment.items),
              finished_at: deployment.finishedAt,
              told: deployment.told,
            })
            .where('id', '=', deployment.id)
            .execute();
          await saveHolds(transaction, key, deployment);
        }
        const left = deployment?.pending ?? pending;
        if (left !== undefined) await savePending(transaction, key, left);
        await addJobs(transaction, jobs, clock.now());
        await addAudit(transaction, audit, clock.now());
      });
      if (jobs.length > 0) jobsAdded(jobs);
    },
    savePush: async ({ workspace, baselines, branch, jobs, audit, request, to, outcome }) => {
      await write(async (transaction) => {
        for (const [pipeline, baseline] of baselines)
          await saveBaseline(transaction, workspace, { pipeline, baseline }, clock.now());
        if (branch !== undefined) await saveState(transaction, branch.key, branch.state);
        await addJobs(transaction, jobs, clock.now());
        await addAudit(transaction, audit, clock.now());
        const row = { request, branch: to, outcome_json: JSON.stringify(outcome), saved_at: clock.now() };
        await transaction
          .insertInto('pushes')
          .values(row)
          .onConflict((conflict) => conflict.columns(['request', 'branch']).doUpdateSet(row))
          .execute();
      });
      if (jobs.length > 0) jobsAdded(jobs);
    },
    pushed: async (request, branch) => {
      const row = await db
        .selectFrom('pushes')
        .select('outcome_json')
        .where('request', '=', request)
        .where('branch', '=', branch)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const outcome: SavedPush = JSON.parse(row.outcome_json);
      return outcome;
    },
    record: async (audit, jobs) => {
      await write(async (transaction) => {
        await addJobs(transaction, jobs, clock.now());
        await addAudit(transaction, audit, clock.now());
      });
      if (jobs.length > 0) jobsAdded(jobs);
    },
  };
}

async function savePending(
  transaction: Transaction<Tables>,
  key: BranchKey,
  pending: readonly Pending[],
): Promise<void> {
  await transaction.deleteFrom('pending').where(isBranch(key)).execute();
  const rows = pending.map(({ pipeline, path, base, paused, held, provenance }) => ({
    project_id: key.projectId,
    branch: key.branch,
    pipeline,
    path,
    base_sha: base,
    paused: paused ? 1 : 0,
    held: held ? 1 : 0,
    provenance_json: JSON.stringify(provenance),
  }));
  for (const some of chunksOf(rows, 8)) await transaction.insertInto('pending').values(some).execute();
}

async function saveHolds(
  transaction: Transaction<Tables>,
  key: BranchKey,
  { holds = [], released = [] }: NonNullable<Closing['deployment']>,
): Promise<void> {
  for (const pipeline of released)
    await transaction.deleteFrom('holds').where(isBranch(key)).where('pipeline', '=', pipeline).execute();
  for (const { pipeline, deployment, request } of holds) {
    const row = { deployment_id: deployment, request: request ?? null };
    await transaction
      .insertInto('holds')
      .values({ project_id: key.projectId, branch: key.branch, pipeline, ...row })
      .onConflict((conflict) => conflict.columns(['project_id', 'branch', 'pipeline']).doUpdateSet(row))
      .execute();
  }
}

function isWorkspace(key: WorkspaceKey) {
  return (where: ExpressionBuilder<Tables, 'baselines'>) =>
    where.and({
      project_id: key.projectId,
      environment: key.environment,
      aic_project: key.aicProject,
      workspace: key.workspace,
    });
}

function stateOf(row: Selectable<Tables['branches']>): BranchState {
  return {
    deployed: row.deployed_sha,
    origin: row.origin_sha,
    held: row.held === 1,
    reported: row.reported_sha ?? undefined,
    tries: row.tries,
    ...(row.gated === 1 ? { gated: true } : {}),
  };
}

async function saveState(
  transaction: Transaction<Tables>,
  key: BranchKey,
  state: BranchState,
): Promise<void> {
  const row = {
    deployed_sha: state.deployed,
    origin_sha: state.origin,
    held: state.held ? 1 : 0,
    reported_sha: state.reported ?? null,
    tries: state.tries,
    gated: state.gated === true ? 1 : 0,
  };
  await transaction
    .insertInto('branches')
    .values({ project_id: key.projectId, branch: key.branch, ...row })
    .onConflict((conflict) => conflict.columns(['project_id', 'branch']).doUpdateSet(row))
    .execute();
}
