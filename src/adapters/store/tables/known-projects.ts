import type { Kysely, Selectable, Transaction } from 'kysely';

import type { Clock } from '../../../domain/shared/clock.ts';
import type { KnownProject, KnownProjects } from '../../../domain/store/known-projects.ts';
import { addJobs, chunksOf, type JobsAdded } from './rows.ts';
import type { Tables } from './schema.ts';

/** @param write runs one transaction */
export function createKnownProjects(
  db: Kysely<Tables>,
  write: <Written>(work: (transaction: Transaction<Tables>) => Promise<Written>) => Promise<Written>,
  clock: Clock,
  jobsAdded: JobsAdded,
): KnownProjects {
  return {
    projects: async () => {
      const rows = await db.selectFrom('projects').selectAll().orderBy('id').execute();
      return rows.map(knownProjectOf);
    },
    knownProject: async (id) => {
      const row = await db.selectFrom('projects').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : knownProjectOf(row);
    },
    forgetUnseen: async (id) => {
      await write((transaction) =>
        transaction.deleteFrom('projects').where('id', '=', id).where('caught_up_at', 'is', null).execute(),
      );
    },
    accepted: async (deliveries) => {
      const found = new Set<string>();
      for (const ids of chunksOf(deliveries)) {
        const rows = await db.selectFrom('deliveries').select('id').where('id', 'in', ids).execute();
        for (const { id } of rows) found.add(id);
      }
      return found;
    },
    saveCatchUp: async (id, { caughtUpAt, hookProblem }, jobs) => {
      const isNews = await write(async (transaction) => {
        const before = await transaction
          .selectFrom('projects')
          .select('hook_problem')
          .where('id', '=', id)
          .executeTakeFirst();
        const found = { caught_up_at: caughtUpAt, hook_problem: hookProblem ?? null };
        await transaction
          .insertInto('projects')
          .values({ id, heard_at: null, ...found })
          .onConflict((conflict) => conflict.column('id').doUpdateSet(found))
          .execute();
        if (hookProblem === undefined || before?.hook_problem === hookProblem) return false;
        await addJobs(transaction, jobs, clock.now());
        return true;
      });
      if (isNews) jobsAdded(jobs);
      return isNews;
    },
  };
}

function knownProjectOf(row: Selectable<Tables['projects']>): KnownProject {
  return {
    id: row.id,
    heardAt: row.heard_at ?? undefined,
    caughtUpAt: row.caught_up_at ?? undefined,
    hookProblem: row.hook_problem ?? undefined,
  };
}
