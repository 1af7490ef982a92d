import type { RequestAsker } from '../deployment/gate/approval.ts';
import type { MergeRequestIid, ProjectId } from '../shared/ids.ts';

/** Who asked the bot for merge requests: for GitLab the bot is the author of them all. Each method is one transaction. */
export interface Askers {
  askersOf(project: ProjectId, mergeRequest: MergeRequestIid): Promise<readonly RequestAsker[]>;
  /** Remembers them beside those who asked before. */
  saveAskers(
    project: ProjectId,
    mergeRequest: MergeRequestIid,
    askers: readonly RequestAsker[],
  ): Promise<void>;
}
