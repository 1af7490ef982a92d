import PQueue from 'p-queue';
import { z } from 'zod';

import type { Aic, Environment, Workspace, WorkspaceFailure, WorkspaceName } from '../../domain/aic.ts';
import type { AicCatalogue } from '../../domain/aic-catalogue.ts';
import type { Clock } from '../../domain/clock.ts';
import type { PipelineId } from '../../domain/ids.ts';
import { parseJson, writeJson, type Json } from '../../domain/json.ts';
import type { Log } from '../../domain/log.ts';
import { nearest } from '../../domain/nearest.ts';
import { contentOf, type Content } from '../../domain/pipeline-config.ts';
import { fail, ok, type Result } from '../../domain/result.ts';
import type { UpstreamFailure } from '../../domain/upstream.ts';
import { createHttpClient, type HttpAnswer, type RetryPolicy } from '../http-client.ts';

/** An installation of AIC: its API's base address with the path, such as `https://prod.jdpower.ai/apis/core/v1`, and a key. */
interface AicHost {
  readonly url: URL;
  readonly key: string;
}

export interface AicDeps {
  /** The hosts that the bot has a key for. */
  readonly hosts: ReadonlyMap<Environment, AicHost>;
  /** Calls under way at once, to each host. */
  readonly concurrency: number;
  readonly clock: Clock;
  readonly stop: AbortSignal;
  readonly mask: (text: string) => string;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
}

const namesLifetime = 10 * 60_000;
const largestAnswer = 64 * 1024 * 1024;

const named = z.object({ $id: z.string(), name: z.string() });
const jobs = z.object({ jobs: z.array(z.object({ $id: z.string(), title: z.string().nullish() })) });
const created = z.object({ jobId: z.string().transform((id) => id as PipelineId) });
const job = z.object({ jobConfig: z.unknown() });

type Named = z.infer<typeof named>;
type Call = <Body>(
  method: string,
  path: string,
  read: (body: Json) => Body,
  content?: Json,
) => Promise<Result<Body, UpstreamFailure>>;

/**
 * AIC's REST API. The result is made once; called with a log it gives the port whose calls are logged there. Remembered
 * names and the bound on calls are shared by all of them.
 *
 * Creating is repeated like everything else: AIC answers 409 to a title that exists, so a create whose answer was lost shows
 * itself as a conflict, never as a second pipeline.
 */
export function createAic(
  deps: AicDeps,
): (log: Log) => Aic & AicCatalogue & { reachable(): Promise<Result<void, UpstreamFailure>> } {
  const installations = new Map(
    [...deps.hosts].map(([environment, host]) => [
      environment,
      { host, queue: new PQueue({ concurrency: deps.concurrency }), names: new Names(deps.clock) },
    ]),
  );
  return (log) => {
    const callTo = ({ host, queue }: { readonly host: AicHost; readonly queue: PQueue }): Call => {
      const http = createHttpClient({ ...deps, system: 'AIC', log, queue, readError });
      return (method, path, read, content) =>
        http({
          method,
          url: new URL(`${host.url.href.replace(/\/+$/, '')}${path}`),
          headers: {
            accept: '*/*',
            'api-key': host.key,
            ...(content === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(content === undefined ? {} : { body: writeJson(content) }),
          path,
          repeatable: true,
          maxBytes: largestAnswer,
          read: (answer) => understand(answer, read),
        });
    };
    return {
      environments: [...installations.keys()],
      projects: async (environment) => {
        const installation = installations.get(environment);
        if (installation === undefined) return ok([]);
        const listed = await callTo(installation)('GET', '/projects', readNames);
        return listed.ok ? ok(listed.value.map(({ name }) => name)) : listed;
      },
      workspaces: async (environment, aicProject) => {
        const installation = installations.get(environment);
        if (installation === undefined) return ok(undefined);
        const call = callTo(installation);
        const projects = await call('GET', '/projects', readNames);
        if (!projects.ok) return projects;
        const project = projects.value.find(({ name }) => name === aicProject);
        if (project === undefined) return ok(undefined);
        const listed = await call('GET', workspacesOf(project), readNames);
        return listed.ok ? ok(listed.value.map(({ name }) => name)) : listed;
      },
      workspace: async (name) => {
        const installation = installations.get(name.environment);
        if (installation === undefined) return fail({ kind: 'no-key', environment: name.environment });
        const call = callTo(installation);
        const path = await installation.names.resolve(call, name);
        return path.ok ? ok(workspaceAt(call, path.value, () => installation.names.forget())) : path;
      },
      reachable: async () => {
        for (const installation of installations.values()) {
          const answered = await callTo(installation)('GET', '/projects', () => undefined);
          if (!answered.ok) return answered;
        }
        return ok(undefined);
      },
    };
  };
}

/** Project and workspace names by id, remembered for some minutes. A name that is not among them is looked up anew. */
class Names {
  readonly #clock: Clock;
  readonly #lists = new Map<string, { readonly entries: readonly Named[]; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  forget(): void {
    this.#lists.clear();
  }

  /** The path of the workspace, `/projects/P/workspaces/W`. */
  async resolve(call: Call, name: WorkspaceName): Promise<Result<string, WorkspaceFailure>> {
    const project = await this.#find(call, '/projects', name.aicProject);
    if (!project.ok) return project;
    if (!('$id' in project.value)) {
      return fail({ kind: 'unknown-project', wanted: name.aicProject, nearest: project.value });
    }
    const workspaces = workspacesOf(project.value);
    const workspace = await this.#find(call, workspaces, name.workspace);
    if (!workspace.ok) return workspace;
    if (!('$id' in workspace.value)) {
      const { aicProject, workspace: wanted } = name;
      return fail({ kind: 'unknown-workspace', wanted, aicProject, nearest: workspace.value });
    }
    return ok(`${workspaces}/${encodeURIComponent(workspace.value.$id)}`);
  }

  /** The entry of this name, else the nearest names. */
  async #find(
    call: Call,
    path: string,
    wanted: string,
  ): Promise<
    Result<Named | readonly string[], { readonly kind: 'upstream'; readonly failure: UpstreamFailure }>
  > {
    const known = this.#lists.get(path);
    const remembered =
      known !== undefined && known.until > this.#clock.now()
        ? known.entries.find((entry) => entry.name === wanted)
        : undefined;
    if (remembered !== undefined) return ok(remembered);
    const listed = await call('GET', path, readNames);
    if (!listed.ok) return fail({ kind: 'upstream', failure: listed.failure });
    this.#lists.set(path, { entries: listed.value, until: this.#clock.now() + namesLifetime });
    const names = listed.value.map((entry) => entry.name);
    return ok(listed.value.find((entry) => entry.name === wanted) ?? nearest(wanted, names));
  }
}

