import { availableParallelism } from 'node:os';

import PQueue from 'p-queue';
import { z } from 'zod';

import { configPath } from '../../src/domain/pipeline/config-path.ts';
import { aicProject, content, workspace, type Team } from './team.ts';

/*
 * The calls that the Python library makes for the same work, in its order: it reads each pipeline in a pool of threads, and does the rest one after the
 * other. Its mistakes are left out.
 */

interface Called {
  readonly ms: number;
  readonly gitlab: number;
  readonly aic: number;
  readonly writing: number;
}

const identified = z.array(z.object({ $id: z.string(), name: z.string() }));
const listed = z.object({ jobs: z.array(z.object({ $id: z.string(), title: z.string() })) });

/** Deploys `changed` of the `names` that the workspace holds. */
export async function libraryDeploys(
  team: Team,
  names: readonly string[],
  changed: readonly string[],
  latencyMs: number,
): Promise<Called> {
  return measured(team, latencyMs, async ({ gitlab, aic }) => {
    const place = await begin(team, { gitlab, aic });
    for (const name of names) await gitlab('GET', rawFile(name));
    for (const name of changed) {
      const known = place.ids.get(name);
      await aic('POST', place.path, { $id: known, title: name, ...content(Date.now() % 1_000_000) });
    }
  });
}

/** Pushes these pipelines of the workspace, with one code file each, in one commit per file. */
export async function libraryPushes(
  team: Team,
  names: readonly string[],
  latencyMs: number,
): Promise<Called> {
  return measured(team, latencyMs, async ({ gitlab, aic }) => {
    await begin(team, { gitlab, aic });
    for (const name of names)
      for (const path of [configPath(name), `code/${name}/1 t.sql`]) {
        const body = { branch: 'develop', commit_message: `Add ${name}`, content: `${name} ${Date.now()}` };
        const made = await gitlab('POST', file(path), body);
        if (made === undefined) await gitlab('PUT', file(path), body);
      }
  });
}

type Call = (method: string, path: string, body?: object) => Promise<unknown>;

/** Looks up project, workspace and pipelines, and reads every pipeline. */
async function begin(team: Team, { gitlab, aic }: { readonly gitlab: Call; readonly aic: Call }) {
  for (const path of [
    '',
    '/repository/files/branch_to_workspace.yaml/raw?ref=main',
    '/repository/branches/develop',
  ])
    await gitlab('GET', path);
  for (let call = 0; call < 2; call += 1) await gitlab('GET', '');
  const project = found(identified.parse(await aic('GET', '/projects')), aicProject);
  const inside = found(identified.parse(await aic('GET', `/projects/${project}/workspaces`)), workspace);
  const path = `/projects/${project}/workspaces/${inside}/jobs`;
  const { jobs } = listed.parse(await aic('GET', path));
  const threads = new PQueue({ concurrency: Math.min(32, availableParallelism() + 4) });
  await Promise.all(jobs.map(({ $id }) => threads.add(() => aic('GET', `${path}/${$id}`))));
  return { path, ids: new Map(jobs.map(({ title, $id }) => [title, $id])) };
}

async function measured(
  { world, projectId }: Team,
  latencyMs: number,
  act: (calls: { readonly gitlab: Call; readonly aic: Call }) => Promise<void>,
): Promise<Called> {
  const counts = { gitlab: 0, aic: 0, writing: 0 };
  const caller =
    (which: 'gitlab' | 'aic', base: string, headers: Readonly<Record<string, string>>): Call =>
    async (method, path, body) => {
      counts[which] += 1;
      if (method !== 'GET') counts.writing += 1;
      const answer = await fetch(base + path, {
        method,
        headers: { ...headers, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok && answer.status !== 400)
        throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
      if (!answer.ok || path.includes('/raw')) return undefined;
      return JSON.parse(text);
    };
  const { gitlab, aic } = world;
  for (const server of [gitlab, aic]) server.setLatency(latencyMs);
  const began = performance.now();
  await act({
    gitlab: caller('gitlab', `${gitlab.url}/api/v4/projects/${projectId}`, {
      'private-token': world.bot.token,
    }),
    aic: caller('aic', `${aic.url}/apis/core/v1`, { 'api-key': aic.apiKey }),
  });
  const ms = performance.now() - began;
  for (const server of [gitlab, aic]) server.setLatency(0);
  return { ms, ...counts };
}

function found(all: z.infer<typeof identified>, name: string): string {
  const one = all.find((each) => each.name === name);
  if (one === undefined) throw new Error(`there is no ${name}`);
  return one.$id;
}

function file(path: string): string {
  return `/repository/files/${encodeURIComponent(path)}`;
}

function rawFile(name: string): string {
  return `${file(configPath(name))}/raw?ref=develop`;
}
