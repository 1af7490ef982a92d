import type { Transaction } from 'kysely';

import { pauseAfter, type JobOutcome } from '../../domain/job.ts';
import type { Tables } from '../store/schema.ts';

const firstPauseMs = 1_000;

interface End {
  readonly outcome: JobOutcome;
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
}

/** Writes how a job ended that ran in this process. */
export async function settleJob(
  transaction: Transaction<Tables>,
  row: { readonly id: number; readonly key: string; readonly tries: number },
  { outcome, now, random }: End,
): Promise<void> {
  switch (outcome.kind) {
    case 'done':
      await transaction.deleteFrom('jobs').where('id', '=', row.id).execute();
      return;
    case 'given-up':
      await transaction
        .updateTable('jobs')
        .set({ status: 'given-up', reason: outcome.reason })
        .where('id', '=', row.id)
        .execute();
      return;
    case 'stopped':
      await backToWaiting(transaction, row, { due_at: now });
      return;
    case 'again': {
      const tries = row.tries + 1;
      const due = now + pauseAfter(tries, firstPauseMs, random);
      await backToWaiting(transaction, row, { due_at: due, tries, reason: outcome.reason });
    }
  }
}

/** A job of the same key that came meanwhile does the work of both, as soon as the first of them is due. */
async function backToWaiting(
  transaction: Transaction<Tables>,
  row: { readonly id: number; readonly key: string },
  values: { readonly due_at: number; readonly tries?: number; readonly reason?: string },
): Promise<void> {
  const newer = await transaction
    .selectFrom('jobs')
    .select(['id', 'due_at'])
    .where('key', '=', row.key)
    .where('status', '=', 'waiting')
    .executeTakeFirst();
  if (newer === undefined) {
    const back = transaction.updateTable('jobs').set({ status: 'waiting', ...values });
    await back.where('id', '=', row.id).execute();
  } else {
    await transaction.deleteFrom('jobs').where('id', '=', row.id).execute();
    const sooner = transaction.updateTable('jobs').set({ due_at: Math.min(newer.due_at, values.due_at) });
    await sooner.where('id', '=', newer.id).execute();
  }
}
