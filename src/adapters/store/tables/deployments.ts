import type { Kysely, Selectable, Transaction } from 'kysely';

import type { Clock } from '../../../domain/shared/clock.ts';
import {
  unfinishedItems,
  type Deployment,
  type Item,
  type ItemState,
} from '../../../domain/deployment/deployment.ts';
import type { DeploymentId } from '../../../domain/shared/ids.ts';
import type { Place } from '../../../domain/gitlab/comment-location.ts';
import type { RecordIds } from '../../../domain/store/deployment-records.ts';
import type { RecordId } from '../../../domain/gitlab/deployment-records.ts';
import type { Scope, Store } from '../../../domain/store/store.ts';
import { chunksOf, isBranch, saveBaseline } from './rows.ts';
import type { Tables } from './schema.ts';

/** @param write runs one transaction */
export function createDeployments(
  db: Kysely<Tables>,
  write: <Written>(work: (transaction: Transaction<Tables>) => Promise<Written>) => Promise<Written>,
  clock: Clock,
): Pick<
  Store,
  | 'lastDeployment'
  | 'deploymentFor'
  | 'begin'
  | 'cancel'
  | 'cancelledBy'
  | 'plan'
  | 'saveItem'
  | 'overwritten'
  | keyof RecordIds
> {
  const withItems = async (row: Selectable<Tables['deployments']>) => {
    const items = await db
      .selectFrom('items')
      .select(['pipeline', 'state_json', 'provenance_json'])
      .where('deployment_id', '=', row.id)
      .execute();
    return { deployment: deploymentOf(row), items: items.map((item) => itemOf(item)), scope: scopeOf(row) };
  };
  return {
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
    deployment: async (id) => {
      const row = await db.selectFrom('deployments').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : withItems(row);
    },
    recordOf: async (id) => {
      const row = await db.selectFrom('deployments').select('record').where('id', '=', id).executeTakeFirst();
      return row?.record ?? undefined;
    },
    takenRecords: async (project, records) => {
      if (records.length === 0) return new Set();
      const rows = await db
        .selectFrom('deployments')
        .select('record')
        .where('project_id', '=', project)
        .where('record', 'in', records)
        .execute();
      return new Set(rows.flatMap(({ record }): readonly RecordId[] => (record === null ? [] : [record])));
    },
    saveRecord: async (id, record) => {
      await write((transaction) =>
        transaction.updateTable('deployments').set({ record }).where('id', '=', id).execute(),
      );
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
    begin: async (run) => {
      const { id, key, workspace, head, places, by, reason, request, rollsBack, scope, startedAt } = run;
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
        scope_json: scope === undefined ? null : JSON.stringify(scope),
        rolls_back: rollsBack ?? null,
        status: 'running' as const,
        started_at: startedAt,
        finished_at: null,
      };
      await write<unknown>((transaction) =>
        id === undefined
          ? transaction
              .insertInto('deployments')
              .values({ ...row, request: request ?? null, told: null })
              .execute()
          : transaction
              .updateTable('deployments')
              .set((old) => ({
                ...row,
                ...(request === undefined ? {} : { request }),
                // Cut off, it is still what somebody cancelled; ended, it is begun anew.
                cancelled_by: old
                  .case()
                  .when('status', '=', 'running')
                  .then(old.ref('cancelled_by'))
                  .else(null)
                  .end(),
              }))
              .where('id', '=', id)
              .execute(),
      );
      // A lane begins one at a time, so the newest is the one that was written.
      const all = db.selectFrom('deployments').selectAll();
      const written =
        id === undefined ? all.where(isBranch(key)).orderBy('id', 'desc').limit(1) : all.where('id', '=', id);
      return deploymentOf(await written.executeTakeFirstOrThrow());
    },
    cancel: async (key, by) => {
      const running = await write(async (transaction) => {
        const row = await transaction
          .selectFrom('deployments')
          .selectAll()
          .where(isBranch(key))
          .where('status', '=', 'running')
          .executeTakeFirst();
        if (row === undefined) return undefined;
        const cancelled = transaction.updateTable('deployments').set({ cancelled_by: by });
        await cancelled.where('id', '=', row.id).where('status', '=', 'running').execute();
        return row;
      });
      return running === undefined ? undefined : deploymentOf(running);
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
        for (const some of chunksOf(items, 4)) {
          const rows = some.map((item) => rowOf(id, item));
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

/** Rejects while an item of the deployment remains to be done: closed with it, it would never be. */
export async function checkEnded(transaction: Transaction<Tables>, id: DeploymentId): Promise<void> {
  const rows = await transaction
    .selectFrom('items')
    .select(['pipeline', 'state_json', 'provenance_json'])
    .where('deployment_id', '=', id)
    .execute();
  const [first] = unfinishedItems(rows.map((row) => itemOf(row)));
  if (first !== undefined)
    throw new Error(`deployment ${id} can't end: ${first.pipeline} is still ${first.state.kind}`);
}

export function deploymentOf(row: Selectable<Tables['deployments']>): Deployment {
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
    ...(row.rolls_back === null ? {} : { rollsBack: row.rolls_back }),
    ...(row.told === null ? {} : { told: row.told }),
  };
}

function scopeOf({ scope_json: json }: Selectable<Tables['deployments']>): Scope | undefined {
  if (json === null) return undefined;
  const scope: Scope = JSON.parse(json);
  return scope;
}

export function itemOf(row: Omit<Tables['items'], 'deployment_id'>): Item {
  const state: ItemState = JSON.parse(row.state_json);
  return {
    pipeline: row.pipeline,
    state,
    ...(row.provenance_json === null ? {} : { provenance: JSON.parse(row.provenance_json) }),
  };
}

function rowOf(id: DeploymentId, { pipeline, state, provenance }: Item): Tables['items'] {
  return {
    deployment_id: id,
    pipeline,
    state_json: JSON.stringify(state),
    provenance_json: provenance === undefined ? null : JSON.stringify(provenance),
  };
}
