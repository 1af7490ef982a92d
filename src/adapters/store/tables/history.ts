import { sql, type Kysely } from 'kysely';

import type { Item, ItemState } from '../../../domain/deployment/deployment.ts';
import type { History } from '../../../domain/store/deployment-history.ts';
import type { DeploymentId } from '../../../domain/shared/ids.ts';
import { placeName, type Place } from '../../../domain/gitlab/comment-location.ts';
import type { LaterWrite } from '../../../domain/deployment/rollback/plan-rollback.ts';
import type { Snapshot } from '../../../domain/store/state.ts';
import { deploymentOf, itemOf } from './deployments.ts';
import { chunksOf, isBranch } from './rows.ts';
import type { Tables } from './schema.ts';

const mostLookedAt = 200;

export function createHistory(db: Kysely<Tables>): History {
  const itemsOf = async (id: DeploymentId): Promise<readonly Item[]> => {
    const rows = await db
      .selectFrom('items')
      .select(['pipeline', 'state_json', 'provenance_json'])
      .where('deployment_id', '=', id)
      .execute();
    return rows.map((row) => itemOf(row));
  };
  return {
    history: async (branch, pipeline, most) => {
      const all = db.selectFrom('deployments').selectAll('deployments').where(isBranch(branch));
      const wanted =
        pipeline === undefined
          ? all
          : all
              .innerJoin('items', 'items.deployment_id', 'deployments.id')
              .where('items.pipeline', '=', pipeline);
      const rows = await wanted.orderBy('deployments.id', 'desc').limit(most).execute();
      return Promise.all(
        rows.map(async (row) => ({ deployment: deploymentOf(row), items: await itemsOf(row.id) })),
      );
    },
    deploymentAt: async (branch, place) => {
      const rows = await db
        .selectFrom('deployments')
        .select(['id', 'places_json'])
        .where(isBranch(branch))
        .where('rolls_back', 'is', null)
        .orderBy('id', 'desc')
        .limit(mostLookedAt)
        .execute();
      const wanted = placeName(place);
      return rows.find(({ places_json: json }) => {
        const places: readonly Place[] = JSON.parse(json);
        return places.some((one) => placeName(one) === wanted);
      })?.id;
    },
    unfinished: async (request) => {
      const row = await db
        .selectFrom('deployments')
        .selectAll()
        .where('request', '=', request)
        .where('status', '=', 'running')
        .executeTakeFirst();
      return row === undefined ? undefined : deploymentOf(row);
    },
    running: async (project) => {
      const rows = await db
        .selectFrom('deployments')
        .select('branch')
        .distinct()
        .where('project_id', '=', project)
        // Not as a parameter: the index on what runs would not be used.
        .where(sql<boolean>`status = 'running'`)
        .where('rolls_back', 'is', null)
        .orderBy('branch')
        .execute();
      return rows.map(({ branch }) => branch);
    },
    unattended: async (project) => {
      const pending = await db
        .selectFrom('pending')
        .select('branch')
        .distinct()
        .where('project_id', '=', project)
        .where('paused', '=', 0)
        .orderBy('branch')
        .execute();
      if (pending.length === 0) return [];
      const jobs = await db
        .selectFrom('jobs')
        .select('key')
        .where('status', '<>', 'given-up')
        .where('key', 'like', `%:${project}:%`)
        .execute();
      // A deploy job's key begins with its lane, which is the workspace's and not known here.
      return pending
        .map(({ branch }) => branch)
        .filter((branch) => !jobs.some(({ key }) => key.endsWith(`:${project}:${branch}`)));
    },
    snapshots: async (id) => {
      const rows = await db
        .selectFrom('snapshots')
        .select(['pipeline', 'fingerprint', 'config'])
        .where('deployment_id', '=', id)
        .orderBy('taken_at', 'desc')
        .orderBy('pipeline')
        .execute();
      return [...new Map(rows.map((row): [string, Snapshot] => [row.pipeline, row])).values()];
    },
    laterWrites: async (workspace, after, pipelines) => {
      const found = new Map<string, LaterWrite[]>();
      for (const some of chunksOf(pipelines)) {
        const rows = await db
          .selectFrom('items')
          .innerJoin('deployments', 'deployments.id', 'items.deployment_id')
          .select(['items.pipeline', 'items.state_json', 'deployments.id', 'deployments.rolls_back'])
          .where('items.pipeline', 'in', some)
          .where('items.deployment_id', '>', after)
          .where('deployments.project_id', '=', workspace.projectId)
          .where('deployments.environment', '=', workspace.environment)
          .where('deployments.aic_project', '=', workspace.aicProject)
          .where('deployments.workspace', '=', workspace.workspace)
          .orderBy('deployments.id')
          .execute();
        for (const { pipeline, state_json: json, id, rolls_back: rollsBack } of rows) {
          const { kind } = stateOf(json);
          if (kind !== 'created' && kind !== 'updated') continue;
          const write = { deployment: id, rollsBack: rollsBack ?? undefined };
          found.set(pipeline, [...(found.get(pipeline) ?? []), write]);
        }
      }
      return found;
    },
  };
}

function stateOf(json: string): ItemState {
  const state: ItemState = JSON.parse(json);
  return state;
}
