import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import * as fc from 'fast-check';
import type { Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { createLog } from '../../../src/adapters/log.ts';
import { hasEnded, thisProcess, type Holder } from '../../../src/adapters/queue/lease-holder.ts';
import { createLanes, type Lanes } from '../../../src/adapters/queue/sqlite-lanes.ts';
import { createLeases, type Lease, type Leases } from '../../../src/adapters/queue/leases.ts';
import { takeLane } from '../../../src/adapters/queue/claim-lane.ts';
import { guardOf } from '../../../src/adapters/store/engines/fence.ts';
import type { Tables } from '../../../src/adapters/store/tables/schema.ts';
import { openSqlite } from '../../../src/adapters/store/engines/sqlite.ts';
import { createStore } from '../../../src/adapters/store/store.ts';
import type { ProjectId } from '../../../src/domain/shared/ids.ts';
import type { Job, JobOutcome, Jobs } from '../../../src/domain/jobs/job.ts';

interface Run {
  readonly branch: string;
  readonly lease: Lease;
  /** The store as the run sees it. */
  readonly jobs: Jobs;
  ended: boolean;
  end(outcome: JobOutcome | Error): void;
}

/** What one process has: a connection, its leases and its lanes. */
interface Side {
  readonly db: Kysely<Tables>;
  readonly leases: Leases;
  readonly lanes: Lanes;
  readonly jobs: Jobs;
  readonly runs: Run[];
  readonly lines: Record<string, unknown>[];
}

const done: JobOutcome = { kind: 'done' };
const leaseMs = 30_000;

let folder: string;
let path: string;
let sides: Side[];
let now: number;
const clock = { now: () => now };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aic-bot-shared-'));
  path = join(folder, 'bot.db');
  sides = [];
  now = 1_000_000_000;
});

afterEach(async () => {
  vi.useRealTimers();
  for (const { lanes } of sides) await lanes.stop(0);
  for (const { lanes, leases, runs, db } of sides) {
    for (const run of runs) if (!run.ended) run.end(done);
    await lanes.stop(1_000);
    await leases.close();
    await db.destroy();
  }
  await rm(folder, { recursive: true, force: true });
});

/** A process on a host of its own, unless told: what is not known to have ended counts as alive. */
async function side(who: Partial<Holder> = {}): Promise<Side> {
  const db = await openSqlite(`file:${path}`);
  const lines: Record<string, unknown>[] = [];
  const runs: Run[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line));
  const log = createLog({ level: 'debug', clock, mask: (text) => text, write });
  const host = `host ${sides.length}`;
  const holder = { id: crypto.randomUUID(), who: 'a test', host, pidSpace: '', pid: 1, ...who };
  const leases = createLeases({
    db,
    clock,
    log,
    holder,
    hasEnded: (other) => hasEnded(other, holder),
    leaseMs,
  });
  const store = createStore(db, clock, () => lanes.wake());
  const lanes = createLanes({
    db,
    leases,
    clock,
    random: () => 0,
    log,
    jobsAdded: () => {},
    concurrency: 5,
    run: (job, _tries, { lease }) =>
      new Promise((resolve, reject) => {
        if (job.kind !== 'deploy') throw new Error('These tests use deploy jobs.');
        const run: Run = {
          branch: job.branch,
          lease,
          jobs: createStore(db, clock, () => {}, guardOf(lease.fence)),
          ended: false,
          end: (outcome) => {
            run.ended = true;
            if (outcome instanceof Error) reject(outcome);
            else resolve(outcome);
          },
        };
        runs.push(run);
      }),
  });
  const jobs: Jobs = {
    add: async (...due) => {
      await transactionsEnded();
      await store.add(...due);
    },
  };
  const made = { db, leases, lanes, jobs, runs, lines };
  sides.push(made);
  return made;
}

/**
 * Two connections of one process can't wait for one another: the one that waits keeps the other from going on. No transaction is longer than
 * what is done between two turns of the event loop.
 */
