import type { PipelineId } from '../shared/ids.ts';
import type { Content } from '../pipeline/config.ts';
import type { Result } from '../shared/result.ts';
import type { UpstreamFailure } from '../shared/upstream-failure.ts';

/** AIC's opaque id of one interactive branch of one pipeline. */
export type InteractiveBranchId = string & { readonly brand: 'InteractiveBranchId' };

/** A variant of a pipeline beside it, that people run and change in AIC's editor. No branch of Git. */
export interface InteractiveBranch {
  readonly id: InteractiveBranchId;
  readonly name: string;
}

/** What a new interactive branch is called and holds. */
export interface NewInteractiveBranch {
  readonly name: string;
  /** The title of the pipeline that it belongs to. */
  readonly title: string;
  readonly content: Content;
}

/** The interactive branches of the pipelines of a workspace. */
export interface InteractiveBranches {
  branches(pipeline: PipelineId): Promise<Result<readonly InteractiveBranch[], UpstreamFailure>>;
  /**
   * Makes a branch, or finds that there is one of the name: then nothing is written, and that counts as made, for it may be this call's own
   * doing if an earlier try took effect and its answer was lost. Not guaranteed: that there is one only, should an AIC take two of one name.
   */
  createBranch(pipeline: PipelineId, branch: NewInteractiveBranch): Promise<Result<void, UpstreamFailure>>;
  /** Deletes a branch; one that the pipeline does not have counts as deleted, so that this can be repeated. */
  deleteBranch(pipeline: PipelineId, branch: InteractiveBranchId): Promise<Result<void, UpstreamFailure>>;
}
