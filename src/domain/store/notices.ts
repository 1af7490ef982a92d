import type { DueJob } from '../jobs/job.ts';

/** What people were told and need not be told again. */
export interface Notices {
  /**
   * Remembers the notice and adds the jobs that tell of it, in one transaction; false, and nothing added, when it was given
   * before. So each is given once, whenever the process dies.
   */
  giveNotice(id: string, jobs: readonly DueJob[]): Promise<boolean>;
  /** The occasion is over: the next one is told of again. */
  forgetNotice(id: string): Promise<void>;
}
