import { betweenAlertsMs } from '../../domain/alerts/alert.ts';
import { alertMail } from '../../domain/alerts/alert-mail.ts';
import type { AlertJob, JobOutcome } from '../../domain/jobs/job.ts';
import type { BranchPorts } from '../shared/ports.ts';

/** Mails the operator what waits of the alert's kind, or lets it wait until a mail of the kind may go out again. */
export async function sendAlert(
  { store, jobs, clock, settings }: Pick<BranchPorts, 'store' | 'jobs' | 'clock' | 'settings'>,
  job: AlertJob,
): Promise<JobOutcome> {
  const { about } = job.alert;
  const from = await store.takeAlerts(about, betweenAlertsMs, (alerts) =>
    alertMail(alerts, settings, clock.now()),
  );
  if (from !== undefined) await jobs.add({ job, dueAt: from });
  return { kind: 'done' };
}
