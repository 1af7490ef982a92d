import type { ProjectId } from '../shared/ids.ts';
import type { Result } from '../shared/result.ts';
import type { UpstreamFailure } from '../shared/upstream-failure.ts';

export interface Project {
  readonly id: ProjectId;
  /** `group/subgroup/project`. */
  readonly path: string;
  readonly webUrl: string;
  /** Undefined for an empty repository. */
  readonly defaultBranch: string | undefined;
  /** Whether everybody who sees the project, guests too, can read its code; absent where GitLab did not say. */
  readonly isCodeOpen?: boolean;
  /** The path of the CI configuration, where it is not at its usual place. */
  readonly ciConfig?: string;
}

export type GitLabResult<Value> = Result<Value, UpstreamFailure>;
