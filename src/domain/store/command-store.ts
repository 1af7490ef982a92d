import type { ProjectId } from '../shared/ids.ts';
import type { DueJob } from '../jobs/job.ts';

/**
 * The comments whose commands were taken up. What somebody only announces is none: it could keep a comment from being carried out that is yet to be
 * written. Each method is one transaction.
 */
export interface Requests {
  isTaken(request: string): Promise<boolean>;
  /** Takes up a request that GitLab confirmed, with its jobs; false, and nothing is done, where that happened before. */
  take(request: string, jobs: readonly DueJob[]): Promise<boolean>;
  /** How many announced comments of the project GitLab did not have yet, and is to be asked for again. */
  sought(project: ProjectId): Promise<number>;
}
