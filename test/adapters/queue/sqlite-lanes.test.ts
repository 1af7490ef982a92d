import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import * as fc from 'fast-check';
import { sql, type Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { createLog } from '../../../src/adapters/log.ts';
import { createLanes, type Lanes } from '../../../src/adapters/queue/sqlite-lanes.ts';
import { hasEnded } from '../../../src/adapters/queue/lease-holder.ts';
import { createLeases } from '../../../src/adapters/queue/leases.ts';
import type { Tables } from '../../../src/adapters/store/tables/schema.ts';
import { openSqlite } from '../../../src/adapters/store/engines/sqlite.ts';
import { createStore } from '../../../src/adapters/store/store.ts';
import type { ProjectId } from '../../../src/domain/shared/ids.ts';
import type { DeployJob, Job, JobOutcome, Jobs } from '../../../src/domain/jobs/job.ts';

/** A job that has begun; it ends when the test says so. */
interface Run {
  readonly lane: string;
  readonly branch: string;
  readonly tries: number;
  ended: boolean;
  end(outcome: JobOutcome | Error): void;
}

const done: JobOutcome = { kind: 'done' };
const again: JobOutcome = { kind: 'again', reason: 'AIC is away' };
const minute = 60_000;

let folder: string;
let path: string;
let db: Kysely<Tables>;
let jobs: Jobs;
let lanes: Lanes;
let runs: Run[];
let lines: Record<string, unknown>[];
let now: number;

const clock = { now: () => now };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aic-bot-lanes-'));
  path = join(folder, 'bot.db');
  db = await openSqlite(`file:${path}`);
  await sql`PRAGMA busy_timeout = 0`.execute(db);
  jobs = createStore(db, clock, () => lanes.wake());
  runs = [];
  lines = [];
  now = 1_000_000_000;
  lanes = lanesOf();
});

afterEach(async () => {
  vi.useRealTimers();
  for (const run of active()) run.end(done);
  await lanes.stop(1_000);
  await db.destroy();
  await rm(folder, { recursive: true, force: true });
});

