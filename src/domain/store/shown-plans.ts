import type { CommitSha, MergeRequestIid, ProjectId } from '../shared/ids.ts';
import type { DueJob } from '../jobs/job.ts';

/** What a merge request shows of its plan. */
export interface ShownPlan {
  /** The head of the source branch that was planned. */
  readonly head: CommitSha;
  readonly target: string;
  /** The pipelines that the merge request itself changes. */
  readonly pipelines: readonly string[];
  /** The texts of its comments, the first one first. */
  readonly bodies: readonly string[];
}

/** The plans of open merge requests. Each method is one transaction. */
export interface Plans {
  shownPlan(project: ProjectId, mergeRequest: MergeRequestIid): Promise<ShownPlan | undefined>;
  /** The plans of the merge requests into a branch. Some may be closed by now without a webhook having told of it. */
  plansInto(project: ProjectId, target: string): Promise<ReadonlyMap<MergeRequestIid, ShownPlan>>;
  /** Remembers a plan with the jobs that show it; undefined: the merge request shows none any more, or never will again. */
  savePlan(
    project: ProjectId,
    mergeRequest: MergeRequestIid,
    plan: ShownPlan | undefined,
    jobs: readonly DueJob[],
  ): Promise<void>;
}
