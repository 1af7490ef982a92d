import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { serve, type ServerType } from '@hono/node-server';
import { z } from 'zod';

import { personAt, until, type Person } from '../../demo/person.ts';
import { startWorld, type World } from '../../demo/world.ts';
import { createLog } from '../../src/adapters/log.ts';
import { parseConfig, secretsIn } from '../../src/config.ts';
import type { Clock } from '../../src/domain/shared/clock.ts';
import { createMask } from '../../src/domain/secrets/mask.ts';
import { configPath } from '../../src/domain/pipeline/config-path.ts';
import { createNodeBot, type Bot } from '../../src/runtime/node-bot.ts';

export const aicProject = 'PIN ANALYTICS';

/** A bot in this process, listening on a real socket, with short pauses between tries. */
interface RunningBot {
  readonly url: string;
  readonly log: readonly string[];
  stop(): Promise<void>;
}

/** A project with its people, on the demo's servers. */
export interface Scene {
  readonly world: World;
  readonly projectId: number;
  readonly maintainer: Person;
  addBranch(branch: string, from: string): Promise<void>;
  /**
   * @param timeoutMs after how long a call counts as not answered; usually as in real life
   * @param retryMs for how long a call is tried again
   */
  start(
    settings?: Readonly<Record<string, string>>,
    timeoutMs?: number,
    retryMs?: number,
  ): Promise<RunningBot>;
  /** Commits to a branch as git does, without a webhook. */
  commit(branch: string, files: Readonly<Record<string, string | null>>): Promise<string>;
  /** Commits over GitLab's API, which reports a push. */
  push(branch: string, files: Readonly<Record<string, string>>): Promise<string>;
  /** Takes the webhooks away, so that the test can tell what happened in its own order. */
  silence(): Promise<void>;
  /** Sends a bot an event, of the project unless it names another. */
  deliver(bot: RunningBot, event: Readonly<Record<string, unknown>>): Promise<void>;
  /** The bots' clock, in milliseconds since 1970. */
  now(): number;
  /** Moves the bots' clock ahead and makes them look at it. */
  advance(ms: number): Promise<void>;
  /** Waits until the bot's sweep is over, and everything is done that can be done within the minute. */
  settle(): Promise<void>;
  /** What a query of the last bot's database finds. */
  rows(query: string): readonly unknown[];
  /** Opens a merge request with these files into the branch and returns its number. */
  open(target: string, files: Readonly<Record<string, string | null>>): Promise<number>;
  merge(iid: number): Promise<void>;
  /** The bot's comments on the merge request, oldest first, without its plan, which comes and goes with each commit. */
  comments(iid: number): Promise<readonly string[]>;
  /** The comments that show its plan. */
  plans(iid: number): Promise<readonly string[]>;
  /** The bot's comment that fits, as soon as it is there. */
  comment(iid: number, fits: (body: string) => boolean): Promise<string>;
  close(): Promise<void>;
}

const note = z.object({ body: z.string(), system: z.boolean(), author: z.object({ username: z.string() }) });
const patienceMs = 30_000;

export const mapping = `mapping:
  main: PIN PROD
  develop: PIN QA
  team-a/*: PIN TEAM A
aic:
  project: ${aicProject}
`;

