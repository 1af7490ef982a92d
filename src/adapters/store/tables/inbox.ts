import type { Kysely, Transaction } from 'kysely';

import type { Clock } from '../../../domain/shared/clock.ts';
import type { Delivery, Inbox } from '../../../domain/jobs/inbox.ts';
import type { DueJob } from '../../../domain/jobs/job.ts';
import { requestId } from '../../../domain/gitlab/command-origin.ts';
import { fail, ok } from '../../../domain/shared/result.ts';
import { inGroups } from '../engines/batch-writes.ts';
import { addJobs, chunksOf, type JobsAdded } from './rows.ts';
import type { Tables } from './schema.ts';
import { describeStoreFailure } from '../engines/store-failure.ts';
import { alone, Collision, isShared, transact } from '../engines/transact.ts';

interface Arrival {
  readonly delivery: Delivery;
  readonly jobs: readonly DueJob[];
}

type Outcome = 'new' | 'duplicate' | 'altered';

const mostTogether = 100;

/**
 * The inbox in the store. Deliveries that come at once, or while others are being written, share one transaction, and so one wait for the disk.
 * @param jobsAdded is told after each commit that added jobs
 */
export function createInbox(db: Kysely<Tables>, clock: Clock, jobsAdded: JobsAdded): Inbox {
  const write = async (arrivals: readonly Arrival[]): Promise<readonly Outcome[]> => {
    const { outcomes, jobs } = await transact(db, (transaction) => keep(transaction, arrivals, clock.now()));
    if (jobs.length > 0) jobsAdded(jobs);
    return outcomes;
  };
  const writeAlone = async (arrival: Arrival) => (await write([arrival]))[0] ?? 'duplicate';
  const accept = inGroups<Arrival, Outcome>(mostTogether, async (arrivals) => {
    try {
      return await write(arrivals);
    } catch (error) {
      // What the database can't hold must not keep out what came with it.
      if (arrivals.length > 1 && isOfData(error)) return arrivals.map(writeAlone);
      throw error;
    }
  });
  return {
    accept: async (delivery, jobs) => {
      try {
        return ok(await accept({ delivery, jobs }));
      } catch (error) {
        return fail({ reason: 'unavailable', said: describeStoreFailure(error) });
      }
    },
  };
}

/** PostgreSQL's data exceptions: https://www.postgresql.org/docs/current/errcodes-appendix.html. */
function isOfData(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('22');
}

/** Writes down what is new, and answers each in their order. Of several with one id, the first is new. */
async function keep(transaction: Transaction<Tables>, arrivals: readonly Arrival[], now: number) {
  // Two that write the same jobs in another order would wait for each other.
  await alone(transaction, 'inbox');
  const digests = await keptDigests(transaction, arrivals);
  const fresh: Arrival[] = [];
  const outcomes = arrivals.map((arrival): Outcome => {
    const { id, digest } = arrival.delivery;
    const kept = digests.get(id);
    // GitLab repeats a delivery byte for byte. Of old deliveries no digest is known.
    if (kept !== undefined) return kept === '' || kept === digest ? 'duplicate' : 'altered';
    digests.set(id, digest);
    fresh.push(arrival);
    return 'new';
  });
  await addDeliveries(transaction, fresh);
  await hear(transaction, fresh);
  const repeated = await takenUp(transaction, fresh);
  const jobs = fresh.flatMap((arrival) => (repeated.has(arrival) ? [] : arrival.jobs));
  await addJobs(transaction, jobs, now);
  const isRepeated = (index: number) => arrivals[index] !== undefined && repeated.has(arrivals[index]);
  return { jobs, outcomes: outcomes.map((outcome, index) => (isRepeated(index) ? 'duplicate' : outcome)) };
}

