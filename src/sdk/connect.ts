import { aicAddresses } from '../adapters/aic/addresses.ts';
import { createAic } from '../adapters/aic/aic.ts';
import { usualBreaking } from '../adapters/http/circuit-breaker.ts';
import { defaultRetry } from '../adapters/http/client.ts';
import { createLog } from '../adapters/log.ts';
import type {
  Environment,
  Listed,
  ProjectsFailure,
  Workspace,
  WorkspaceFailure,
  WorkspacesFailure,
} from '../domain/aic/aic.ts';
import { defaultDrive, type Backup } from '../domain/aic/backup.ts';
import type { BranchesItem } from '../domain/aic/interactive-branches-report.ts';
import type { Dataset, Table } from '../domain/aic/datasets.ts';
import type { DatasetFailure } from '../domain/aic/find-dataset.ts';
import type { DriveFailure } from '../domain/aic/find-drive.ts';
import type { Content } from '../domain/pipeline/config.ts';
import { ok, type Result } from '../domain/shared/result.ts';
import { createMask } from '../domain/secrets/mask.ts';
import type { UpstreamFailure } from '../domain/shared/upstream-failure.ts';
import { backUp } from '../handlers/aic/back-up.ts';
import { createBranches, deleteBranches, listBranches } from '../handlers/aic/interactive-branches.ts';
import { listTables } from '../handlers/aic/list-tables.ts';
import { readConfigs, type Configs, type LookUpFailure } from '../handlers/aic/read-configs.ts';
import { upsertPipeline, type UpsertFailure, type Upserted } from '../handlers/aic/upsert-pipeline.ts';

/** Where a script connects to, and with which key. */
export interface ConnectOptions {
  /** From AIC: User Profile, Manage API Keys. */
  readonly key: string;
  /** The AIC project by its name. */
  readonly project: string;
  /** Which of AIC's two hosts; `prod` where it is not said. Each has keys of its own. */
  readonly environment?: Environment;
  /** Another address than the environment's, with the path, such as `https://prod.jdpower.ai/apis/core/v1`. */
  readonly url?: string | URL;
  /** Takes a JSON line without its newline for each call. Keys are masked. Without it nothing is logged. */
  readonly log?: (line: string) => void;
}

/** An AIC project, seen with a key. */
export interface Connection {
  /** All projects that the key sees. */
  projects(): Promise<Result<readonly Listed[], ProjectsFailure>>;
  /** The workspaces of the connection's project. */
  workspaces(): Promise<Result<readonly Listed[], WorkspacesFailure>>;
  /** A workspace of the project by its exact name. An unknown name fails with the nearest ones. */
  workspace(name: string): Promise<Result<ConnectedWorkspace, WorkspaceFailure>>;
}

/**
 * A workspace for scripts: the single calls of AIC, by id, and what people do, by name. Expected failures are returned, with a tagged reason
 * that `describe` turns into words. Calls that fail for a passing reason are tried again for about a minute.
 */
export interface ConnectedWorkspace extends Workspace {
  /** The configs of these pipelines, read in parallel; of all where none is named, or `*` alone. */
  configs(pipelines?: readonly string[]): Promise<Result<Configs, LookUpFailure>>;
  /** Creates the pipeline of this title or replaces its content, without asking. */
  upsert(title: string, content: Content): Promise<Result<Upserted, UpsertFailure>>;
  /** Stores configs in the folder of the day on a drive: of these pipelines, of all where none is named; on `backups` where no drive is. */
  backUp(options?: {
    readonly pipelines?: readonly string[];
    readonly drive?: string;
  }): Promise<Result<Backup, LookUpFailure | DriveFailure>>;
  /** Makes an interactive branch `PUSH_YYYYMMDDHHMMSS` of each named pipeline, with its present config. */
  createBranches(pipelines: readonly string[]): Promise<Result<readonly BranchesItem[], LookUpFailure>>;
  /** The interactive branches of these pipelines, of all where none is named. */
  listBranches(pipelines?: readonly string[]): Promise<Result<readonly BranchesItem[], LookUpFailure>>;
  /** Deletes all interactive branches of each named pipeline, whoever made them. */
  deleteBranches(pipelines: readonly string[]): Promise<Result<readonly BranchesItem[], LookUpFailure>>;
  /** The tables of the dataset of this name or id. */
  tablesOf(
    dataset: string,
  ): Promise<
    Result<
      { readonly dataset: Dataset; readonly tables: readonly Table[] },
      DatasetFailure | { readonly kind: 'upstream'; readonly failure: UpstreamFailure }
    >
  >;
}

const callsAtOnce = 8;
const timeoutMs = 60_000;

/**
 * Connects a script to an AIC project. Nothing is sent yet. Throws for a key that no header can carry and for an address that is none,
 * which are mistakes of the caller.
 *
 * ```ts
 * const aic = connect({ key, project: 'PIN ANALYTICS', environment: 'qa' });
 * const workspace = await aic.workspace('PIN FUSION 2.0 QA');
 * if (!workspace.ok) throw new Error(describe(workspace.failure));
 * const configs = await workspace.value.configs(['daily load']);
 * ```
 */
export function connect(options: ConnectOptions): Connection {
  const { key, project, environment = 'prod', url = aicAddresses[environment], log } = options;
  if (!/^[\x21-\x7e]+$/.test(key)) throw new TypeError('The key is empty or holds other than plain ASCII.');
  const clock = { now: () => Date.now() };
  const mask = createMask([key]);
  const aic = createAic({
    hosts: new Map([[environment, { url: new URL(url), key }]]),
    concurrency: callsAtOnce,
    clock,
    stop: new AbortController().signal,
    mask,
    retry: defaultRetry,
    breaking: usualBreaking,
    timeoutMs,
  })(createLog({ level: log === undefined ? 'silent' : 'info', clock, mask, write: (line) => log?.(line) }));
  return {
    projects: () => aic.projects(environment),
    workspaces: () => aic.workspaces({ environment, aicProject: project }),
    workspace: async (name) => {
      const found = await aic.workspace({ environment, aicProject: project, workspace: name });
      return found.ok ? ok(forScripts(found.value, clock.now)) : found;
    },
  };
}

function forScripts(workspace: Workspace, now: () => number): ConnectedWorkspace {
  return {
    ...workspace,
    configs: (pipelines = []) => readConfigs(workspace, named(pipelines)),
    upsert: (title, content) => upsertPipeline(workspace, title, content),
    backUp: ({ pipelines = [], drive = defaultDrive } = {}) =>
      backUp(workspace, { pipelines: named(pipelines), drive, at: now() }),
    createBranches: (pipelines) => createBranches(workspace, { pipelines, at: now() }),
    listBranches: (pipelines = []) => listBranches(workspace, named(pipelines)),
    deleteBranches: (pipelines) => deleteBranches(workspace, pipelines),
    tablesOf: (dataset) => listTables(workspace, dataset),
  };
}

/** `*` alone stands for all, as in the Python library. */
function named(pipelines: readonly string[]): readonly string[] {
  return pipelines.length === 1 && pipelines[0] === '*' ? [] : pipelines;
}
