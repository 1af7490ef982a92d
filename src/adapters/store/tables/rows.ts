import { sql, type ExpressionBuilder, type Transaction } from 'kysely';

import { keyOf, laneOf, type DueJob } from '../../../domain/jobs/job.ts';
import type { Baseline, BranchKey, WorkspaceKey } from '../../../domain/store/state.ts';
import type { Tables } from './schema.ts';

/**
 * Adds jobs within a transaction, in their order. A waiting job of the same key takes over the newer content with its lane, and the
 * earlier moment.
 */
export async function addJobs(
  transaction: Transaction<Tables>,
  jobs: readonly DueJob[],
  now: number,
): Promise<void> {
  const byKey = new Map<string, DueJob>();
  for (const { job, dueAt } of jobs) {
    const key = keyOf(job);
    byKey.set(key, { job, dueAt: Math.min(dueAt, byKey.get(key)?.dueAt ?? dueAt) });
  }
  const rows = [...byKey].map(([key, { job, dueAt }]) => ({
    lane: laneOf(job),
    key,
    job_json: JSON.stringify(job),
    due_at: dueAt,
    status: 'waiting',
    tries: 0,
    added_at: now,
  }));
  for (const some of chunksOf(rows, valuesOfJob)) {
    await transaction
      .insertInto('jobs')
      .values(some)
      .onConflict((conflict) =>
        conflict
          .column('key')
          .where(sql<boolean>`status = 'waiting'`)
          .doUpdateSet((row) => ({
            // What a command changes is known only once it is looked at: its key does not tell its lane.
            lane: row.ref('excluded.lane'),
            job_json: row.ref('excluded.job_json'),
            due_at: row
              .case()
              .when('excluded.due_at', '<', row.ref('jobs.due_at'))
              .then(row.ref('excluded.due_at'))
              .else(row.ref('jobs.due_at'))
              .end(),
            tries: 0,
          })),
      )
      .execute();
  }
}

/** Is told after each commit that added jobs, so that lanes look for work at once. */
export type JobsAdded = (jobs: readonly DueJob[]) => void;

const valuesOfJob = 7;

/** D1 allows so many values in a statement: https://developers.cloudflare.com/d1/platform/limits/. */
const mostValues = 100;
/** Values of a statement that belong to no row of a chunk. */
const otherValues = 10;

/** Rows in chunks that fit into one statement each. */
export function chunksOf<Row>(rows: readonly Row[], valuesPerRow = 1): readonly (readonly Row[])[] {
  const size = Math.floor((mostValues - otherValues) / valuesPerRow);
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) =>
    rows.slice(index * size, (index + 1) * size),
  );
}

type Where = ExpressionBuilder<Tables, 'branches' | 'deliveries' | 'deployments' | 'holds' | 'pending'>;

/** The rows of one branch. */
export function isBranch({ projectId, branch }: BranchKey) {
  return (where: Where) => where.and({ project_id: projectId, branch });
}

/** Remembers what a workspace holds of a pipeline. */
export async function saveBaseline(
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