function transactionsEnded(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

const job = (lane: string, branch: string, dueAt = now) => ({
  job: { kind: 'deploy' as const, projectId: 1 as ProjectId, branch, lane: `deploy:1:${lane}` },
  dueAt,
});
const begun = ({ runs }: Side) => runs.map(({ branch }) => branch);
async function begins(who: Side, ...branches: readonly string[]): Promise<void> {
  await expect.poll(() => begun(who), { interval: 2 }).toEqual(branches);
}
const rows = (who: Side) => who.db.selectFrom('jobs').select(['status', 'key']).orderBy('id').execute();

function runOf(who: Side, branch: string): Run {
  const run = who.runs.findLast((each) => each.branch === branch && !each.ended);
  if (run === undefined) throw new Error(`${branch} does not run.`);
  return run;
}

/** Has another job begin and end: whatever the lanes wanted to begin before, they have begun. */
async function afterAnotherLook(who: Side): Promise<void> {
  const probe = `probe ${crypto.randomUUID()}`;
  await who.jobs.add(job(probe, probe));
  await expect.poll(() => begun(who).includes(probe), { interval: 2 }).toBe(true);
  runOf(who, probe).end(done);
  who.runs.splice(
    who.runs.findIndex((run) => run.branch === probe),
    1,
  );
}

describe('two processes on one store', () => {
  test('never run one lane at once, and other lanes beside each other', async () => {
    const [one, two] = [await side(), await side()];
    await one.jobs.add(job('a', 'first'), job('a', 'second'));
    await one.lanes.start();
    await begins(one, 'first');
    await two.jobs.add(job('b', 'other'));
    await two.lanes.start();
    await begins(two, 'other');
    await afterAnotherLook(two);
    expect(begun(two)).toEqual(['other']);
    await one.lanes.stop(0);
    runOf(one, 'first').end(done);
    await expect.poll(async () => (await rows(one)).length).toBe(2);
    two.lanes.wake();
    await begins(two, 'other', 'second');
  });

  test('notice within a second what another one adds', async () => {
    const [one, two] = [await side(), await side()];
    await one.lanes.start();
    await two.jobs.add(job('a', 'foreign'));
    const began = performance.now();
    await expect.poll(() => begun(one), { interval: 2, timeout: 3_000 }).toEqual(['foreign']);
    expect(performance.now() - began).toBeLessThan(1_500);
  });

  test('notice within a second that another one is done with a lane', async () => {
    const [one, two] = [await side(), await side()];
    await one.jobs.add(job('a', 'first'));
    await one.lanes.start();
    await begins(one, 'first');
    await two.jobs.add(job('a', 'second'));
    await two.lanes.start();
    await one.lanes.stop(0);
    runOf(one, 'first').end(done);
    await expect.poll(() => begun(two), { interval: 2, timeout: 3_000 }).toEqual(['second']);
  });

  test('do not look for work while nothing happens', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const one = await side();
    await one.lanes.start();
    await expect.poll(() => vi.getTimerCount()).toBe(1);
    using other = new DatabaseSync(path);
    // A look takes the write lock, and would fail; a glance reads.
    other.exec('begin immediate');
    await vi.advanceTimersByTimeAsync(30_000);
    other.exec('rollback');
    expect(one.lines).toEqual([]);
  });
});

