import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

import { z } from 'zod';

import { startBotProcess, type BotProcess } from '../../demo/bot-process.ts';
import { until } from '../../demo/person.ts';
import { aicProject } from '../../demo/team.ts';
import type { Job } from '../../src/domain/jobs/job.ts';
import { mapping, setScene, type Scene } from '../e2e/scene.ts';
import { isEnd, type Stop } from './stop.ts';

/** A scene whose bot is a process that is stopped at boundaries, and started again as an operator's service manager would. */
export interface Stage {
  readonly scene: Scene;
  /** From now on boundaries count. */
  arm(): void;
  /** Starts the bot if it does not run, and GitLab's webhook to it once. */
  start(): Promise<void>;
  /** Ends the bot in order, so that what happens next is missed by it. */
  stop(): Promise<void>;
  /** Resolves when the bot has nothing left to do but what it does every now and then, and jobs of these kinds. */
  settled(besides?: readonly Job['kind'][]): Promise<void>;
  /** The boundaries that were passed since `arm` up to the first stop, in their order. */
  boundaries(): readonly string[];
  /** How many stops came to pass. */
  stopsPassed(): number;
  /** What all processes logged. */
  log(): readonly string[];
  close(): Promise<void>;
}

/** How many times as fast the bot's time runs: a lease of 30 s still has some seconds on a busy machine. */
const speed = 8;
const patienceMs = 90_000;
const longestMs = 250_000;
const preload = pathToFileURL(join(import.meta.dirname, 'preload.ts')).href;
const sandboxed = mapping.replace('mapping:\n', 'mapping:\n  sandbox: PIN DEV\n');

const logged = z.object({ message: z.string(), kind: z.string().optional(), outcome: z.string().optional() });

/** How a stage is set. */
export interface StageOptions {
  /** The stops, one after the other. */
  readonly stops: readonly Stop[];
  /** Calls to AIC at once. */
  readonly atOnce: number;
  readonly settings?: Readonly<Record<string, string>>;
}

export async function setStage({ stops, atOnce, settings: own = {} }: StageOptions): Promise<Stage> {
  const scene = await setScene({ mapping: sandboxed });
  const { world, maintainer, projectId } = scene;
  world.aic.addWorkspace(aicProject, 'PIN DEV');
  await scene.addBranch('sandbox', 'main');
  const port = await freePort();
  const [labels, armed] = [join(world.folder, 'boundaries'), join(world.folder, 'armed')];
  const stopped = (index: number) => join(world.folder, `stopped-${index}`);
  const settings = {
    ...world.settings,
    ...compileCache(),
    PORT: String(port),
    SWEEP_MINUTES: '1',
    AIC_CONCURRENCY: String(atOnce),
    ...own,
    CRASH_ARMED: armed,
    CRASH_SPEED: String(speed),
    CRASH_EPOCH: String(Date.now()),
  };
  const logs: (readonly string[])[] = [];
  /** The process that has the port. */
  let bot: BotProcess | undefined;
  let isHooked = false;
  let isOver = false;
  let broken: unknown;
  /** What is done about stops. */
  const following: Promise<void>[] = [];

  const passedStops = () => stops.filter((_, index) => existsSync(stopped(index))).length;

  const begin = async (changes: Readonly<Record<string, string>> = {}): Promise<BotProcess> => {
    const index = passedStops();
    const stop = stops[index];
    const crash = {
      CRASH_LABELS: index === 0 ? labels : `${labels}.later`,
      ...(stop === undefined
        ? {}
        : { CRASH_AT: String(stop.at), CRASH_KIND: stop.kind, CRASH_STOPPED: stopped(index) }),
    };
    const started = await startBotProcess({ ...settings, ...crash, ...changes }, world.folder, [
      '--import',
      preload,
    ]);
    logs.push(started.log);
    return started;
  };

  /** Runs the bot, and again where it was stopped before it listened. */
  const run = async (): Promise<void> => {
    for (;;) {
      const before = passedStops();
      try {
        const started = await begin();
        bot = started;
        if (stops[before] !== undefined) follow(started, before);
        return;
      } catch (error) {
        if (passedStops() === before) throw error;
      }
    }
  };

  /** Waits for the stop of a process and does what an operator's service manager would. */
  const follow = (started: BotProcess, index: number): void => {
    const after = async () => {
      const kind = stops[index]?.kind;
      if (kind === undefined) return;
      if (isEnd(kind)) {
        await started.ended;
        if (isOver || !existsSync(stopped(index))) return;
        bot = undefined;
        await run();
        return;
      }
      const isThere = () => isOver || existsSync(stopped(index)) || undefined;
      await until('the stop', isThere, longestMs);
      if (isOver || kind !== 'SIGSTOP') return;
      // The sweep of another process is what takes the paused one's lanes.
      const other = await begin({ PORT: '0' });
      await until('the work of the other', () => isOver || isIdle(other) || undefined, patienceMs);
      process.kill(started.pid, 'SIGCONT');
      await other.end('SIGTERM');
    };
    following.push(after().catch((error: unknown) => void (broken ??= error)));
  };

  const now = () => Number(settings.CRASH_EPOCH) + (Date.now() - Number(settings.CRASH_EPOCH)) * speed;
  const isIdle = ({ log }: BotProcess, besides: readonly string[] = []) =>
    startJobsOf(log) && leftToDo(scene, now(), besides).length === 0;
  const isQuiet = (besides: readonly string[]) => {
    if (broken !== undefined) throw broken;
    return bot !== undefined && isIdle(bot, besides);
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
      const ending = bot;
      bot = undefined;
      await ending?.end('SIGTERM');
    },
    settled: async (besides = []) => {
      await world.gitlab.deliveriesSettled();
      await until('an idle bot', () => (isQuiet(besides) ? true : undefined), patienceMs).catch(
        (error: unknown) => {
          throw new Error(`${String(error)}: ${JSON.stringify(leftToDo(scene, Infinity))}`, { cause: error });
        },
      );
    },
    boundaries: () => (existsSync(labels) ? readFileSync(labels, 'utf8').trimEnd().split('\n') : []),
    stopsPassed: passedStops,
    log: () => logs.flat(),
    close: async () => {
      isOver = true;
      // A paused process ends by nothing else, and one that is just being started would outlive the stage.
      await bot?.end('SIGKILL');
      for (const one of following) {
        await one;
        await bot?.end('SIGKILL');
      }
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
function leftToDo(scene: Scene, now: number, besides: readonly string[] = []): readonly unknown[] {
  const listed = (kinds: readonly string[]) => kinds.map((kind) => `'${kind}'`).join(', ');
  return scene.rows(`
    select key, status, tries, reason from jobs where not (
      status = 'given-up' or json_extract(job_json, '$.kind') in (${listed(besides)}) or status = 'waiting' and due_at > ${now === Infinity ? 9e15 : now} and (
        json_extract(job_json, '$.kind') in (${listed(returning)})
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