function readNames(body: Json): readonly Named[] {
  return z.array(named).parse(body);
}

function workspacesOf({ $id }: Named): string {
  return `/projects/${encodeURIComponent($id)}/workspaces`;
}

function workspaceAt(call: Call, path: string, forgetNames: () => void): Workspace {
  const at = (id: PipelineId) => `${path}/jobs/${encodeURIComponent(id)}`;
  return {
    pipelines: async () => {
      const listed = await call('GET', `${path}/jobs`, (body) =>
        jobs
          .parse(body)
          .jobs.flatMap(({ $id, title }) =>
            title === null || title === undefined ? [] : [{ id: $id as PipelineId, title }],
          ),
      );
      if (!listed.ok && listed.failure.reason === 'missing') forgetNames();
      return listed;
    },
    read: async (id) => {
      const shown = await call('GET', at(id), (body) => job.parse(body).jobConfig as Json);
      if (!shown.ok) return fail({ kind: 'upstream', failure: shown.failure });
      const content = contentOf(shown.value);
      return content.ok ? content : fail({ kind: 'strange-live-config', problem: content.failure.problem });
    },
    create: async (title, content) => {
      const made = await call('POST', `${path}/jobs`, (body) => created.parse(body), payload(title, content));
      return made.ok ? ok(made.value.jobId) : made;
    },
    update: (id, title, content) => call('PUT', at(id), () => undefined, payload(title, content)),
  };
}

function payload(title: string, content: Content): Json {
  return { title, ...content };
}

function understand<Body>({ text }: HttpAnswer, read: (body: Json) => Body): Result<Body, string> {
  const parsed = text.trim() === '' ? ok(null) : parseJson(text);
  if (!parsed.ok) return fail('the answer is not JSON');
  try {
    return ok(read(parsed.value));
  } catch (error) {
    if (error instanceof z.ZodError)
      return fail(`an answer of an unexpected form: ${z.prettifyError(error)}`);
    throw error;
  }
}

/** AIC's own words in an error's body: `message` or `error`, else the beginning of what came. */
function readError(text: string): string {
  const parsed = z
    .object({ message: z.string(), error: z.string() })
    .partial()
    .safeParse(jsonOrNothing(text));
  return parsed.data?.message ?? parsed.data?.error ?? text.trim();
}

function jsonOrNothing(text: string): unknown {
  const parsed = parseJson(text);
  return parsed.ok ? parsed.value : undefined;
}
