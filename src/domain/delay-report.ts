import type { DeployJob, Job } from './job.ts';
import { phrase, words } from './phrase.ts';
import { deploymentMail, type MailSettings } from './report-mail.ts';

/** The mail that a branch can't be deployed for the time being, because what the bot needs for looking at it does not answer. */
export function delayMail(job: DeployJob, reason: string, mail: MailSettings, now: number): readonly Job[] {
  return deploymentMail(
    `delayed-${job.projectId}-${now}`,
    job.branch,
    {
      mood: 'held',
      outcome: phrase`Changes on ${job.branch} wait: the bot can't look at the branch.`,
      table: undefined,
      remedies: [
        phrase`If this lasts, check that the bot's GitLab token is valid and may read the project. The bot tries again by itself, at growing intervals of up to 15 minutes.`,
      ],
      facts: [phrase`${reason}`, words(`project ${job.projectId}`), phrase`branch ${job.branch}`],
    },
    mail,
  );
}