/** The digests of those deliveries that are known. */
async function keptDigests(
  transaction: Transaction<Tables>,
  arrivals: readonly Arrival[],
): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const some of chunksOf(arrivals)) {
    const ids = some.map(({ delivery }) => delivery.id);
    const rows = await transaction
      .selectFrom('deliveries')
      .select(['id', 'digest'])
      .where('id', 'in', ids)
      .execute();
    for (const { id, digest } of rows) digests.set(id, digest);
  }
  return digests;
}

const valuesOfDelivery = 10;

async function addDeliveries(transaction: Transaction<Tables>, arrivals: readonly Arrival[]): Promise<void> {
  const rows = arrivals.map(({ delivery: { id, receivedAt, eventName, digest, content } }) => {
    const event = content.kind === 'event' ? content.event : undefined;
    const status = statusOf(content);
    return {
      id,
      received_at: receivedAt,
      event_name: eventName,
      digest,
      body: content.kind === 'rejected' ? content.body : '',
      status,
      reason: content.kind === 'rejected' ? content.reason : null,
      project_id: event !== undefined && 'projectId' in event ? event.projectId : null,
      branch: event !== undefined && 'branch' in event ? event.branch : null,
      // The job of a command carries what was written, and is gone when the command is done.
      event_json: event !== undefined && status === 'waiting' ? JSON.stringify(event) : null,
    };
  });
  for (const some of chunksOf(rows, valuesOfDelivery)) {
    const { numInsertedOrUpdatedRows: count } = await transaction
      .insertInto('deliveries')
      .values(some)
      .onConflict((conflict) => conflict.column('id').doNothing())
      .executeTakeFirstOrThrow();
    collideUnless(transaction, count, some.length);
  }
}

/** An older version of the bot may have written one of them since they were looked for: then all begins anew, and finds it. */
function collideUnless(transaction: Transaction<Tables>, count: bigint | undefined, wanted: number): void {
  if (isShared(transaction) && count !== BigInt(wanted)) throw new Collision();
}

const valuesOfProject = 4;

/** Remembers that the webhooks of these projects told something. */
async function hear(transaction: Transaction<Tables>, arrivals: readonly Arrival[]): Promise<void> {
  const heard = new Map(
    arrivals.flatMap(({ delivery: { content, receivedAt } }) =>
      content.kind === 'event' && 'projectId' in content.event
        ? [[content.event.projectId, receivedAt] as const]
        : [],
    ),
  );
  const rows = [...heard]
    .toSorted(([one], [other]) => one - other)
    .map(([id, at]) => ({ id, heard_at: at, caught_up_at: null, hook_problem: null }));
  for (const some of chunksOf(rows, valuesOfProject))
    await transaction
      .insertInto('projects')
      .values(some)
      .onConflict((conflict) =>
        conflict
          .column('id')
          .doUpdateSet((row) => ({ heard_at: row.ref('excluded.heard_at') }))
          .where('projects.heard_at', 'is', null),
      )
      .execute();
}

/**
 * Those whose comment was taken up before: two webhooks report one under different keys, and whoever has a delivery may send it again. The announcement
 * alone is not remembered.
 */
async function takenUp(
  transaction: Transaction<Tables>,
  arrivals: readonly Arrival[],
): Promise<ReadonlySet<Arrival>> {
  const requests = arrivals.flatMap((arrival) => {
    const { content } = arrival.delivery;
    if (content.kind !== 'event' || content.event.kind !== 'commented') return [];
    return [{ arrival, id: requestId(content.event.projectId, content.event) }];
  });
  const taken = new Set<string>();
  for (const some of chunksOf(requests)) {
    const ids = some.map(({ id }) => id);
    const rows = await transaction.selectFrom('requests').select('id').where('id', 'in', ids).execute();
    for (const { id } of rows) taken.add(id);
  }
  return new Set(requests.flatMap(({ arrival, id }) => (taken.has(id) ? [arrival] : [])));
}

/** What a branch has to look at waits for its run; other events have a job that carries everything. */
function statusOf(content: Delivery['content']): string {
  if (content.kind === 'rejected') return 'rejected';
  return 'branch' in content.event ? 'waiting' : 'finished';
}
