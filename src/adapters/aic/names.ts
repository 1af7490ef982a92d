import { z } from 'zod';

import type {
  Listed,
  MayTell,
  ProjectsFailure,
  WorkspaceFailure,
  WorkspaceName,
} from '../../domain/aic/aic.ts';
import type { Clock } from '../../domain/shared/clock.ts';
import { nearest } from '../../domain/shared/suggest-names.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';
import type { Calls } from './calls.ts';

const lifetime = 10 * 60_000;

const list = z.array(
  z.object({ $id: z.string(), name: z.string() }).transform(({ $id, name }): Listed => ({ id: $id, name })),
);

type Upstream = Extract<ProjectsFailure, { kind: 'upstream' }>;
type UnknownProject = Extract<WorkspaceFailure, { kind: 'unknown-project' }>;

/** Project and workspace names by id, remembered for some minutes. A name that is not among them is looked up anew. */
export class Names {
  readonly #clock: Clock;
  readonly #lists = new Map<string, { readonly entries: readonly Listed[]; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  forget(): void {
    this.#lists.clear();
  }

  /** All projects, asked anew. */
  projects(calls: Calls): Promise<Result<readonly Listed[], Upstream>> {
    return this.#list(calls, projectsPath);
  }

  /** All workspaces of a project, asked anew. */
  async workspaces(
    calls: Calls,
    aicProject: string,
  ): Promise<Result<readonly Listed[], Upstream | UnknownProject>> {
    const path = await this.#workspacesPath(calls, aicProject);
    return path.ok ? this.#list(calls, path.value) : path;
  }

  /** The path of the workspace, `/projects/P/workspaces/W`. */
  async resolve(
    calls: Calls,
    name: WorkspaceName,
    mayTell: MayTell = all,
  ): Promise<Result<string, WorkspaceFailure>> {
    const path = await this.#workspacesPath(calls, name.aicProject, mayTell);
    if (!path.ok) return path;
    const workspace = await this.#find(calls, path.value, name.workspace, mayTell.workspace);
    if (!workspace.ok) return workspace;
    if (!('id' in workspace.value)) {
      const { aicProject, workspace: wanted } = name;
      return fail({ kind: 'unknown-workspace', wanted, aicProject, nearest: workspace.value });
    }
    return ok(`${path.value}/${encodeURIComponent(workspace.value.id)}`);
  }

  async #workspacesPath(
    calls: Calls,
    aicProject: string,
    mayTell: MayTell = all,
  ): Promise<Result<string, Upstream | UnknownProject>> {
    const project = await this.#find(calls, projectsPath, aicProject, mayTell.aicProject);
    if (!project.ok) return project;
    return 'id' in project.value
      ? ok(`${projectsPath}/${encodeURIComponent(project.value.id)}/workspaces`)
      : fail({ kind: 'unknown-project', wanted: aicProject, nearest: project.value });
  }

  /** The entry of this name, else the nearest names that may be told. */
  async #find(
    calls: Calls,
    path: string,
    wanted: string,
    mayTell: (name: string) => boolean,
  ): Promise<Result<Listed | readonly string[], Upstream>> {
    const known = this.#lists.get(path);
    const remembered =
      known !== undefined && known.until > this.#clock.now()
        ? known.entries.find((entry) => entry.name === wanted)
        : undefined;
    if (remembered !== undefined) return ok(remembered);
    const listed = await this.#list(calls, path);
    if (!listed.ok) return listed;
    const names = listed.value.map((entry) => entry.name).filter((name) => mayTell(name));
    return ok(listed.value.find((entry) => entry.name === wanted) ?? nearest(wanted, names));
  }

  async #list(calls: Calls, path: string): Promise<Result<readonly Listed[], Upstream>> {
    const listed = await calls.ask({ method: 'GET', path }, (body) => list.parse(body));
    if (!listed.ok) return fail({ kind: 'upstream', failure: listed.failure });
    this.#lists.set(path, { entries: listed.value, until: this.#clock.now() + lifetime });
    return listed;
  }
}

const all: MayTell = { aicProject: () => true, workspace: () => true };
const projectsPath = '/projects';
