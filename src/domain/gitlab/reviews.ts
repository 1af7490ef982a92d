import type { Review } from '../deployment/gate/gate.ts';
import type { GitLabResult } from './gitlab.ts';
import type { MergeRequestIid, ProjectId } from '../shared/ids.ts';
import type { Requirement } from '../mapping/mapping.ts';

/** How merge requests were reviewed. */
export interface Reviews {
  /** What GitLab knows at this moment of what is asked for; undefined where there is no such merge request. */
  review(
    project: ProjectId,
    mergeRequest: MergeRequestIid,
    about: readonly Requirement[],
  ): Promise<GitLabResult<Review | undefined>>;
}
