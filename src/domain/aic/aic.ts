import type { Datasets } from './datasets.ts';
import type { Drives } from './drives.ts';
import type { PipelineId } from '../shared/ids.ts';
import type { InteractiveBranches } from './interactive-branches.ts';
import type { Content } from '../pipeline/config.ts';
import type { Result } from '../shared/result.ts';
import type { UpstreamFailure } from '../shared/upstream-failure.ts';

/** Which AIC host: two separate installations with keys of their own. */
export type Environment = 'prod' | 'qa';

/** A workspace by its names, as people write them. */
export interface WorkspaceName {
  readonly environment: Environment;
  readonly aicProject: string;
  readonly workspace: string;
}

/** A call that failed, as a reason among others. */
interface UpstreamTrouble {
  readonly kind: 'upstream';
  readonly failure: UpstreamFailure;
}

/** Why the projects of an environment could not be listed. */
export type ProjectsFailure =
  { readonly kind: 'no-key'; readonly environment: Environment } | UpstreamTrouble;

/** Why the workspaces of a project could not be listed. */
export type WorkspacesFailure =
  | ProjectsFailure
  | { readonly kind: 'unknown-project'; readonly wanted: string; readonly nearest: readonly string[] };

/** Why a workspace could not be had. */
export type WorkspaceFailure =
  | WorkspacesFailure
  | {
      readonly kind: 'unknown-workspace';
      readonly wanted: string;
      readonly aicProject: string;
      readonly nearest: readonly string[];
    };

/** A pipeline in a workspace's list. AIC's own list may hold ones without a title; they are left out. */
export interface ListedPipeline {
  readonly id: PipelineId;
  readonly title: string;
}

/** A project or a workspace in a list. */
export interface Listed {
  readonly id: string;
  readonly name: string;
}

/** The AIC platform. */
export interface Aic {
  /** The projects that the environment's key sees. */
  projects(environment: Environment): Promise<Result<readonly Listed[], ProjectsFailure>>;
  workspaces(
    project: Omit<WorkspaceName, 'workspace'>,
  ): Promise<Result<readonly Listed[], WorkspacesFailure>>;
  /**
   * Finds the workspace by its names. Ids are remembered for some minutes; an unknown name is looked up anew, and fails with the nearest of
   * those that may be told; all where it is not said.
   */
  workspace(name: WorkspaceName, mayTell?: MayTell): Promise<Result<Workspace, WorkspaceFailure>>;
}

/** Which names may be told to who asks for a name that there is not. */
export interface MayTell {
  readonly aicProject: (name: string) => boolean;
  readonly workspace: (name: string) => boolean;
}

/** Why a pipeline's config could not be had: the call failed, or AIC's config has a shape that the bot does not know. */
export type ReadFailure =
  { readonly kind: 'strange-live-config'; readonly problem: string } | UpstreamTrouble;

/**
 * The pipelines of one workspace. AIC has no conditional update and no deletion: between a read and a write somebody may
 * change a pipeline, which only reading back can tell.
 */
export interface Pipelines {
  pipelines(): Promise<Result<readonly ListedPipeline[], UpstreamFailure>>;
  read(id: PipelineId): Promise<Result<Content, ReadFailure>>;
  /**
   * Creates the pipeline and returns its id. Fails with `conflict` when the title exists, which may also be
   * this call's own doing, if an earlier try took effect and its answer was lost.
   */
  create(title: string, content: Content): Promise<Result<PipelineId, UpstreamFailure>>;
  /** Replaces the content; doing so twice is the same as once. */
  update(id: PipelineId, title: string, content: Content): Promise<Result<void, UpstreamFailure>>;
}

/** One workspace. */
export interface Workspace extends Pipelines, InteractiveBranches, Datasets, Drives {}
