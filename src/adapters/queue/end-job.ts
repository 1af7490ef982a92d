import type { Transaction } from 'kysely';

import { pauseAfter, type JobOutcome } from '../../domain/jobs/job.ts';
import type { Tables } from '../store/tables/schema.ts';
import type { JobRow } from './claim-job.ts';

const firstPauseMs = 1_000;
/** An answer of another system may be as long as a page; whoever looks at a job needs its beginning. */
const longestReason = 2_000;

export interface End {
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
}

/** A job that ran in this process. */
export type Ran = Pick<JobRow, 'id' | 'key' | 'tries' | 'broke'>;

/** Writes how a job ended that ran in this process. */
export async function settleJob(
  transaction: Transaction<Tables>,
  row: Ran,
  { outcome, now, random }: End & { readonly outcome: JobOutcome },
): Promise<void> {
  const { broke } = row;
  switch (outcome.kind) {
    case 'done':
      await transaction.deleteFrom('jobs').where('id', '=', row.id).execute();
      return;
    case 'given-up':
      await transaction
        .updateTable('jobs')
        // What is due no more keeps the moment at which it was given up.
        .set({ status: 'given-up', reason: cut(outcome.reason), due_at: now, broke })
        .where('id', '=', row.id)
        .execute();
      return;
    case 'stopped':
      await backToWaiting(transaction, row, { due_at: now, broke });
      return;
    case 'again': {
      const tries = row.tries + 1;
      const due = now + pauseAfter(tries, firstPauseMs, random);
      await backToWaiting(transaction, row, { due_at: due, tries, reason: cut(outcome.reason), broke });
    }
  }
}

function cut(reason: string): string {
  return reason.slice(0, longestReason);
}

/** A job of the same key that came meanwhile does the work of both, as soon as the first of them is due. */
async function backToWaiting(
  transaction: Transaction<Tables>,
  row: Ran,
  values: {
    readonly due_at: number;
    readonly tries?: number;
    readonly reason?: string;
    readonly broke: number;
  },
): Promise<void> {
  const newer = await transaction
    .selectFrom('jobs')
    .select(['id', 'due_at', 'broke'])
    .where('key', '=', row.key)
    .where('status', '=', 'waiting')
    .executeTakeFirst();
  if (newer === undefined) {
    const back = transaction.updateTable('jobs').set({ status: 'waiting', ...values });
    await back.where('id', '=', row.id).execute();
  } else {
    await transaction.deleteFrom('jobs').where('id', '=', row.id).execute();
    const both = transaction.updateTable('jobs').set({
      due_at: Math.min(newer.due_at, values.due_at),
      broke: Math.max(newer.broke, values.broke),
    });
    await both.where('id', '=', newer.id).execute();
  }
}