function lanesOf(concurrency = 3): Lanes {
  const write = (line: string) => void lines.push(JSON.parse(line));
  const log = createLog({ level: 'debug', clock, mask: (text) => text, write });
  // Of one process id: what an earlier one of these left behind is that of a process that is gone.
  const holder = { id: crypto.randomUUID(), who: 'a test', host: 'here', pidSpace: '', pid: 1 };
  return createLanes({
    db,
    leases: createLeases({
      db,
      clock,
      log,
      holder,
      hasEnded: (other) => hasEnded(other, holder),
      leaseMs: 30_000,
    }),
    clock,
    random: () => 0,
    log,
    jobsAdded: () => {},
    concurrency,
    run: (job, tries) =>
      new Promise((resolve, reject) => {
        const { lane = '', branch } = deployOf(job);
        const run: Run = {
          lane: lane.split(':').at(-1) ?? '',
          branch,
          tries,
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
}

function deployOf(job: Job): DeployJob {
  if (job.kind !== 'deploy') throw new Error('These tests use deploy jobs.');
  return job;
}

const add = (lane: string, branch: string, dueAt = now) =>
  jobs.add({ job: { kind: 'deploy', projectId: 1 as ProjectId, branch, lane: `deploy:1:${lane}` }, dueAt });
const active = () => runs.filter((run) => !run.ended);
const begun = () => runs.map(({ branch }) => branch);
const rows = () =>
  db.selectFrom('jobs').select(['status', 'tries', 'due_at', 'reason']).orderBy('id').execute();
async function begins(...branches: readonly string[]): Promise<void> {
  await expect.poll(begun, { interval: 2 }).toEqual(branches);
}

/** The run of a branch that has begun and not ended. */
function running(branch: string): Run {
  const run = active().find((each) => each.branch === branch);
  if (run === undefined) throw new Error(`${branch} does not run.`);
  return run;
}

/** Has another job begin and end: whatever the lanes wanted to begin before, they have begun. */
async function afterAnotherLook(): Promise<void> {
  const probe = `probe ${runs.length}`;
  await add(probe, probe);
  await expect.poll(() => begun().includes(probe), { interval: 2 }).toBe(true);
  running(probe).end(done);
  await expect.poll(async () => (await rowsOf(probe)).length, { interval: 2 }).toBe(0);
  runs = runs.filter((run) => run.branch !== probe);
}

function rowsOf(lane: string) {
  return db.selectFrom('jobs').selectAll().where('lane', '=', `deploy:1:${lane}`).execute();
}

test('a job that cannot be read holds up no other lane, and is told of', async () => {
  await add('one', 'broken');
  await sql`update jobs set job_json = '{"kind":"dep'`.execute(db);
  await add('two', 'whole');
  await lanes.start();
  await begins('whole');
  await expect.poll(async () => (await rows())[0]?.status, { interval: 2 }).toBe('waiting');
  expect(await rows()).toMatchObject([
    { tries: 1, reason: expect.stringMatching(/^an internal error, E[0-9a-f]{8}; the log has it$/) },
    {},
  ]);
  expect(lines).toContainEqual(expect.objectContaining({ message: 'job broke off', lane: 'deploy:1:one' }));
});

describe('a lane', () => {
  test('begins nothing before the start', async () => {
    await add('a', 'one');
    lanes.wake();
    expect(runs).toEqual([]);
    await lanes.start();
    await begins('one');
  });

  test('runs one job at a time, in the order they were added', async () => {
    for (const branch of ['one', 'two', 'three']) await add('a', branch);
    await lanes.start();
    await begins('one');
    await afterAnotherLook();
    expect(begun()).toEqual(['one']);
    running('one').end(done);
    await begins('one', 'two');
    running('two').end(done);
    await begins('one', 'two', 'three');
    running('three').end(done);
    await expect.poll(rows, { interval: 2 }).toEqual([]);
  });

  test('runs a job once it is due, and an earlier one that is not due does not keep it', async () => {
    await add('a', 'later', now + minute);
    await add('a', 'now');
    await lanes.start();
    await begins('now');
    running('now').end(done);
    await afterAnotherLook();
    expect(begun()).toEqual(['now']);
    now += minute;
    lanes.wake();
    await begins('now', 'later');
  });

  test('wakes by itself when a job becomes due', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await add('a', 'soon', now + 5_000);
    await lanes.start();
    await expect.poll(() => vi.getTimerCount()).toBe(1);
    for (let second = 0; second < 4; second += 1) {
      now += 1_000;
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(runs).toEqual([]);
    now += 1_000;
    await vi.advanceTimersByTimeAsync(1_000);
    await begins('soon');
  });

  test('looks earlier when it is told of a job that is due earlier, and not before that', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await lanes.start();
    await expect.poll(() => vi.getTimerCount()).toBe(1);
    const later = createStore(db, clock, (added) => lanes.wake(added[0]?.dueAt));
    const job = { kind: 'deploy', projectId: 1 as ProjectId, branch: 'soon', lane: 'deploy:1:a' } as const;
    await later.add({ job, dueAt: now + 500 });
    await vi.advanceTimersByTimeAsync(499);
    expect(runs).toEqual([]);
    now += 500;
    await vi.advanceTimersByTimeAsync(1);
    await begins('soon');
  });

  test('runs a job that was added while another ran', async () => {
    await add('a', 'one');
    await lanes.start();
    await begins('one');
    await add('a', 'two');
    expect(begun()).toEqual(['one']);
    running('one').end(done);
    await begins('one', 'two');
  });
});

describe('several lanes', () => {
  test('run side by side, as many as allowed', async () => {
    for (const lane of ['a', 'b', 'c', 'd', 'e']) await add(lane, lane);
    await lanes.start();
    await begins('a', 'b', 'c');
    running('b').end(done);
    await begins('a', 'b', 'c', 'd');
    expect(active()).toHaveLength(3);
    running('a').end(done);
    running('c').end(done);
    await begins('a', 'b', 'c', 'd', 'e');
  });

  test('are not kept waiting by one with much work', async () => {
    for (let index = 0; index < 20; index += 1) await add('busy', `busy ${index}`);
    await add('b', 'other');
    await lanes.start();
    await begins('busy 0', 'other');
    running('other').end(done);
    await add('b', 'another');
    await begins('busy 0', 'other', 'another');
    expect(active()).toHaveLength(2);
  });

  test('sleep while there is no room, also when work is due', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    lanes = lanesOf(1);
    await add('a', 'one');
    await lanes.start();
    await begins('one');
    await add('b', 'two');
    // One for the heartbeat of the lease.
    await expect.poll(() => vi.getTimerCount()).toBe(2);
    const before = Date.now();
    await vi.advanceTimersToNextTimerAsync();
    expect(Date.now() - before).toBeGreaterThan(500);
    running('one').end(done);
    await begins('one', 'two');
  });
});

describe('a job that is to run again', () => {
  test('runs after pauses that double from a second to 15 minutes, and is told how often it was tried', async () => {
    await add('a', 'one');
    await lanes.start();
    const pauses: number[] = [];
    for (let tries = 0; tries < 13; tries += 1) {
      await expect.poll(() => active().length, { interval: 2 }).toBe(1);
      expect(running('one').tries).toBe(tries);
      running('one').end(again);
      await expect
        .poll(rows, { interval: 2 })
        .toMatchObject([{ status: 'waiting', tries: tries + 1, reason: 'AIC is away' }]);
      const [row] = await rows();
      pauses.push((row?.due_at ?? 0) - now);
      now = row?.due_at ?? now;
      lanes.wake();
    }
    expect(pauses.map((pause) => pause / 1_000)).toEqual([
      1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900,
    ]);
  });

  test('does not run before its pause is over, and lets later jobs of the lane pass', async () => {
    await add('a', 'one');
    await add('a', 'two');
    await lanes.start();
    await begins('one');
    running('one').end(again);
    await begins('one', 'two');
    running('two').end(done);
    now += 999;
    await afterAnotherLook();
    expect(begun()).toEqual(['one', 'two']);
    now += 1;
    lanes.wake();
    await begins('one', 'two', 'one');
  });

  test('is one whose run threw: the log has why', async () => {
    await add('a', 'one');
    await lanes.start();
    await begins('one');
    running('one').end(new Error('a bug'));
    await expect
      .poll(rows, { interval: 2 })
      .toMatchObject([{ status: 'waiting', tries: 1, reason: expect.stringContaining('an internal error') }]);
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        lane: 'deploy:1:a',
        id: expect.stringMatching(/^E[0-9a-f]{8}$/),
        error: expect.stringContaining('a bug'),
      }),
    );
  });
});

