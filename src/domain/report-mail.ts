import type { Job } from './job.ts';
import { toMailHtml } from './report-html.ts';
import { toMailText } from './report-text.ts';
import type { Report } from './report.ts';

/** Where mails go, and the host part of their message ids. */
export interface MailSettings {
  readonly mailTo: readonly string[];
  readonly mailHost: string;
}

/**
 * The mail of a deployment that was made or refused; none where nobody is to get it.
 * @param id tells the occasion: the same occasion has the same message id
 */
export function deploymentMail(
  id: string,
  branch: string,
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
        subject: `[Deploy] GitLab Deployment Summary for ${branch}`,
        html: toMailHtml(report),
        text: toMailText(report),
      },
    },
  ];
}
