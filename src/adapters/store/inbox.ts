import type { Kysely, Transaction } from 'kysely';

import type { Clock } from '../../domain/clock.ts';
import type { CommandedEvent } from '../../domain/event.ts';
import type { Delivery, Inbox } from '../../domain/inbox.ts';
import type { ProjectId } from '../../domain/ids.ts';
import { requestId } from '../../domain/origin.ts';
import { fail, ok } from '../../domain/result.ts';
import { describeStoreFailure } from './store-failure.ts';
import { addJobs, type JobsAdded } from './rows.ts';
import type { Tables } from './schema.ts';
import { transact } from './transact.ts';

/**
 * The inbox in the store.
 * @param jobsAdded is told after each commit that added jobs
 */
export function createInbox(db: Kysely<Tables>, clock: Clock, jobsAdded: JobsAdded): Inbox {
  return {
    accept: async (delivery, jobs) => {
      const { content } = delivery;
      const event = content.kind === 'event' ? content.event : undefined;
      try {
        const outcome = await transact(db, async (transaction) => {
          const known = await sameOrNot(transaction, delivery);
          if (known !== undefined) return known;
          const inserted = await transaction
            .insertInto('deliveries')
            .values({
              id: delivery.id,
              received_at: delivery.receivedAt,
              event_name: delivery.eventName,
              body: delivery.body,
              status: statusOf(content),
              reason: content.kind === 'rejected' ? content.reason : null,
              project_id: event !== undefined && 'projectId' in event ? event.projectId : null,
              branch: event !== undefined && 'branch' in event ? event.branch : null,
              event_json: event === undefined ? null : JSON.stringify(event),
            })
            .onConflict((conflict) => conflict.column('id').doNothing())
            .executeTakeFirst();
          // Another one came first meanwhile.
          if (inserted.numInsertedOrUpdatedRows !== 1n)
            return (await sameOrNot(transaction, delivery)) ?? 'duplicate';
          if (event !== undefined && 'projectId' in event)
            await hear(transaction, event.projectId, delivery.receivedAt);
          if (event?.kind === 'commanded' && !(await isNewRequest(transaction, event, delivery.receivedAt)))
            return 'duplicate';
          await addJobs(transaction, jobs, clock.now());
          return 'new';
        });
        if (outcome === 'new') jobsAdded(jobs);
        return ok(outcome);
      } catch (error) {
        return fail({ reason: 'unavailable', said: describeStoreFailure(error) });
      }
    },
  };
}

/** Remembers that the project's webhook told something. */
async function hear(transaction: Transaction<Tables>, id: ProjectId, now: number): Promise<void> {
  await transaction
    .insertInto('projects')
    .values({ id, heard_at: now, caught_up_at: null, hook_problem: null })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({ heard_at: now }).where('projects.heard_at', 'is', null),
    )
    .execute();
}

/** Whether the delivery is known. GitLab repeats one byte for byte; a body that is not kept any more tells nothing. */
async function sameOrNot(
  transaction: Transaction<Tables>,
  { id, body }: Delivery,
): Promise<'duplicate' | 'altered' | undefined> {
  const kept = await transaction
    .selectFrom('deliveries')
    .select('body')
    .where('id', '=', id)
    .executeTakeFirst();
  if (kept === undefined) return undefined;
  return !kept.body || kept.body === body ? 'duplicate' : 'altered';
}

/** What a branch has to look at waits for its run; other events have a job that carries everything. */
function statusOf(content: Delivery['content']): string {
  if (content.kind === 'rejected') return 'rejected';
  return 'branch' in content.event ? 'waiting' : 'finished';
}

/** Two webhooks report one comment under different keys. */
async function isNewRequest(
  transaction: Transaction<Tables>,
  event: CommandedEvent,
  now: number,
): Promise<boolean> {
  const id = requestId(event.projectId, event.origin);
  const known = transaction.selectFrom('requests').select('id').where('id', '=', id);
  if ((await known.executeTakeFirst()) !== undefined) return false;
  const inserted = await transaction
    .insertInto('requests')
    .values({ id, received_at: now })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}
