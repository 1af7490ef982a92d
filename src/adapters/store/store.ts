import type { ExpressionBuilder, Kysely, Selectable, Transaction } from 'kysely';

import type { Clock } from '../../domain/clock.ts';
import type { Deployment, Item, ItemState } from '../../domain/deployment.ts';
import type { Event } from '../../domain/event.ts';
import type { DeploymentId } from '../../domain/ids.ts';
import type { Jobs } from '../../domain/job.ts';
import type { Place } from '../../domain/place.ts';
import type { Baseline, BranchKey, BranchState, SavedPush, Store, WorkspaceKey } from '../../domain/store.ts';
import { addAudit } from './audit.ts';
import type { Guard } from './fence.ts';
import { createKnownProjects } from './known-projects.ts';
import { createNotices } from './notices.ts';
import { createRetention } from './retention.ts';
import { addJobs } from './rows.ts';
import type { Tables } from './schema.ts';

/** Rows per statement: SQLite allows 32,766 values in one. */
const chunk = 500;

/**
 * @param jobsAdded is told after each commit that added jobs, so that lanes look for work at once
 * @param guard what is written passes it: the lane on whose behalf the store is used may be lost to another process
 */
export function createStore(
  db: Kysely<Tables>,
  clock: Clock,
  jobsAdded: () => void,
  guard: Guard = async () => {},
): Store & Jobs {
  const write = <Written>(work: (transaction: Transaction<Tables>) => Promise<Written>) =>
    db.transaction().execute(async (transaction) => {
      await guard(transaction);
      return work(transaction);
    });
  const withItems = async (row: Selectable<Tables['deployments']>) => {
    const items = await db
      .selectFrom('items')
      .select(['pipeline', 'state_json'])
      .where('deployment_id', '=', row.id)
      .execute();
    return { deployment: deploymentOf(row), items: items.map((item) => itemOf(item)) };
  };
  return {
    ...createNotices(write, clock, jobsAdded),
    ...createRetention(write),
    ...createKnownProjects(db, write, clock, jobsAdded),
    add: async (...due) => {
      await write((transaction) => addJobs(transaction, due, clock.now()));
      jobsAdded();
    },
    branch: async (key) => {
      const row = await db.selectFrom('branches').selectAll().where(isBranch(key)).executeTakeFirst();
      return row === undefined ? undefined : stateOf(row);
    },
    waiting: async (key) => {
      const rows = await db
        .selectFrom('deliveries')
        .select(['id', 'event_json'])
        .where('status', '=', 'waiting')
        .where(isBranch(key))
        .orderBy('received_at')
        .execute();
      return rows.flatMap(({ id, event_json: json }) => {
        if (json === null) return [];
        const event: Event = JSON.parse(json);
        return [{ id, event }];
      });
    },
    pending: async (key) => {
      const rows = await db
        .selectFrom('pending')
        .select(['pipeline', 'path', 'base_sha as base', 'paused'])
        .where(isBranch(key))
        .execute();
      return rows.map((row) => ({ ...row, paused: row.paused === 1 }));
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
    lastDeployment: async (key) => {
      const row = await db
        .selectFrom('deployments')
        .selectAll()
        .where(isBranch(key))
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? undefined : withItems(row);
    },
    deploymentFor: async (request) => {
      const row = await db
        .selectFrom('deployments')
        .selectAll()
        .where('request', '=', request)
        .where('status', '<>', 'running')
        .executeTakeFirst();
      return row === undefined ? undefined : withItems(row);
    },
    isRecorded: async (key) => {
      const row = await db.selectFrom('audit').select('id').where('key', '=', key).executeTakeFirst();
      return row !== undefined;
    },
    baselines: async (key, pipelines) => {
      const found = new Map<string, Baseline>();
      for (let from = 0; from < pipelines.length; from += chunk) {
        const rows = await db
          .selectFrom('baselines')
          .select(['pipeline', 'fingerprint', 'blob'])
          .where(isWorkspace(key))
          .where('pipeline', 'in', pipelines.slice(from, from + chunk))
          .execute();
        for (const { pipeline, fingerprint, blob } of rows) {
          found.set(pipeline, { fingerprint, blob: blob ?? undefined });
        }
      }
      return found;
    },
    begin: async ({ id, key, workspace, head, places, by, reason, request, startedAt }) => {
      const row = {
        project_id: key.projectId,
        branch: key.branch,
        environment: workspace.environment,
        aic_project: workspace.aicProject,
        workspace: workspace.workspace,
        head_sha: head,
        places_json: JSON.stringify(places),
        ordered_by: by ?? null,
        reason: reason ?? null,
        request: request ?? null,
        status: 'running' as const,
        started_at: startedAt,
        finished_at: null,
      };
      const written = await write((transaction) =>
        id === undefined
          ? transaction
              .insertInto('deployments')
              .values({ ...row, told: null })
              .returningAll()
              .executeTakeFirstOrThrow()
          : transaction
              .updateTable('deployments')
              .set((old) => ({
                ...row,
                // Cut off, it is still what somebody cancelled; ended, it is begun anew.
                cancelled_by: old
                  .case()
                  .when('status', '=', 'running')
                  .then(old.ref('cancelled_by'))
                  .else(null)
                  .end(),
              }))
              .where('id', '=', id)
              .returningAll()
              .executeTakeFirstOrThrow(),
      );
      return deploymentOf(written);
    },
    cancel: async (key, by) => {
      const row = await write((transaction) =>
        transaction
          .updateTable('deployments')
          .set({ cancelled_by: by })
          .where(isBranch(key))
          .where('status', '=', 'running')
          .returningAll()
          .executeTakeFirst(),
      );
      return row === undefined ? undefined : deploymentOf(row);
    },
    cancelledBy: async (id) => {
      const row = await db
        .selectFrom('deployments')
        .select('cancelled_by')
        .where('id', '=', id)
        .executeTakeFirst();
      return row?.cancelled_by ?? undefined;
    },
    plan: (id, items, snapshots) =>
      write(async (transaction) => {
        await transaction.deleteFrom('items').where('deployment_id', '=', id).execute();
        for (let from = 0; from < items.length; from += chunk) {
          const rows = items.slice(from, from + chunk).map((item) => rowOf(id, item));
          await transaction.insertInto('items').values(rows).execute();
        }
        for (const { pipeline, fingerprint, config } of snapshots) {
          await transaction
            .insertInto('snapshots')
            .values({ deployment_id: id, pipeline, fingerprint, config, taken_at: clock.now() })
            .onConflict((conflict) => conflict.doNothing())
            .execute();
        }
      }),
    saveItem: (id, item, holds) =>
      write(async (transaction) => {
        await transaction
          .insertInto('items')
          .values(rowOf(id, item))
          .onConflict((conflict) =>
            conflict
              .columns(['deployment_id', 'pipeline'])
              .doUpdateSet({ state_json: JSON.stringify(item.state) }),
          )
          .execute();
        if (holds === undefined) return;
        const baseline = { fingerprint: holds.fingerprint, blob: undefined };
        await saveBaseline(transaction, holds.key, { pipeline: item.pipeline, baseline }, clock.now());
      }),
    close: async ({ key, deliveries, state, deployment, jobs, audit }) => {
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
          await transaction
            .updateTable('deployments')
            .set({
              status: deployment.status,
              finished_at: deployment.finishedAt,
              told: deployment.told,
            })
            .where('id', '=', deployment.id)
            .execute();
          await transaction.deleteFrom('pending').where(isBranch(key)).execute();
          for (const { pipeline, path, base, paused } of deployment.pending) {
            const file = { pipeline, path, base_sha: base, paused: paused ? 1 : 0 };
            const row = { project_id: key.projectId, branch: key.branch, ...file };
            await transaction.insertInto('pending').values(row).execute();
          }
        }
        await addJobs(transaction, jobs, clock.now());
        await addAudit(transaction, audit, clock.now());
      });
      if (jobs.length > 0) jobsAdded();
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
      if (jobs.length > 0) jobsAdded();
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
      if (jobs.length > 0) jobsAdded();
    },
    overwritten: async (id) => {
      const rows = await db
        .selectFrom('snapshots')
        .select(['pipeline', 'fingerprint'])
        .where('deployment_id', '=', id)
        .orderBy('taken_at')
        .execute();
      return new Map(rows.map(({ pipeline, fingerprint }) => [pipeline, fingerprint]));
    },
  };
}

