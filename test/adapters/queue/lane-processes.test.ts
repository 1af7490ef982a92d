import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { until } from '../../../demo/person.ts';
import type { Tables } from '../../../src/adapters/store/tables/schema.ts';
import { openSqlite } from '../../../src/adapters/store/engines/sqlite.ts';
import { createStore } from '../../../src/adapters/store/store.ts';
import type { ProjectId } from '../../../src/domain/shared/ids.ts';

const script = fileURLToPath(new URL('./lane-process.ts', import.meta.url));
const leaseMs = 1_500;
const patienceMs = 25_000;

const effect = z.object({
  lane: z.string(),
  fence: z.number(),
  branch: z.string(),
  step: z.number(),
  pid: z.number(),
});
type Effect = z.infer<typeof effect>;

interface LaneProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly lines: Record<string, unknown>[];
}

let folder: string;
let trace: string;
let db: Kysely<Tables> | undefined;
let children: ChildProcess[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aic-bot-processes-'));
  trace = join(folder, 'trace');
  await writeFile(trace, '');
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await db?.destroy();
  db = undefined;
  await rm(folder, { recursive: true, force: true });
});

const database = () => join(folder, 'bot.db');

function begin(): LaneProcess {
  const child = spawn(process.execPath, [script, database(), trace, String(leaseMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines: Record<string, unknown>[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line)));
  return { child, pid: child.pid ?? 0, lines };
}

async function started(one: LaneProcess): Promise<void> {
  await said(one, 'started');
}

function said({ lines }: LaneProcess, message: string): Promise<unknown> {
  return until(message, () => lines.find((line) => line['message'] === message), patienceMs);
}

async function store() {
  db = await openSqlite(`file:${database()}`);
  return createStore(db, { now: () => Date.now() }, () => {});
}

function effects(): readonly Effect[] {
  const lines = readFileSync(trace, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => effect.parse(JSON.parse(line)));
}

/** What was written into the store on behalf of lanes, in its order. */
async function writes(): Promise<readonly Effect[]> {
  const rows = await db
    ?.selectFrom('requests')
    .select('id')
    .orderBy('rowid' as never)
    .execute();
  return (rows ?? []).map(({ id }) => effect.parse(JSON.parse(id)));
}

function jobOf(lane: number, index: number) {
  const job = {
    kind: 'deploy' as const,
    projectId: 1 as ProjectId,
    branch: `${lane}-${index}`,
    lane: `deploy:1:${lane}`,
  };
  return { job, dueAt: 0 };
}

const lanesNumber = 6;
function jobs(count: number, from = 0) {
  return Array.from({ length: count * lanesNumber }, (_, index) =>
    jobOf(index % lanesNumber, from + Math.floor(index / lanesNumber)),
  );
}

async function allDone(): Promise<void> {
  const left = () => db?.selectFrom('jobs').select('id').execute();
  await until(
    'the end of all jobs',
    async () => ((await left())?.length === 0 ? true : undefined),
    patienceMs,
  );
}

/** Within a lane, what a later lease did comes after what an earlier one did, and the steps of each run are in a row. */
function expectNoOverlap(done: readonly Effect[]): void {
  const last = new Map<string, Effect>();
  for (const each of done) {
    const before = last.get(each.lane);
    if (before?.fence === each.fence) expect(each).toMatchObject({ pid: before.pid, step: before.step + 1 });
    else {
      expect(each.fence).toBeGreaterThan(before?.fence ?? 0);
      expect(each.step).toBe(1);
    }
    last.set(each.lane, each);
  }
}

function expectNothingLost(done: readonly Effect[], all: ReturnType<typeof jobs>): void {
  const whole = new Set(done.filter(({ step }) => step === 5).map(({ branch }) => branch));
  expect([...whole].toSorted()).toEqual(all.map(({ job }) => job.branch).toSorted());
}

function worked(pid: number): boolean {
  return effects().some((each) => each.pid === pid);
}

describe('processes that share a database', () => {
  test('open a new one at the same moment', async () => {
    const all = Array.from({ length: 5 }, begin);
    await Promise.all(all.map(started));
  });

  test('do every job of every lane, and never two of one lane at once', async () => {
    const all = jobs(6);
    await (await store()).add(...all);
    const both = [begin(), begin()];
    await Promise.all(both.map(started));
    await allDone();
    expectNoOverlap(effects());
    expectNothingLost(effects(), all);
    expect(effects()).toHaveLength(5 * all.length);
    for (const { pid } of both) expect(worked(pid)).toBe(true);
  });

  test('take over from one that was killed, at once on the same host', async () => {
    const all = jobs(6);
    await (await store()).add(...all);
    const [killed, other] = [begin(), begin()];
    await Promise.all([killed, other].map(started));
    await until('work of the one', () => (worked(killed.pid) ? true : undefined), patienceMs);
    killed.child.kill('SIGKILL');
    await once(killed.child, 'exit');
    await allDone();
    expectNoOverlap(effects());
    expectNothingLost(effects(), all);
    expect(other.lines).toContainEqual(
      expect.objectContaining({ message: 'freed a lane', pid: killed.pid, why: 'ended' }),
    );
  });

  test('take over from one that is paused, which writes nothing when it goes on', async () => {
    const all = jobs(6);
    const jobsIn = await store();
    await jobsIn.add(...all);
    const [paused, other] = [begin(), begin()];
    await Promise.all([paused, other].map(started));
    await until('work of the one', () => (worked(paused.pid) ? true : undefined), patienceMs);
    paused.child.kill('SIGUSR2');
    await allDone();
    expectNothingLost(effects(), all);
    expect(other.lines).toContainEqual(
      expect.objectContaining({ message: 'freed a lane', pid: paused.pid, why: 'no sign of life' }),
    );
    const before = { effects: effects().length, writes: (await writes()).length };
    paused.child.kill('SIGCONT');
    await said(paused, 'job cut off: its lane was lost, another process runs it again');
    expect({ effects: effects().length, writes: (await writes()).length }).toEqual(before);
    expectNoOverlap(effects());
    expectNoOverlap(await writes());
    const more = jobs(2, 6);
    await jobsIn.add(...more);
    await allDone();
    expectNoOverlap(effects());
    expectNothingLost(effects(), [...all, ...more]);
  });
});
