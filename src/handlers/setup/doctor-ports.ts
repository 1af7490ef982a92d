import type { Inspection } from '../../domain/setup/administration.ts';
import type { AicCatalogue } from '../../domain/aic/catalogue.ts';
import type { ClaimedAic, Claims } from '../../domain/mapping/claims.ts';
import type { Clock } from '../../domain/shared/clock.ts';
import type { GitLab } from '../../domain/gitlab/gitlab.ts';
import type { WantedHook } from '../../domain/gitlab/webhook.ts';
import type { Explanation } from '../../domain/report/reason.ts';
import type { Result } from '../../domain/shared/result.ts';

/** What the doctor looks at. What the settings do not allow to look at is undefined. */
export interface DoctorPorts {
  readonly gitlab: DoctorGitLab | undefined;
  readonly aic: ClaimedAic & AicCatalogue;
  /** Fails with the mail server's words. */
  readonly mail: (() => Promise<Result<void, string>>) | undefined;
  /** Fails with the words of the database or the system. */
  readonly database: (() => Promise<Result<'usable' | 'new', string>>) | undefined;
  readonly clock: Clock;
  readonly settings: DoctorSettings;
  readonly progress: (what: string) => void;
}

export interface DoctorGitLab {
  readonly inspection: Inspection;
  readonly bot: Pick<GitLab, 'file' | 'self' | 'member' | 'token'>;
}

interface DoctorSettings {
  /** Every mistake in them. */
  readonly mistakes: readonly Explanation[];
  readonly serves: ((projectPath: string) => boolean) | undefined;
  /** Where webhooks must lead; undefined where that is not known. */
  readonly hookUrl: string | undefined;
  readonly secrets: Omit<WantedHook, 'url'>;
  readonly aicProject: string | undefined;
  /** Undefined where the settings do not tell. */
  readonly claims: Claims | undefined;
}
