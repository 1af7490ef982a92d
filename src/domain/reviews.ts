import type { Review } from './gate.ts';
import type { GitLabResult } from './gitlab.ts';
import type { MergeRequestIid, ProjectId } from './ids.ts';
import type { Requirement } from './mapping.ts';

/** How merge requests were reviewed. */
export interface Reviews {
  /** What GitLab knows at this moment of what is asked for; undefined where there is no such merge request. */
  review(
    project: ProjectId,
    mergeRequest: MergeRequestIid,
    about: readonly Requirement[],
  ): Promise<GitLabResult<Review | undefined>>;
}
