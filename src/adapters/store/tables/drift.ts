import type { Kysely, Transaction } from 'kysely';

import type { Clock } from '../../../domain/shared/clock.ts';
import type { Drifts } from '../../../domain/store/drift-store.ts';
import type { WorkspaceKey } from '../../../domain/store/state.ts';
import { addAudit } from './audit.ts';
import { addJobs, chunksOf, saveBaseline, type JobsAdded } from './rows.ts';
import type { Tables } from './schema.ts';

/** @param write runs one transaction */
export function createDrifts(
  db: Kysely<Tables>,
  write: <Written>(work: (transaction: Transaction<Tables>) => Promise<Written>) => Promise<Written>,
  clock: Clock,
  jobsAdded: JobsAdded,
): Drifts {
  return {
    driftChecks: async (project) => {
      const rows = await db
        .selectFrom('drift_checks')
        .select(['branch', 'checked_at'])
        .where('project_id', '=', project)
        .execute();
      return new Map(rows.map(({ branch, checked_at: at }) => [branch, at]));
    },
    drift: async (workspace) => {
      const rows = await db
        .selectFrom('drift')
        .select(['pipeline', 'state'])
        .where('project_id', '=', workspace.projectId)
        .where('environment', '=', workspace.environment)
        .where('aic_project', '=', workspace.aicProject)
        .where('workspace', '=', workspace.workspace)
        .execute();
      return new Map(rows.map(({ pipeline, state }) => [pipeline, state]));
    },
    saveDrift: async ({ workspace, branch, drift, agreed, at, jobs, audit }) => {
      await write(async (transaction) => {
        const known = await statesIn(transaction, workspace);
        await forget(transaction, workspace);
        const place = placeOf(workspace);
        const rows = drift.map(({ name, state, live }) => {
          const before = known.get(name);
          const since = before?.state === state ? before.since : at;
          return { ...place, pipeline: name, state, fingerprint: live ?? null, since };
        });
        for (const some of chunksOf(rows, 8)) await transaction.insertInto('drift').values(some).execute();
        for (const [pipeline, fingerprint] of agreed) {
          const baseline = { fingerprint, blob: undefined };
          await saveBaseline(transaction, workspace, { pipeline, baseline }, at);
        }
        const row = { project_id: branch.projectId, branch: branch.branch, checked_at: at };
        await transaction
          .insertInto('drift_checks')
          .values(row)
          .onConflict((conflict) => conflict.columns(['project_id', 'branch']).doUpdateSet(row))
          .execute();
        await addJobs(transaction, jobs, clock.now());
        await addAudit(transaction, audit, clock.now());
      });
      if (jobs.length > 0) jobsAdded(jobs);
    },
  };
}

function placeOf({ projectId, environment, aicProject, workspace }: WorkspaceKey) {
  return { project_id: projectId, environment, aic_project: aicProject, workspace };
}

async function statesIn(transaction: Transaction<Tables>, key: WorkspaceKey) {
  const rows = await transaction
    .selectFrom('drift')
    .select(['pipeline', 'state', 'since'])
    .where((where) => where.and(placeOf(key)))
    .execute();
  return new Map(rows.map((row) => [row.pipeline, row]));
}

async function forget(transaction: Transaction<Tables>, key: WorkspaceKey): Promise<void> {
  await transaction
    .deleteFrom('drift')
    .where((where) => where.and(placeOf(key)))
    .execute();
}
