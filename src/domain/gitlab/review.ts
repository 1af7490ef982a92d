import type { ApprovalFacts } from '../deployment/gate/approval.ts';
import type { GitLabResult } from './project.ts';
import type { MergeRequestIid, ProjectId } from '../shared/ids.ts';
import type { Requirement } from '../mapping/mapping.ts';

/** What GitLab says of the review of a merge request; only what was asked for. */
export interface Review {
  readonly approval?: ApprovalFacts;
  readonly pipeline?: PipelineFacts;
  /** Threads with something to resolve, each by what others than the bot wrote in it. */
  readonly unresolved?: readonly (readonly string[])[];
}

/** The newest pipeline of a merge request. */
export interface PipelineFacts {
  /** Whether it ran for the head of the merge request, or for what merging that would make. */
  readonly isOfHead: boolean;
  readonly isSuccessful: boolean;
  /** What started it, in GitLab's words. */
  readonly source: string | undefined;
  /** How many jobs ran in it and succeeded. Statuses that somebody posted are none. */
  readonly succeeded: number;
}

/** How merge requests were reviewed. */
export interface Reviews {
  /** What GitLab knows at this moment of what is asked for; undefined where there is no such merge request. */
  review(
    project: ProjectId,
    mergeRequest: MergeRequestIid,
    about: readonly Requirement[],
  ): Promise<GitLabResult<Review | undefined>>;
}