test('a job that is given up stays as a row, does not run again and keeps nobody', async () => {
  await add('a', 'one');
  await lanes.start();
  await begins('one');
  running('one').end({ kind: 'given-up', reason: 'the merge request is gone' });
  await expect
    .poll(rows, { interval: 2 })
    .toMatchObject([{ status: 'given-up', reason: 'the merge request is gone' }]);
  now += 60 * minute;
  await add('a', 'two');
  await begins('one', 'two');
  await lanes.stop(0);
  lanes = lanesOf();
  await add('a', 'one');
  await lanes.start();
  await begins('one', 'two', 'two');
});

test('a job that the stop cut off waits to run at once, without counting as tried', async () => {
  await add('a', 'one');
  await lanes.start();
  await begins('one');
  const stopped = lanes.stop(1_000);
  running('one').end({ kind: 'stopped' });
  await stopped;
  expect(await rows()).toMatchObject([{ status: 'waiting', tries: 0, due_at: now }]);
});

describe('a job of the key of one that runs', () => {
  test.each<readonly [string, JobOutcome | Error]>([
    ['is done', done],
    ['is to run again', again],
    ['was cut off', { kind: 'stopped' }],
    ['threw', new Error('a bug')],
    ['is given up', { kind: 'given-up', reason: 'gone' }],
  ])('runs exactly once more when that one %s', async (_how, outcome) => {
    await add('a', 'one');
    await lanes.start();
    await begins('one');
    await add('a', 'one', now + 1);
    await add('a', 'one');
    running('one').end(outcome);
    await begins('one', 'one');
    expect(running('one').tries).toBe(0);
    running('one').end(done);
    now += 60 * minute;
    await afterAnotherLook();
    expect(begun()).toEqual(['one', 'one']);
    expect((await rows()).filter(({ status }) => status !== 'given-up')).toEqual([]);
  });
});

describe('the start', () => {
  const crash = async () => {
    await lanes.stop(0);
    runs = [];
    lanes = lanesOf();
  };

  test('takes up what was running when the process ended', async () => {
    await add('a', 'one');
    await add('b', 'two');
    await lanes.start();
    await begins('one', 'two');
    await crash();
    await lanes.start();
    await begins('one', 'two');
    expect(lines).toContainEqual(expect.objectContaining({ message: 'took up unfinished jobs', jobs: 2 }));
  });

  test('runs a job once that was running and waiting', async () => {
    await add('a', 'one');
    await lanes.start();
    await begins('one');
    await add('a', 'one');
    await crash();
    await lanes.start();
    await begins('one');
    running('one').end(done);
    await expect.poll(rows, { interval: 2 }).toEqual([]);
    expect(begun()).toEqual(['one']);
  });

  test('runs a job once of which two rows were left running', async () => {
    await add('a', 'one');
    await db.updateTable('jobs').set({ status: 'running' }).execute();
    await add('a', 'one');
    await db.updateTable('jobs').set({ status: 'running' }).execute();
    await lanes.start();
    await begins('one');
    expect(await rows()).toHaveLength(1);
  });
});