/** Sets up the project `pin/pipelines` with `main` and `develop`, the mapping and the workspaces. */
export async function setScene(
  options: { readonly mapping?: string | undefined } = { mapping },
): Promise<Scene> {
  const world = await startWorld();
  const { gitlab, aic } = world;
  const user = gitlab.addUser({ username: 'omar', name: 'Omar Reyes' });
  const project = await gitlab.addProject('pin/pipelines', { defaultBranch: 'main' });
  gitlab.addMember(project.id, user.id, 40);
  gitlab.addMember(project.id, world.bot.id, 40);
  aic.addProject(aicProject);
  for (const workspace of ['PIN PROD', 'PIN QA', 'PIN TEAM A']) aic.addWorkspace(aicProject, workspace);
  const first = options.mapping === undefined ? {} : { 'branch_to_workspace.yaml': options.mapping };
  await gitlab.commitFiles(project.id, 'main', 'Begin', { 'README.md': 'Pipelines\n', ...first });
  const maintainer = personAt(gitlab.url, user.token);
  const path = `/projects/${project.id}`;
  const addBranch = async (branch: string, from: string) => {
    const query = `branch=${encodeURIComponent(branch)}&ref=${encodeURIComponent(from)}`;
    await maintainer.call('POST', `${path}/repository/branches?${query}`);
  };
  await addBranch('develop', 'main');
  const bots = new Set<RunningBot>();
  let sources = 0;
  let lastPort = 0;
  let ahead = 0;
  const clock = { now: () => Date.now() + ahead };

  const deliver = async (bot: RunningBot, event: Readonly<Record<string, unknown>>) => {
    const body = { project: { id: project.id, path_with_namespace: 'pin/pipelines' }, ...event };
    const headers = { 'x-gitlab-token': world.webhookSecret, 'webhook-id': crypto.randomUUID() };
    await fetch(`${bot.url}/webhooks/gitlab`, { method: 'POST', headers, body: JSON.stringify(body) });
  };

  const rows = (query: string): readonly unknown[] => {
    // What a killed bot left behind is taken up by the next one, which locks the file meanwhile.
    const file = new DatabaseSync(join(world.folder, 'aic-bot.db'), { readOnly: true, timeout: 5_000 });
    try {
      return file
        .prepare(query)
        .all()
        .map((row) => ({ ...row }));
    } finally {
      file.close();
    }
  };

  const advance = async (ms: number) => {
    ahead += ms;
    // A branch that nothing else touches: its delivery makes the lanes look for due work.
    for (const bot of bots) {
      await deliver(bot, { object_kind: 'push', ref: 'refs/heads/untouched', before: '', after: '' });
    }
  };

  const allComments = async (iid: number) => {
    const all = await maintainer.call('GET', `${path}/merge_requests/${iid}/notes?sort=asc&per_page=100`);
    return z
      .array(note)
      .parse(all)
      .flatMap(({ author, body, system }) => (author.username === 'aic-bot' && !system ? [body] : []));
  };
  const isPlan = (body: string) => body.startsWith('<!-- aic-bot:plan');
  const comments = async (iid: number) => (await allComments(iid)).filter((body) => !isPlan(body));
  const plans = async (iid: number) => (await allComments(iid)).filter(isPlan);
  return {
    world,
    addBranch,
    projectId: project.id,
    maintainer,
    start: async (settings = {}, timeoutMs?: number, retryMs = 500) => {
      // The webhook is the same after a restart.
      const port = bots.size === 0 ? lastPort : 0;
      // Looking for drift calls AIC: tests that are about it ask for it.
      const usual = { ...world.settings, DRIFT_MINUTES: '0' };
      const bot = await startBot({ ...usual, ...settings }, clock, { port, timeoutMs, retryMs });
      const running = {
        ...bot,
        stop: () => {
          bots.delete(running);
          return bot.stop();
        },
      };
      bots.add(running);
      lastPort = Number(new URL(bot.url).port);
      const url = `${bot.url}/webhooks/gitlab`;
      const hooks = z
        .array(z.object({ url: z.string() }))
        .parse(await maintainer.call('GET', `${path}/hooks`));
      if (hooks.some((hook) => hook.url === url)) return running;
      await maintainer.call('POST', `${path}/hooks`, {
        url,
        token: world.webhookSecret,
        push_events: true,
        merge_requests_events: true,
        note_events: true,
        confidential_note_events: true,
        resource_access_token_events: true,
      });
      return running;
    },
    commit: (branch, files) =>
      gitlab.commitFiles(project.id, branch, 'Change pipelines', files, { hooks: false }),
    push: async (branch, files) => {
      const actions = Object.entries(files).map(([file, content]) => ({
        action: 'create',
        file_path: file,
        content,
      }));
      const commit = { branch, commit_message: 'Push', actions };
      const made = await maintainer.call('POST', `${path}/repository/commits`, commit);
      await gitlab.deliveriesSettled();
      return z.object({ id: z.string() }).parse(made).id;
    },
    now: clock.now,
    advance,
    silence: async () => {
      const hooks = z
        .array(z.object({ id: z.number() }))
        .parse(await maintainer.call('GET', `${path}/hooks`));
      for (const { id } of hooks) await maintainer.call('DELETE', `${path}/hooks/${id}`);
    },
    deliver,
    settle: async () => {
      const isSwept = () =>
        rows(`select 1 from jobs where key = 'sweep' and due_at > ${clock.now()}`).length > 0;
      await until('the end of the sweep', () => isSwept() || undefined, patienceMs);
      // Besides what always waits, and what moves the clock.
      const left = (
        due: string,
      ) => `select 1 from jobs where status <> 'given-up' and job_json ->> 'kind' not in ('check-token', 'sweep', 'clean-up')
        and job_json ->> 'branch' is not 'untouched' and due_at ${due}`;
      const isOver = async () => {
        await gitlab.deliveriesSettled();
        if (rows(left(`< ${clock.now() + 60_000}`)).length === 0) return true;
        // What webhooks led to meanwhile waits for a quarter of a minute.
        if (rows(left(`<= ${clock.now()}`)).length === 0) await advance(16_000);
        return undefined;
      };
      await advance(16_000);
      await until('the end of all jobs', isOver, patienceMs);
    },
    rows,
    open: async (target, files) => {
      sources += 1;
      const source = `work/${sources}`;
      await addBranch(source, target);
      await gitlab.commitFiles(project.id, source, 'Change pipelines', files);
      const opened = await maintainer.call('POST', `${path}/merge_requests`, {
        source_branch: source,
        target_branch: target,
        title: `Change ${sources}`,
      });
      return z.object({ iid: z.number() }).parse(opened).iid;
    },
    merge: async (iid) => {
      await maintainer.call('PUT', `${path}/merge_requests/${iid}/merge`);
    },
    comments,
    plans,
    comment: (iid, fits) =>
      until(
        `a comment on !${iid}`,
        async () => (await allComments(iid)).find((body) => fits(body)),
        patienceMs,
      ),
    close: async () => {
      await Promise.all([...bots].map((bot) => bot.stop()));
      await world.close();
    },
  };
}