type Where = ExpressionBuilder<Tables, 'branches' | 'deliveries' | 'pending' | 'deployments'>;

function isBranch({ projectId, branch }: BranchKey) {
  return (where: Where) => where.and({ project_id: projectId, branch });
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
  };
  await transaction
    .insertInto('branches')
    .values({ project_id: key.projectId, branch: key.branch, ...row })
    .onConflict((conflict) => conflict.columns(['project_id', 'branch']).doUpdateSet(row))
    .execute();
}

async function saveBaseline(
  transaction: Transaction<Tables>,
  key: WorkspaceKey,
  { pipeline, baseline }: { readonly pipeline: string; readonly baseline: Baseline },
  now: number,
): Promise<void> {
  const values = { fingerprint: baseline.fingerprint, blob: baseline.blob ?? null, recorded_at: now };
  await transaction
    .insertInto('baselines')
    .values({
      project_id: key.projectId,
      environment: key.environment,
      aic_project: key.aicProject,
      workspace: key.workspace,
      pipeline,
      ...values,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['project_id', 'environment', 'aic_project', 'workspace', 'pipeline'])
        .doUpdateSet(values),
    )
    .execute();
}

function deploymentOf(row: Selectable<Tables['deployments']>): Deployment {
  const places: readonly Place[] = JSON.parse(row.places_json);
  return {
    id: row.id,
    projectId: row.project_id,
    branch: row.branch,
    workspace: {
      environment: row.environment,
      aicProject: row.aic_project,
      workspace: row.workspace,
    },
    head: row.head_sha,
    places,
    by: row.ordered_by ?? undefined,
    reason: row.reason ?? undefined,
    status: row.status,
    startedAt: row.started_at,
    finishedAt: row.finished_at ?? undefined,
    ...(row.told === null ? {} : { told: row.told }),
  };
}

function itemOf(row: { readonly pipeline: string; readonly state_json: string }): Item {
  const state: ItemState = JSON.parse(row.state_json);
  return { pipeline: row.pipeline, state };
}

function rowOf(id: DeploymentId, item: Item): Tables['items'] {
  return { deployment_id: id, pipeline: item.pipeline, state_json: JSON.stringify(item.state) };
}
