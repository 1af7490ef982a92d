import type { ExpressionBuilder, Kysely, Selectable, Transaction } from 'kysely';

import type { Clock } from '../../domain/clock.ts';
import type { Deployment, Item, ItemState } from '../../domain/deployment.ts';
import type { Event } from '../../domain/event.ts';
import type { Fingerprint } from '../../domain/fingerprint.ts';
import type { DeploymentId, MergeRequestIid } from '../../domain/ids.ts';
import type { Jobs } from '../../domain/job.ts';
import type { BranchKey, BranchState, Store, WorkspaceKey } from '../../domain/store.ts';
import { addJobs } from './rows.ts';
import type { Tables } from './schema.ts';

/** Rows per statement: SQLite allows 32,766 values in one. */
const chunk = 500;

/** @param jobsAdded is told after each commit that added jobs, so that lanes look for work at once */
export function createStore(db: Kysely<Tables>, clock: Clock, jobsAdded: () => void): Store & Jobs {
  return {
    add: async (due) => {
      await db.transaction().execute((transaction) => addJobs(transaction, [due], clock.now()));
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
    pending: (key) =>
      db
        .selectFrom('pending')
        .select(['pipeline', 'path', 'base_sha as base'])
        .where(isBranch(key))
        .execute(),
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
      if (row === undefined) return undefined;
      const items = await db
        .selectFrom('items')
        .select(['pipeline', 'state_json'])
        .where('deployment_id', '=', row.id)
        .execute();
      return { deployment: deploymentOf(row), items: items.map((item) => itemOf(item)) };
    },
    baselines: async (key, pipelines) => {
      const found = new Map<string, Fingerprint>();
      for (let from = 0; from < pipelines.length; from += chunk) {
        const rows = await db
          .selectFrom('baselines')
          .select(['pipeline', 'fingerprint'])
          .where(isWorkspace(key))
          .where('pipeline', 'in', pipelines.slice(from, from + chunk))
          .execute();
        for (const row of rows) found.set(row.pipeline, row.fingerprint);
      }
      return found;
    },
    begin: async ({ id, key, workspace, head, mergeRequests, startedAt }) => {
      const row = {
        project_id: key.projectId,
        branch: key.branch,
        environment: workspace.environment,
        aic_project: workspace.aicProject,
        workspace: workspace.workspace,
        head_sha: head,
        merge_requests_json: JSON.stringify(mergeRequests),
        status: 'running' as const,
        started_at: startedAt,
        finished_at: null,
      };
      const written =
        id === undefined
          ? await db.insertInto('deployments').values(row).returningAll().executeTakeFirstOrThrow()
          : await db
              .updateTable('deployments')
              .set(row)
              .where('id', '=', id)
              .returningAll()
              .executeTakeFirstOrThrow();
      return deploymentOf(written);
    },
    plan: (id, items, snapshots) =>
      db.transaction().execute(async (transaction) => {
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
      db.transaction().execute(async (transaction) => {
        await transaction
          .insertInto('items')
          .values(rowOf(id, item))
          .onConflict((conflict) =>
            conflict
              .columns(['deployment_id', 'pipeline'])
              .doUpdateSet({ state_json: JSON.stringify(item.state) }),
          )
          .execute();
        if (holds !== undefined) await saveBaseline(transaction, holds, item.pipeline, clock.now());
      }),
    close: async ({ key, deliveries, state, deployment, jobs }) => {
      await db.transaction().execute(async (transaction) => {
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
            .set({ status: deployment.status, finished_at: deployment.finishedAt })
            .where('id', '=', deployment.id)
            .execute();
          await transaction.deleteFrom('pending').where(isBranch(key)).execute();
          for (const { pipeline, path, base } of deployment.pending) {
            const row = { project_id: key.projectId, branch: key.branch, pipeline, path, base_sha: base };
            await transaction.insertInto('pending').values(row).execute();
          }
        }
        await addJobs(transaction, jobs, clock.now());
      });
      if (jobs.length > 0) jobsAdded();
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
  { key, fingerprint }: { readonly key: WorkspaceKey; readonly fingerprint: Fingerprint },
  pipeline: string,
  now: number,
): Promise<void> {
  await transaction
    .insertInto('baselines')
    .values({
      project_id: key.projectId,
      environment: key.environment,
      aic_project: key.aicProject,
      workspace: key.workspace,
      pipeline,
      fingerprint,
      recorded_at: now,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['project_id', 'environment', 'aic_project', 'workspace', 'pipeline'])
        .doUpdateSet({ fingerprint, recorded_at: now }),
    )
    .execute();
}

function deploymentOf(row: Selectable<Tables['deployments']>): Deployment {
  const mergeRequests: readonly MergeRequestIid[] = JSON.parse(row.merge_requests_json);
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
    mergeRequests,
    status: row.status,
    startedAt: row.started_at,
    finishedAt: row.finished_at ?? undefined,
  };
}

function itemOf(row: { readonly pipeline: string; readonly state_json: string }): Item {
  const state: ItemState = JSON.parse(row.state_json);
  return { pipeline: row.pipeline, state };
}

function rowOf(id: DeploymentId, item: Item): Tables['items'] {
  return { deployment_id: id, pipeline: item.pipeline, state_json: JSON.stringify(item.state) };
}
