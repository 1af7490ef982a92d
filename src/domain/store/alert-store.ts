import type { Alert, AlertKind } from '../alerts/alert.ts';
import type { Job } from '../jobs/job.ts';

/** Alerts that wait to be mailed: jobs, in one lane for each kind. */
export interface Alerts {
  /**
   * Takes the alerts of a kind that wait, the one whose job runs among them, and adds the jobs that `compose` makes of them, in one transaction.
   * Where alerts of the kind were taken less than `pauseMs` ago, none are.
   * @returns when they may be taken, in milliseconds since 1970; undefined where they were
   */
  takeAlerts(
    about: AlertKind,
    pauseMs: number,
    compose: (alerts: readonly Alert[]) => readonly Job[],
  ): Promise<number | undefined>;
}