describe('a lane', () => {
  test('stays with a process that lives, however long a job takes', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const [one, two] = [await side(), await side()];
    await one.jobs.add(job('a', 'long'));
    await one.lanes.start();
    await begins(one, 'long');
    for (let beat = 0; beat < 10; beat += 1) {
      now += 10_000;
      await vi.advanceTimersByTimeAsync(10_000);
    }
    await two.lanes.start();
    await afterAnotherLook(two);
    expect(begun(two)).toEqual([]);
    expect(runOf(one, 'long').lease.lost.aborted).toBe(false);
  });

  test('of a process that gives no sign of life goes on after the lease, and its job runs again', async () => {
    const [one, two] = [await side(), await side()];
    await one.jobs.add(job('a', 'cut off'));
    await one.lanes.start();
    await begins(one, 'cut off');
    now += leaseMs - 1;
    await two.lanes.start();
    await afterAnotherLook(two);
    expect(begun(two)).toEqual([]);
    now += 1;
    two.lanes.wake();
    await begins(two, 'cut off');
    expect(two.lines).toContainEqual(
      expect.objectContaining({ message: 'freed a lane', lane: 'deploy:1:a', why: 'no sign of life' }),
    );
  });

  test('is not taken from a process by its own look, though the clock was put forward', async () => {
    const one = await side();
    await one.jobs.add(job('a', 'long'));
    await one.lanes.start();
    await begins(one, 'long');
    now += 10 * leaseMs;
    await afterAnotherLook(one);
    expect(begun(one)).toEqual(['long']);
    runOf(one, 'long').end(done);
    await expect.poll(() => rows(one)).toEqual([]);
  });

  test('lost to another process is written on by that one only', async () => {
    const [one, two] = [await side(), await side()];
    await one.jobs.add(job('a', 'paused'));
    await one.lanes.start();
    await begins(one, 'paused');
    now += leaseMs;
    await two.lanes.start();
    await begins(two, 'paused');
    const late = runOf(one, 'paused');
    await expect(late.jobs.add(job('b', 'never'))).rejects.toThrow('the lease of the lane is lost');
    const rejected = await late.jobs.add(job('b', 'never')).then(
      () => new Error('it was written'),
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
    late.end(rejected);
    await expect
      .poll(() => one.lines.map(({ message }) => message))
      .toContain('job cut off: its lane was lost, another process runs it again');
    expect(one.lines).toContainEqual(expect.objectContaining({ message: 'job', outcome: 'stopped' }));
    expect(await rows(two)).toMatchObject([{ status: 'running' }]);
    await runOf(two, 'paused').jobs.add(job('b', 'after it'));
    runOf(two, 'paused').end(done);
    await begins(two, 'paused', 'after it');
  });

  test('that was not extended in time is lost before the next call, though no timer ran', async () => {
    const one = await side();
    await one.jobs.add(job('a', 'paused'));
    await one.lanes.start();
    await begins(one, 'paused');
    const { lease } = runOf(one, 'paused');
    now += leaseMs - 1;
    lease.check();
    expect(lease.lost.aborted).toBe(false);
    now += 1;
    lease.check();
    expect(lease.lost.aborted).toBe(true);
  });

  test('that was lost is not taken again before the old run has ended', async () => {
    const [one, two] = [await side(), await side()];
    await one.jobs.add(job('a', 'paused'));
    await one.lanes.start();
    await begins(one, 'paused');
    now += leaseMs;
    await two.lanes.start();
    await begins(two, 'paused');
    await two.lanes.stop(0);
    runOf(two, 'paused').end({ kind: 'stopped' });
    await expect.poll(() => rows(one)).toMatchObject([{ status: 'waiting' }]);
    await afterAnotherLook(one);
    expect(begun(one)).toEqual(['paused']);
    runOf(one, 'paused').end({ kind: 'stopped' });
    await begins(one, 'paused', 'paused');
  });

  test('that was lost stops the calls of its run at the next heartbeat', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const [one, two] = [await side(), await side()];
    await one.jobs.add(job('a', 'paused'));
    await one.lanes.start();
    await begins(one, 'paused');
    now += leaseMs;
    await two.lanes.start();
    await begins(two, 'paused');
    await vi.advanceTimersByTimeAsync(leaseMs / 3);
    expect(runOf(one, 'paused').lease.lost.aborted).toBe(true);
    expect(runOf(two, 'paused').lease.lost.aborted).toBe(false);
    expect(one.lines).toContainEqual(
      expect.objectContaining({ message: 'lost a lane', why: 'another process took it' }),
    );
  });

  test('whose lease cannot be extended in time stops the calls of its run', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const one = await side();
    await one.jobs.add(job('a', 'stuck'));
    await one.lanes.start();
    await begins(one, 'stuck');
    using other = new DatabaseSync(path);
    other.exec('begin immediate');
    await one.db.executeQuery({ ...one.db.selectNoFrom([]).compile(), sql: 'PRAGMA busy_timeout = 0' });
    // The third heartbeat would come when another process may have taken the lane.
    for (const aborted of [false, true]) {
      now += leaseMs / 3;
      await vi.advanceTimersByTimeAsync(leaseMs / 3);
      expect(runOf(one, 'stuck').lease.lost.aborted).toBe(aborted);
    }
    other.exec('rollback');
    runOf(one, 'stuck').end({ kind: 'stopped' });
    await vi.advanceTimersByTimeAsync(2_000);
    await begins(one, 'stuck', 'stuck');
  });

  test('that is taken while a heartbeat is under way leaves one heartbeat, which the end stops', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { leases } = await side();
    const [first] = await leases.claim(async () => [{ lane: 'a' }]);
    if (first === undefined) throw new Error('The lane was not free.');
    const released = leases.release(first.lease, async () => {});
    const claimed = leases.claim(async () => [{ lane: 'a' }]);
    vi.advanceTimersByTime(leaseMs / 3);
    await Promise.all([released, claimed]);
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(1);
    await leases.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('never has two leases that stand, whatever two holders do and however their clocks differ', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const doer = fc.nat(1);
    const lane = fc.constantFrom('a', 'b');
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('claim' as const), doer, lane }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), doer, which: fc.nat() }) },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant('pass' as const),
          ms: fc.constantFrom(1, leaseMs / 2, leaseMs),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('beat' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), doer }) },
    );
    const [one, two] = [await side(), await side()];
    await fc.assert(
      fc
        .asyncProperty(
          fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }),
          fc.integer({ min: -leaseMs, max: leaseMs }),
          async (steps, ahead) => {
            const holders = [one, two].map(({ db }, index) => {
              const own = { now: () => now + index * ahead };
              const log = createLog({ level: 'silent', clock: own, mask: (text) => text, write: () => {} });
              const holder = { id: crypto.randomUUID(), who: '', host: `${index}`, pidSpace: '', pid: 1 };
              return {
                db,
                granted: new Set<Lease>(),
                leases: createLeases({
                  db,
                  clock: own,
                  log,
                  holder,
                  hasEnded: (other) => hasEnded(other, holder),
                  leaseMs,
                }),
              };
            });
            const isStanding = ({ fence }: Lease) =>
              one.db.transaction().execute((transaction) =>
                guardOf(fence)(transaction).then(
                  () => true,
                  () => false,
                ),
              );
            const granted = () => holders.flatMap((holder) => [...holder.granted]);
            for (const each of steps) {
              const holder = holders[each.do === 'pass' || each.do === 'beat' ? 0 : each.doer];
              if (holder === undefined) throw new Error('There are two holders.');
              switch (each.do) {
                case 'claim': {
                  const taken = await holder.leases.claim(async (transaction) => {
                    const held = transaction
                      .selectFrom('leases')
                      .select('lane')
                      .where('lane', '=', each.lane);
                    return (await held.executeTakeFirst()) === undefined ? [{ lane: each.lane }] : [];
                  });
                  for (const { lease } of taken) holder.granted.add(lease);
                  break;
                }
                case 'release': {
                  const lease = [...holder.granted][each.which % Math.max(1, holder.granted.size)];
                  if (lease === undefined) break;
                  const stood = await isStanding(lease);
                  expect(await holder.leases.release(lease, async () => {})).toBe(stood);
                  expect(await isStanding(lease)).toBe(false);
                  holder.granted.delete(lease);
                  break;
                }
                case 'pass':
                  now += each.ms;
                  break;
                case 'beat':
                  await vi.advanceTimersByTimeAsync(leaseMs / 3);
                  for (const lease of granted()) {
                    if (!(await isStanding(lease))) expect(lease.lost.aborted).toBe(true);
                  }
                  break;
                case 'close':
                  await holder.leases.close();
                  for (const lease of holder.granted) expect(await isStanding(lease)).toBe(false);
                  holder.granted.clear();
                  break;
              }
              const standing = [];
              for (const lease of granted()) if (await isStanding(lease)) standing.push(lease.lane);
              expect(new Set(standing).size).toBe(standing.length);
            }
            for (const { leases } of holders) await leases.close();
            expect(vi.getTimerCount()).toBe(0);
          },
        )
        .beforeEach(async () => {
          vi.clearAllTimers();
          await one.db.deleteFrom('leases').execute();
        }),
      { numRuns: 80 },
    );
  });

  test('that a process gives back when it stops can be taken at once', async () => {
    const [one, two] = [await side(), await side()];
    await one.jobs.add(job('a', 'cut off'));
    await one.lanes.start();
    await begins(one, 'cut off');
    await one.lanes.stop(0);
    await one.leases.close();
    await two.lanes.start();
    await begins(two, 'cut off');
    await expect(runOf(one, 'cut off').jobs.add(job('b', 'never'))).rejects.toThrow('lease');
  });
});

