import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

import { z } from 'zod';

import { startBotProcess, type BotProcess } from '../../demo/bot-process.ts';
import { until } from '../../demo/person.ts';
import { aicProject } from '../../demo/team.ts';
import { mapping, setScene, type Scene } from '../e2e/scene.ts';

/** A scene whose bot is a process that is killed at one boundary, and started again as an operator's service manager would. */
export interface Stage {
  readonly scene: Scene;
  /** From now on boundaries count. */
  arm(): void;
  /** Starts the bot if it does not run, and GitLab's webhook to it once. */
  start(): Promise<void>;
  /** Ends the bot in order, so that what happens next is missed by it. */
  stop(): Promise<void>;
  /** Resolves when the bot has nothing left to do but what it does every now and then. */
  settled(): Promise<void>;
  /** The boundaries that the first process passed since `arm`, in their order. */
  boundaries(): readonly string[];
  /** Whether the bot was killed. */
  wasKilled(): boolean;
  /** What all processes logged. */
  log(): readonly string[];
  close(): Promise<void>;
}

/** How many times as fast the bot's time runs: a lease of 30 s still has some seconds on a busy machine. */
const speed = 8;
const patienceMs = 45_000;
const preload = pathToFileURL(join(import.meta.dirname, 'preload.ts')).href;
const sandboxed = mapping.replace('mapping:\n', 'mapping:\n  sandbox: PIN DEV\n');

const logged = z.object({ message: z.string(), kind: z.string().optional(), outcome: z.string().optional() });

/**
 * @param killAt the number of the boundary, from 1; undefined: the bot is not killed
 */
export async function setStage(killAt: number | undefined): Promise<Stage> {
  const scene = await setScene({ mapping: sandboxed });
  const { world, maintainer, projectId } = scene;
  world.aic.addWorkspace(aicProject, 'PIN DEV');
  await scene.addBranch('sandbox', 'main');
  const port = await freePort();
  const [labels, armed] = [join(world.folder, 'boundaries'), join(world.folder, 'armed')];
  const settings = {
    ...world.settings,
    ...compileCache(),
    PORT: String(port),
    SWEEP_MINUTES: '1',
    CRASH_ARMED: armed,
    CRASH_SPEED: String(speed),
    CRASH_EPOCH: String(Date.now()),
  };
  const logs: (readonly string[])[] = [];
  let bot: BotProcess | undefined;
  let isHooked = false;
  let isFirst = true;
  let killed = false;
  let isOver = false;
  let broken: unknown;
  let restarting: Promise<void> = Promise.resolve();

  /** Runs the bot, and runs it again when it was killed. */
  async function run(): Promise<void> {
    const first = isFirst;
    isFirst = false;
    const crash = first
      ? { CRASH_LABELS: labels, ...(killAt === undefined ? {} : { CRASH_AT: String(killAt) }) }
      : { CRASH_LABELS: `${labels}.later` };
    try {
      const started = await startBotProcess({ ...settings, ...crash }, world.folder, ['--import', preload]);
      logs.push(started.log);
      bot = started;
      void watch(started);
    } catch (error) {
      if (!first || killAt === undefined || !String(error).includes('ended with null')) throw error;
      await restart();
    }
  }

  async function watch({ ended }: BotProcess): Promise<void> {
    if ((await ended) === null) restarting = restart();
  }

  async function restart(): Promise<void> {
    bot = undefined;
    if (isOver) return;
    killed = true;
    await run().catch((error: unknown) => (broken = error));
  }

  const isIdle = () => {
    if (broken !== undefined) throw broken;
    if (bot === undefined || !startJobsOf(bot.log)) return false;
    const now = Number(settings.CRASH_EPOCH) + (Date.now() - Number(settings.CRASH_EPOCH)) * speed;
    return leftToDo(scene, now).length === 0;
  };

  return {
    scene,
    arm: () => writeFileSync(armed, ''),
    start: async () => {
      if (!isHooked) {
        await maintainer.call('POST', `/projects/${projectId}/hooks`, {
          url: `http://127.0.0.1:${port}/webhooks/gitlab`,
          token: world.webhookSecret,
          push_events: true,
          merge_requests_events: true,
          note_events: true,
          resource_access_token_events: true,
        });
      }
      isHooked = true;
      await run();
    },
    stop: async () => {
      await bot?.end('SIGTERM');
      bot = undefined;
    },
    settled: async () => {
      await world.gitlab.deliveriesSettled();
      await until('an idle bot', () => (isIdle() ? true : undefined), patienceMs).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${JSON.stringify(leftToDo(scene, Infinity))}`, { cause: error });
      });
    },
    boundaries: () => (existsSync(labels) ? readFileSync(labels, 'utf8').trimEnd().split('\n') : []),
    wasKilled: () => killed,
    log: () => logs.flat(),
    close: async () => {
      isOver = true;
      // One that is just being started would outlive the stage.
      await restarting;
      await bot?.end('SIGKILL');
      await scene.close();
    },
  };
}

/** Jobs that come again and again. */
const returning = ['check-token', 'sweep', 'clean-up'];

/**
 * What the bot still has to do by its own records: jobs, deliveries, deployments. Jobs that return by themselves, and the retries of what is
 * pending, wait for ever.
 */
function leftToDo(scene: Scene, now: number): readonly unknown[] {
  return scene.rows(`
    select key, status, tries, reason from jobs where not (
      status = 'given-up' or status = 'waiting' and due_at > ${now === Infinity ? 9e15 : now} and (
        json_extract(job_json, '$.kind') in (${returning.map((kind) => `'${kind}'`).join(', ')})
        or json_extract(job_json, '$.kind') = 'deploy' and json_extract(job_json, '$.branch') in
          (select branch from pending where paused = 0)
      )
    )
    union all select id, status, 0, branch from deliveries where status = 'waiting'
    union all select id, status, 0, branch from deployments where status = 'running'`);
}

/** Whether the process has done what each does at its start. */
function startJobsOf(log: readonly string[]): boolean {
  return log.some((line) => {
    const { kind, outcome } = logged.parse(JSON.parse(line));
    return kind === 'check-token' && outcome === 'done';
  });
}

/** A port below those that systems give out by themselves, so that nothing takes it while the bot is down. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer()
        .once('error', () => resolve(false))
        .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

/** Node may keep what it compiled: each case starts the bot twice. */
function compileCache(): Readonly<Record<string, string>> {
  const folder = process.env['CRASH_COMPILE_CACHE'];
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
}
