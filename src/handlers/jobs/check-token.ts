import type { GitLab } from '../../domain/gitlab/gitlab.ts';
import { checkTokenJob, type Job, type JobOutcome } from '../../domain/jobs/job.ts';
import type { Notices } from '../../domain/store/notices.ts';
import type { MailSettings } from '../../domain/report/mail.ts';
import { expiryWarning, nextLook } from '../../domain/alerts/token-expiry.ts';
import { denialMail, expiryMail } from '../../domain/alerts/token-mail.ts';
import { notYet } from './job-outcome.ts';
import type { BranchPorts } from '../shared/ports.ts';

const denied = 'token-denied';

interface CheckPorts extends Pick<BranchPorts, 'jobs' | 'clock'> {
  readonly gitlab: Pick<GitLab, 'token'>;
  readonly store: Notices;
  readonly settings: MailSettings;
}

/**
 * Asks GitLab how long the bot's token lasts, and mails when that is not long. Each run leaves the next one behind: one that succeeds adds
 * it before it ends, and one that fails is tried again, whatever the failure. A process that dies in between runs once more at its next start.
 */
export async function checkToken({ gitlab, store, jobs, clock, settings }: CheckPorts): Promise<JobOutcome> {
  const shown = await gitlab.token();
  const now = clock.now();
  // What nobody could be told of is not remembered: it is told once the bot knows whom to write to.
  const tellOnce = async (id: string, mails: readonly Job[]) => {
    if (mails.length === 0) return;
    const due = mails.map((job) => ({ job, dueAt: now }));
    await store.giveNotice(id, due);
  };
  if (!shown.ok) {
    if (shown.failure.reason === 'denied') await tellOnce(denied, denialMail(shown.failure, settings, now));
    return notYet(shown.failure);
  }
  await store.forgetNotice(denied);
  const token = shown.value;
  const warning = expiryWarning(token.expiresAt, now);
  if (warning !== undefined) await tellOnce(warning.id, expiryMail(token, warning, settings));
  await jobs.add({ job: checkTokenJob, dueAt: nextLook(token.expiresAt, now) });
  return { kind: 'done' };
}
