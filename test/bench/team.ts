import { z } from 'zod';

import { startBotProcess, type BotProcess } from '../../demo/bot-process.ts';
import { personAt, until } from '../../demo/person.ts';
import { startWorld, type World } from '../../demo/world.ts';
import { isFinal, sqlContent, sqlFile } from '../e2e/scene.ts';

export const aicProject = 'DATA';
export const workspace = 'DATA QA';
const patienceMs = 300_000;

/** One project on the demo's servers, with a bot in a process of its own. */
export interface Team {
  readonly world: World;
  readonly projectId: number;
  /** Opens a merge request that gives these pipelines another content, and waits until the bot has nothing more to do. */
  open(names: readonly string[]): Promise<number>;
  /** Merges with this latency, and waits for the bot's last word. */
  merge(iid: number, latencyMs: number): Promise<Worked>;
  /** Writes a command into an issue with this latency, and waits for the bot's last word. */
  command(line: string, latencyMs: number): Promise<Worked>;
  close(): Promise<void>;
}

/** What it took, from the webhook to the last comment. */
export interface Worked {
  readonly ms: number;
  readonly gitlab: number;
  readonly aic: number;
  /** Calls that write, of both. */
  readonly writing: number;
  /** What the servers themselves needed for one call on average, in milliseconds. */
  readonly serverMs: number;
}

const note = z.object({ body: z.string(), author: z.object({ username: z.string() }) });
let versions = 0;

/** The content of a pipeline, another one for each version. */
export function content(version: number) {
  return sqlContent(queryOf(version));
}

function queryOf(version: number): string {
  return `select ${version} as version, '${'x'.repeat(200)}' as filling from daily_load`;
}

export function namesOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `Pipeline ${index}`);
}

function filesOf(names: readonly string[], version: number): Readonly<Record<string, string>> {
  return Object.assign({}, ...names.map((name) => sqlFile(name, queryOf(version))));
}

/** Sets up a project whose branch `develop` and its workspace hold these pipelines. */
export async function startTeam(
  names: readonly string[],
  options: { readonly database?: string; readonly inGit?: boolean } = {},
): Promise<Team> {
  const world = await startWorld();
  const { gitlab, aic } = world;
  const user = gitlab.addUser({ username: 'omar', name: 'Omar Reyes' });
  const project = await gitlab.addProject('pin/pipelines', { defaultBranch: 'main' });
  gitlab.addMember(project.id, user.id, 40);
  gitlab.addMember(project.id, world.bot.id, 40);
  aic.addProject(aicProject);
  aic.addWorkspace(aicProject, workspace);
  for (const name of names) aic.putPipeline(aicProject, workspace, name, content(0));
  const maintainer = personAt(gitlab.url, user.token);
  const path = `/projects/${project.id}`;
  const mapping = `mapping:\n  develop: ${workspace}\naic:\n  project: ${aicProject}\n`;
  const first = { 'README.md': 'Pipelines\n', 'branch_to_workspace.yaml': mapping };
  await gitlab.commitFiles(project.id, 'main', 'Begin', first);
  await maintainer.call('POST', `${path}/repository/branches?branch=develop&ref=main`);
  if (options.inGit !== false)
    await gitlab.commitFiles(project.id, 'develop', 'Add pipelines', filesOf(names, 0));
  const settings = {
    ...world.settings,
    DRIFT_MINUTES: '0',
    ...(options.database === undefined ? {} : { DATABASE_URL: options.database }),
  };
  const bot: BotProcess = await startBotProcess(settings, world.folder);
  await maintainer.call('POST', `${path}/hooks`, {
    url: `${bot.url}/webhooks/gitlab`,
    token: world.webhookSecret,
    push_events: true,
    merge_requests_events: true,
    note_events: true,
  });
  const issue = z
    .object({ iid: z.number() })
    .parse(await maintainer.call('POST', `${path}/issues`, { title: 'Commands' }));

  /** The bot has nothing to do while nobody calls. */
  const quiet = async () => {
    await gitlab.deliveriesSettled();
    const calls = () => gitlab.calls.length + aic.calls.length;
    let [last, since] = [calls(), performance.now()];
    await until(
      'an idle bot',
      () => {
        if (calls() !== last) [last, since] = [calls(), performance.now()];
        return performance.now() - since > 700 || undefined;
      },
      patienceMs,
    );
  };
  const comments = async (on: string) => {
    const all = await maintainer.call('GET', `${path}/${on}/notes?sort=asc&per_page=100`);
    return z
      .array(note)
      .parse(all)
      .flatMap(({ author, body }) => (author.username === 'aic-bot' ? [body] : []));
  };
  /** Measures from `act` to the answer of the call that wrote the last comment. */
  const measure = async (
    on: string,
    latencyMs: number,
    act: () => Promise<unknown>,
    isLast: (body: string) => boolean,
  ): Promise<Worked> => {
    await quiet();
    const [gitlabBefore, aicBefore] = [gitlab.calls.length, aic.calls.length];
    for (const server of [gitlab, aic]) server.setLatency(latencyMs);
    const before = (await comments(on)).length;
    await act();
    const began = Date.now();
    await until(
      'the last comment',
      async () => (await comments(on)).slice(before).some(isLast) || undefined,
      patienceMs,
    );
    const isNote = /\/notes(\/\d+)?$/;
    const written = gitlab.calls.findLast(({ method, path: at }) => method !== 'GET' && isNote.test(at));
    const ended = (written?.at ?? began) + (written?.ms ?? 0);
    for (const server of [gitlab, aic]) server.setLatency(0);
    await quiet();
    const own = ({ path: at, query }: { readonly path: string; readonly query: string }) =>
      !at.endsWith('/merge') && !query.includes('sort=asc');
    const called = gitlab.calls.slice(gitlabBefore).filter(own);
    const aicCalled = aic.calls.slice(aicBefore);
    const all = [...called, ...aicCalled].filter(({ at }) => at <= ended);
    const serverMs = all.reduce((sum, { ms }) => sum + ms - latencyMs, 0) / all.length;
    const writing = [...called, ...aicCalled].filter(
      ({ method, path: at }) => method !== 'GET' && !/notes|award|statuses|deployments/.test(at),
    ).length;
    return { ms: ended - began, gitlab: called.length, aic: aicCalled.length, writing, serverMs };
  };

  await quiet();
  return {
    world,
    projectId: project.id,
    open: async (changed) => {
      versions += 1;
      const source = `work/${versions}`;
      await maintainer.call(
        'POST',
        `${path}/repository/branches?branch=${encodeURIComponent(source)}&ref=develop`,
      );
      await gitlab.commitFiles(project.id, source, 'Change pipelines', filesOf(changed, versions));
      const opened = await maintainer.call('POST', `${path}/merge_requests`, {
        source_branch: source,
        target_branch: 'develop',
        title: `Change ${versions}`,
      });
      await quiet();
      return z.object({ iid: z.number() }).parse(opened).iid;
    },
    merge: (iid, latencyMs) => {
      const on = `merge_requests/${iid}`;
      return measure(on, latencyMs, () => maintainer.call('PUT', `${path}/${on}/merge`), isFinal);
    },
    command: (line, latencyMs) => {
      const on = `issues/${issue.iid}`;
      const isLast = (body: string) => !body.includes('⏳');
      return measure(
        on,
        latencyMs,
        () => maintainer.call('POST', `${path}/${on}/notes`, { body: line }),
        isLast,
      );
    },
    close: async () => {
      await bot.end('SIGTERM');
      await world.close();
    },
  };
}
