import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';

import { startBotProcess, type BotProcess } from '../../demo/bot-process.ts';
import type { Fault } from '../../demo/fault.ts';
import { freePort } from '../../demo/free-port.ts';
import { startWorld, type World } from '../../demo/world.ts';
import { deeds, moments, troubles, type Trouble } from './load.ts';
import { buildTown, quiet, townWorkspaces } from './town.ts';

export interface SoakOptions {
  readonly projects: number;
  /** How long people are at work. */
  readonly seconds: number;
  /** On average. */
  readonly deedsPerSecond: number;
  readonly seed: number;
  readonly print: (line: string) => void;
}

export interface SoakResult {
  /** What is not as it should be at the end. */
  readonly problems: readonly string[];
  readonly merges: number;
  readonly commands: number;
  readonly troubles: number;
  readonly kills: number;
  readonly deliveries: { readonly accepted: number; readonly finished: number };
  /** Of the bot's process, in MiB, over the run. */
  readonly memory: readonly number[];
}

const kills = [0.4, 0.7];
const betweenTroublesMs = 2_500;
const downMs = 1_500;
/** GitLab sends five deliveries of a webhook again in a minute, and a push waits for its merge. */
const patienceMs = 480_000;

/** Of so small a heap nothing is left where anything leaks; with more, Node collects when it likes. */
const flags = ['--max-old-space-size=96'];

/** Lets people work in many projects at once while everything around the bot fails now and then, and looks whether all of it was done. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { projects, seconds, deedsPerSecond, seed, print } = options;
  const world = await startWorld();
  const settings = {
    ...world.settings,
    AIC_WORKSPACES: townWorkspaces,
    PORT: String(await freePort()),
    SWEEP_MINUTES: '0.2',
    LOG_LEVEL: 'info',
  };
  let bot: BotProcess | undefined;
  const memory: number[] = [];
  const samples = setInterval(() => memory.push(residentMiB(bot)), 1_000);
  try {
    const town = await buildTown(world, projects);
    bot = await startBotProcess(settings, world.folder, flags);
    await town.connect(bot.url);
    print(`${projects} projects are set up`);

    const totalMs = seconds * 1_000;
    const plan = deeds(Math.round(seconds * deedsPerSecond), projects, seed);
    const starts = moments(plan.length, totalMs);
    const mishaps = troubles(Math.floor(totalMs / betweenTroublesMs), seed);
    const began = performance.now();
    const at = async (ms: number) => pause(Math.max(0, began + ms - performance.now()));
    const killing = (async () => {
      for (const share of kills) {
        await at(share * totalMs);
        await bot?.end('SIGKILL');
        print(`killed after ${Math.round(share * seconds)} s, with ${waiting(world).length} jobs unfinished`);
        await pause(downMs);
        bot = await startBotProcess(settings, world.folder, flags);
      }
    })();
    const failing = (async () => {
      for (const [index, trouble] of mishaps.entries()) {
        await at(index * betweenTroublesMs);
        make(world, trouble);
      }
    })();
    const working = plan.map(async (deed, index) => {
      await at(starts[index] ?? 0);
      await town.act(deed, index);
    });
    await Promise.all([...working, killing, failing]);
    world.gitlab.clearFaults();
    world.aic.clearFaults();
    world.mail.refuse(false);
    await world.gitlab.deliveriesSettled();
    print(`${plan.length} deeds done; waiting for the bot, which has ${waiting(world).length} jobs`);
    await quiet(() => waiting(world), patienceMs);
    return {
      problems: [...(await town.audit()), ...lost(world)],
      merges: town.houses.reduce((sum, house) => sum + house.merges, 0),
      commands: town.houses.reduce((sum, house) => sum + house.commands.length, 0),
      troubles: mishaps.length,
      kills: kills.length,
      deliveries: countDeliveries(world),
      memory,
    };
  } finally {
    clearInterval(samples);
    await bot?.end('SIGKILL');
    await world.close();
  }
}

function make({ gitlab, aic, mail, bot }: World, { system, fault, times }: Trouble): void {
  switch (system) {
    case 'GitLab':
      gitlab.inject({ token: bot.token, times, fault: faults[fault] });
      return;
    case 'AIC':
      aic.inject({ times, fault: faults[fault] });
      return;
    case 'mail':
      mail.refuse(true);
      setTimeout(() => mail.refuse(false), betweenTroublesMs / 2);
  }
}

const faults: Readonly<Record<Trouble['fault'], Fault>> = {
  'status 500': { kind: 'status', status: 500 },
  'status 429': { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
  'after work': { kind: 'status-after-work', status: 502 },
  reset: { kind: 'reset' },
  'half body': { kind: 'half-body' },
  html: { kind: 'html' },
};

function query(world: World, sql: string): readonly Record<string, unknown>[] {
  const file = new DatabaseSync(join(world.folder, 'aic-bot.db'), { readOnly: true });
  try {
    return file.prepare(sql).all();
  } finally {
    file.close();
  }
}

/** What is left to do besides what comes again and again. */
function waiting(world: World): readonly unknown[] {
  return query(
    world,
    `select job_json from jobs where status <> 'given-up'
      and not (status = 'waiting' and key in ('check-token', 'sweep', 'clean-up'))`,
  );
}

function countDeliveries(world: World): SoakResult['deliveries'] {
  const count = (where: string) =>
    Number(query(world, `select count(*) as n from deliveries where ${where}`)[0]?.['n']);
  return { accepted: count('true'), finished: count(`status = 'finished'`) };
}

/** What GitLab was told that the bot has, and what was given up. */
function lost(world: World): readonly string[] {
  const kept = new Set(query(world, 'select id from deliveries').map(({ id }) => String(id)));
  const missing = world.gitlab.deliveries.filter(
    ({ status, idempotencyKey, event, body }) =>
      status === 202 && event !== 'Note Hook' && !kept.has(idempotencyKey) && isUsed(event, body),
  );
  const { accepted, finished } = countDeliveries(world);
  return [
    ...missing.map(({ event, idempotencyKey }) => `${event} ${idempotencyKey} was accepted and is not kept`),
    ...(accepted === finished ? [] : [`${accepted - finished} accepted deliveries are not finished`]),
    ...query(world, `select key, reason from jobs where status = 'given-up'`).map(
      ({ key, reason }) => `gave up ${String(key)}: ${String(reason)}`,
    ),
  ];
}

/** Whether the bot keeps such a delivery: of merge requests only their merges. */
function isUsed(event: string, body: string): boolean {
  return event === 'Push Hook' || (event === 'Merge Request Hook' && body.includes('"action":"merge"'));
}

/** The memory of a process on Linux; 0 elsewhere, and where there is none. */
function residentMiB(bot: BotProcess | undefined): number {
  try {
    const status = readFileSync(`/proc/${bot?.pid}/status`, 'utf8');
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}

/** The bot keeps its port when it is started again. */