/** Whether a comment tells of an ended deployment. */
export function isFinal(body: string): boolean {
  return body.includes('aic-bot:deployment:') && !body.includes('⏳');
}

/** A config file with one SQL task. */
export function sqlFile(name: string, query: string): Readonly<Record<string, string>> {
  return { [configPath(name)]: `${JSON.stringify({ title: name, ...sqlContent(query) }, null, 2)}\n` };
}

/** The content of a pipeline with one SQL task. */
export function sqlContent(query: string) {
  return {
    variables: [{ id: 'QA', value: 'False' }],
    sourceStage: {},
    stages: [
      {
        stageId: 's',
        description: '',
        tasks: [{ id: 't', type: 'SQL', description: '', config: { query } }],
      },
    ],
    sinkStage: {},
  };
}

async function startBot(
  settings: Readonly<Record<string, string>>,
  clock: Clock,
  {
    port: wantedPort,
    timeoutMs,
    retryMs,
  }: { readonly port: number; readonly timeoutMs: number | undefined; readonly retryMs: number },
): Promise<RunningBot> {
  const config = parseConfig(settings);
  if (!config.ok) throw new Error(JSON.stringify(config.failure));
  const mask = createMask(secretsIn(config.value));
  const log: string[] = [];
  const bot: Bot = await createNodeBot(config.value, {
    clock,
    random: Math.random,
    log: createLog({ level: 'debug', clock, mask, write: (line) => void log.push(line) }),
    mask,
    retry: { firstPauseMs: 5, longestPauseMs: 20, totalMs: retryMs },
    breaking: { afterFailures: 10, pauseMs: 50 },
    // A bot whose clock is moved ahead has not been paused.
    leaseMs: 30 * 24 * 60 * 60_000,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  await bot.start();
  let server: ServerType | undefined;
  const port = await new Promise<number>((resolve) => {
    const listening = { fetch: bot.app.fetch, port: wantedPort, hostname: '127.0.0.1' };
    server = serve(listening, (info) => resolve(info.port));
  });
  let stopped: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    log,
    stop: () =>
      (stopped ??= (async () => {
        server?.close();
        await bot.stop(5_000);
      })()),
  };
}
