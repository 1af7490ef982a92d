import type { Job } from '../jobs/job.ts';
import { toMailHtml } from './html.ts';
import { toMailText } from './text.ts';
import type { Report } from './report.ts';

/** Where mails go, and the host part of their message ids. */
export interface MailSettings {
  readonly mailTo: readonly string[];
  readonly mailHost: string;
}

/**
 * The mail of a deployment that was made or refused.
 * @param id tells the occasion: the same occasion has the same message id
 */
export function deploymentMail(
  id: string,
  branch: string,
  report: Report,
  settings: MailSettings,
): readonly Job[] {
  return summaryMail(id, `[Deploy] GitLab Deployment Summary for ${branch}`, report, settings);
}

/** A report as a mail; none where nobody is to get it. */
export function summaryMail(
  id: string,
  subject: string,
  report: Report,
  settings: MailSettings,
): readonly Job[] {
  if (settings.mailTo.length === 0) return [];
  return [
    {
      kind: 'mail',
      mail: {
        messageId: `${id}@${settings.mailHost}`,
        to: settings.mailTo,
        subject,
        html: toMailHtml(report),
        text: toMailText(report),
      },
    },
  ];
}
