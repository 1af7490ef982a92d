import type { WorkspaceSettings } from '../../domain/jobs/lane.ts';
import type { ClaimedAic } from '../../domain/mapping/claims.ts';
import type { Clock } from '../../domain/shared/clock.ts';
import type { GitLab } from '../../domain/gitlab/gitlab.ts';
import type { Jobs } from '../../domain/jobs/job.ts';
import type { Log } from '../../domain/shared/log.ts';
import type { Store } from '../../domain/store/store.ts';

/** What a run over a branch talks to. `gitlab`, `aic` and `log` carry the ids of the job they were made for. */
export interface BranchPorts {
  readonly gitlab: GitLab;
  readonly aic: ClaimedAic;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly log: Log;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** A text that nobody can guess, without spaces, another one each time. */
  readonly nonce: () => string;
  readonly settings: BranchSettings;
}

interface BranchSettings extends WorkspaceSettings {
  /** Whether the bot serves the project of this path. */
  readonly serves: (projectPath: string) => boolean;
  /** Pipelines that are read or written at once. */
  readonly itemsAtOnce: number;
  readonly mailTo: readonly string[];
  /** The host part of the message ids of mails. */
  readonly mailHost: string;
  /** How old a comment may be when its commands are begun, in milliseconds. */
  readonly commandMaxAgeMs: number;
}
