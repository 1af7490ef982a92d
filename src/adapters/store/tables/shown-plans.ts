import type { Kysely, Selectable, Transaction } from 'kysely';

import type { Clock } from '../../../domain/shared/clock.ts';
import type { MergeRequestIid, ProjectId } from '../../../domain/shared/ids.ts';
import type { Plans, ShownPlan } from '../../../domain/store/shown-plans.ts';
import { addJobs, type JobsAdded } from './rows.ts';
import type { Tables } from './schema.ts';

/** @param write runs one transaction */
export function createPlans(
  db: Kysely<Tables>,
  write: <Written>(work: (transaction: Transaction<Tables>) => Promise<Written>) => Promise<Written>,
  clock: Clock,
  jobsAdded: JobsAdded,
): Plans {
  return {
    shownPlan: async (project, mergeRequest) => {
      const row = await db
        .selectFrom('plans')
        .selectAll()
        .where('project_id', '=', project)
        .where('merge_request', '=', mergeRequest)
        .executeTakeFirst();
      return row === undefined ? undefined : planOf(row);
    },
    plansInto: async (project, target) => {
      const rows = await db
        .selectFrom('plans')
        .selectAll()
        .where('project_id', '=', project)
        .where('target', '=', target)
        .execute();
      return new Map(rows.map((row) => [row.merge_request, planOf(row)]));
    },
    savePlan: async (project, mergeRequest, plan, jobs) => {
      await write(async (transaction) => {
        if (plan === undefined) await forget(transaction, project, mergeRequest);
        else await save(transaction, project, mergeRequest, plan);
        await addJobs(transaction, jobs, clock.now());
      });
      if (jobs.length > 0) jobsAdded(jobs);
    },
  };
}

async function forget(
  transaction: Transaction<Tables>,
  project: ProjectId,
  mergeRequest: MergeRequestIid,
): Promise<void> {
  await transaction
    .deleteFrom('plans')
    .where('project_id', '=', project)
    .where('merge_request', '=', mergeRequest)
    .execute();
}

async function save(
  transaction: Transaction<Tables>,
  project: ProjectId,
  mergeRequest: MergeRequestIid,
  plan: ShownPlan,
): Promise<void> {
  const row = {
    target: plan.target,
    head_sha: plan.head,
    pipelines_json: JSON.stringify(plan.pipelines),
    bodies_json: JSON.stringify(plan.bodies),
  };
  await transaction
    .insertInto('plans')
    .values({ project_id: project, merge_request: mergeRequest, ...row })
    .onConflict((conflict) => conflict.columns(['project_id', 'merge_request']).doUpdateSet(row))
    .execute();
}

function planOf(row: Selectable<Tables['plans']>): ShownPlan {
  const pipelines: readonly string[] = JSON.parse(row.pipelines_json);
  const bodies: readonly string[] = JSON.parse(row.bodies_json);
  return { head: row.head_sha, target: row.target, pipelines, bodies };
}