describe('what a process that is gone left', () => {
  async function leftBy(holder: Holder): Promise<Side> {
    const gone = await side(holder);
    await gone.jobs.add(job('a', 'cut off'));
    await gone.lanes.start();
    await begins(gone, 'cut off');
    await gone.lanes.stop(0);
    return gone;
  }

  test('is taken up at once where its process id is free', async () => {
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await once(child, 'exit');
    await leftBy({ ...thisProcess('gone'), pid: child.pid ?? 0 });
    const next = await side(thisProcess('next'));
    await next.lanes.start();
    await begins(next, 'cut off');
    expect(next.lines).toContainEqual(expect.objectContaining({ message: 'freed a lane', why: 'ended' }));
  });

  test('is taken up at once where its process id is now our own', async () => {
    await leftBy(thisProcess('gone'));
    const next = await side(thisProcess('next'));
    await next.lanes.start();
    await begins(next, 'cut off');
  });

  test.each<readonly [string, Partial<Holder>]>([
    ['on another host', { host: 'elsewhere' }],
    ['in another container', { pidSpace: 'pid:[1]' }],
    ['under the id of a process that lives', { pid: process.ppid }],
  ])('%s waits for its lease to expire', async (_where, other) => {
    await leftBy({ ...thisProcess('perhaps gone'), ...other });
    const next = await side(thisProcess('next'));
    await next.lanes.start();
    await afterAnotherLook(next);
    expect(begun(next)).toEqual([]);
    now += leaseMs;
    next.lanes.wake();
    await begins(next, 'cut off');
  });

  test('runs once where a job of the same key waits already, and need not wait any more', async () => {
    const gone = await leftBy(thisProcess('gone'));
    await gone.jobs.add(job('a', 'cut off', now + leaseMs));
    const next = await side(thisProcess('next'));
    await next.lanes.start();
    await begins(next, 'cut off');
    runOf(next, 'cut off').end(done);
    await expect.poll(() => rows(next)).toEqual([]);
    expect(begun(next)).toEqual(['cut off']);
  });
});

