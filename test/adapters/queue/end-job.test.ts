import * as fc from 'fast-check';
import type { Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { settleJob } from '../../../src/adapters/queue/end-job.ts';
import type { Tables } from '../../../src/adapters/store/tables/schema.ts';
import { openSqlite } from '../../../src/adapters/store/engines/sqlite.ts';
import type { JobOutcome } from '../../../src/domain/jobs/job.ts';

const now = 1_000_000;
const done: JobOutcome = { kind: 'done' };
const stopped: JobOutcome = { kind: 'stopped' };
const again: JobOutcome = { kind: 'again', reason: 'AIC is away' };
const givenUp: JobOutcome = { kind: 'given-up', reason: 'gone' };

let db: Kysely<Tables>;
beforeEach(async () => {
  db = await openSqlite('file::memory:');
});
afterEach(() => db.destroy());

function add(status: 'running' | 'waiting', key: string, dueAt: number, tries = 0) {
  const row = { lane: 'a', key, job_json: '{}', due_at: dueAt, status, tries, added_at: 1 };
  return db
    .insertInto('jobs')
    .values(row)
    .returning(['id', 'key', 'tries', 'broke'])
    .executeTakeFirstOrThrow();
}

function settle(row: Awaited<ReturnType<typeof add>>, outcome: JobOutcome, random = 0) {
  return db.transaction().execute((transaction) => settleJob(transaction, row, { outcome, now, random }));
}

const rows = () =>
  db.selectFrom('jobs').select(['id', 'status', 'due_at', 'tries', 'reason']).orderBy('id').execute();

describe('a job that ended', () => {
  test.each<readonly [JobOutcome, readonly object[]]>([
    [done, []],
    [stopped, [{ status: 'waiting', due_at: now, tries: 3, reason: null }]],
    [again, [{ status: 'waiting', due_at: now + 8_000, tries: 4, reason: 'AIC is away' }]],
    [givenUp, [{ status: 'given-up', due_at: now, tries: 3, reason: 'gone' }]],
  ])('as %j leaves %j', async (outcome, left) => {
    await settle(await add('running', 'k', 5, 3), outcome);
    expect(await rows()).toMatchObject(left);
    expect(await rows()).toHaveLength(left.length);
  });

  test.each<readonly [JobOutcome, number, number]>([
    [done, now + 50, now + 50],
    [stopped, now + 50, now],
    [stopped, now - 50, now - 50],
    [again, now + 500, now + 500],
    [again, now + 5_000, now + 1_000],
    [givenUp, now + 50, now + 50],
  ])('as %j leaves its work to one that waits until %d, from %d on', async (outcome, waiting, dueAt) => {
    const ended = await add('running', 'k', 5);
    const newer = await add('waiting', 'k', waiting);
    await settle(ended, outcome);
    const waits = (await rows()).filter(({ status }) => status === 'waiting');
    expect(waits).toMatchObject([{ id: newer.id, due_at: dueAt, tries: 0 }]);
    expect(await rows()).toHaveLength(outcome.kind === 'given-up' ? 2 : 1);
  });

  test('changes no job of another key, and leaves at most one that waits', async () => {
    const outcome = fc.constantFrom(done, stopped, again, givenUp);
    await fc.assert(
      fc.asyncProperty(outcome, fc.nat(100), fc.option(fc.nat(2_000_000)), async (how, tries, waiting) => {
        await db.deleteFrom('jobs').execute();
        const other = await add('waiting', 'other', 7, 2);
        const ended = await add('running', 'k', 5, tries);
        if (waiting !== null) await add('waiting', 'k', waiting);
        await settle(ended, how, 0.5);
        const all = await rows();
        expect(all.find(({ id }) => id === other.id)).toMatchObject({
          status: 'waiting',
          due_at: 7,
          tries: 2,
        });
        const waits = all.filter(({ id, status }) => status === 'waiting' && id !== other.id);
        const isOwed = waiting !== null || how === stopped || how === again;
        expect(waits).toHaveLength(isOwed ? 1 : 0);
        expect(all.filter(({ status }) => status === 'running')).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