describe('the stop', () => {
  test('waits for what runs, and begins nothing new', async () => {
    await add('a', 'one');
    await add('a', 'two');
    await lanes.start();
    await begins('one');
    let stopped = false;
    const stop = lanes.stop(10_000).then(() => void (stopped = true));
    await add('b', 'three');
    lanes.wake();
    running('one').end(done);
    expect(stopped).toBe(false);
    await stop;
    expect(begun()).toEqual(['one']);
    expect(await rows()).toMatchObject([{ status: 'waiting' }, { status: 'waiting' }]);
  });

  test('that comes while lanes look for work begins none of it', async () => {
    await add('a', 'one');
    await lanes.start();
    await lanes.stop(1_000);
    expect(runs).toEqual([]);
    lanes = lanesOf();
    await lanes.start();
    await begins('one');
  });

  test('returns by its deadline, whatever still runs', async () => {
    await add('a', 'one');
    await lanes.start();
    await begins('one');
    const started = performance.now();
    await lanes.stop(20);
    expect(performance.now() - started).toBeGreaterThanOrEqual(15);
    expect(active()).toHaveLength(1);
  });

  test('returns at once when nothing runs, and leaves no timer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await lanes.start();
    await expect.poll(() => vi.getTimerCount()).toBe(1);
    await lanes.stop(60 * minute);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a store that fails', () => {
  test('while lanes look is looked at again after a second', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await lanes.start();
    await expect.poll(() => vi.getTimerCount()).toBe(1);
    await add('a', 'one', now + 500);
    await expect.poll(() => vi.getTimerCount()).toBe(1);
    now += 500;
    using other = new DatabaseSync(path);
    other.exec('begin exclusive');
    lanes.wake();
    await expect
      .poll(() => lines)
      .toContainEqual(expect.objectContaining({ message: 'the store of jobs failed' }));
    other.exec('rollback');
    expect(runs).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    await begins('one');
  });

  test('at the end of a job is tried until the end is written, while other lanes go on', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await add('a', 'one');
    await add('a', 'two');
    await lanes.start();
    await begins('one');
    using other = new DatabaseSync(path);
    other.exec('begin immediate');
    running('one').end(done);
    await expect
      .poll(() => lines)
      .toContainEqual(expect.objectContaining({ message: 'the end of a job could not be written' }));
    other.exec('rollback');
    await add('b', 'three');
    await begins('one', 'three');
    await vi.advanceTimersByTimeAsync(1_000);
    await begins('one', 'three', 'two');
  });
});

test('each end is logged: level by outcome, kind, tries and time', async () => {
  const outcomes = [done, again, { kind: 'given-up', reason: 'gone' }] as const;
  for (const { kind } of outcomes) await add(kind, kind);
  await lanes.start();
  await begins('done', 'again', 'given-up');
  now += 25;
  for (const outcome of outcomes) running(outcome.kind).end(outcome);
  const line = { message: 'job', kind: 'deploy', tries: 0, ms: 25 };
  await expect
    .poll(() => lines.filter(({ message }) => message === 'job'))
    .toMatchObject([
      { ...line, level: 'info', outcome: 'done', lane: 'deploy:1:done' },
      { ...line, level: 'warn', outcome: 'again', reason: 'AIC is away' },
      { ...line, level: 'warn', outcome: 'given-up', reason: 'gone' },
    ]);
});

test('whatever happens: never two of a lane, never more than allowed, and every job runs after it was added', async () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('add' as const),
        lane: fc.constantFrom('a', 'b', 'c', 'd'),
        branch: fc.constantFrom('x', 'y'),
        inMs: fc.constantFrom(0, 1_500),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('end' as const),
        which: fc.nat(),
        outcome: fc.constantFrom<JobOutcome | Error>(done, again, { kind: 'stopped' }, new Error('a bug')),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(500, 5_000) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
  );
  const settle = async () => {
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => void setImmediate(resolve));
  };
  const check = () => {
    const busy = active().map(({ lane }) => lane);
    expect(new Set(busy).size).toBe(busy.length);
    expect(busy.length).toBeLessThanOrEqual(2);
  };
  await fc.assert(
    fc
      .asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        /** For each key how many runs had begun when it was added last. */
        const owed = new Map<string, number>();
        lanes = lanesOf(2);
        await lanes.start();
        for (const each of steps) {
          if (each.do === 'add') {
            owed.set(`${each.lane} ${each.branch}`, runs.length);
            await add(each.lane, each.branch, now + each.inMs);
          } else if (each.do === 'end') {
            active()[each.which % Math.max(1, active().length)]?.end(each.outcome);
          } else if (each.do === 'wait') {
            now += each.ms;
            lanes.wake();
          } else {
            await lanes.stop(0);
            for (const run of active()) run.ended = true;
            lanes = lanesOf(2);
            await lanes.start();
          }
          await settle();
          check();
        }
        while ((await rows()).length > 0) {
          for (const run of active()) run.end(done);
          now += 60 * minute;
          lanes.wake();
          await settle();
          check();
        }
        for (const [key, before] of owed) {
          expect(runs.slice(before).map(({ lane, branch }) => `${lane} ${branch}`)).toContain(key);
        }
        await lanes.stop(1_000);
      })
      .beforeEach(() => {
        runs = [];
      }),
    { numRuns: 40 },
  );
});