describe('a lane that is taken for one job', () => {
  const operator: Job = { ...job('a', 'by hand').job };

  test('is told of while somebody else has it, and then taken', async () => {
    const [one, two] = [await side(), await side()];
    await one.jobs.add(job('a', 'first'));
    await one.lanes.start();
    await begins(one, 'first');
    await transactionsEnded();
    expect(await takeLane({ leases: two.leases, clock }, operator)).toMatchObject({
      held: { who: 'a test', host: 'host 0', since: now },
    });
    expect(await rows(two)).toHaveLength(1);
    runOf(one, 'first').end(done);
    await expect.poll(() => rows(two)).toEqual([]);
    await transactionsEnded();
    const taken = await takeLane({ leases: two.leases, clock }, operator);
    expect(await rows(two)).toMatchObject([{ status: 'running' }]);
    await one.jobs.add(job('a', 'second'));
    await afterAnotherLook(one);
    expect(begun(one)).toEqual(['first']);
    await transactionsEnded();
    expect('end' in taken && (await taken.end(done))).toBe(true);
    one.lanes.wake();
    await begins(one, 'first', 'second');
  });

  test.each<readonly [string, JobOutcome, readonly string[]]>([
    ['done', done, []],
    ['stopped', { kind: 'stopped' }, ['by hand']],
  ])('leaves to the others what it did not do: %s', async (_how, outcome, left) => {
    const [one, two] = [await side(), await side()];
    await one.lanes.start();
    await transactionsEnded();
    const taken = await takeLane({ leases: two.leases, clock }, operator);
    expect('end' in taken && (await taken.end(outcome))).toBe(true);
    one.lanes.wake();
    await afterAnotherLook(one);
    expect(begun(one)).toEqual(left);
  });

  test('is lost with its job when its holder gives no sign of life', async () => {
    const [one, two] = [await side(), await side()];
    await one.lanes.start();
    await transactionsEnded();
    const taken = await takeLane({ leases: two.leases, clock }, operator);
    now += leaseMs;
    one.lanes.wake();
    await begins(one, 'by hand');
    await transactionsEnded();
    expect('end' in taken && (await taken.end(done))).toBe(false);
    expect(await rows(one)).toMatchObject([{ status: 'running' }]);
  });
});
