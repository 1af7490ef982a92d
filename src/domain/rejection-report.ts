import type { Job } from './job.ts';
import { phrase } from './phrase.ts';
import { toMailHtml } from './report-html.ts';
import type { MailSettings } from './report-mail.ts';
import { toMailText } from './report-text.ts';
import type { Report } from './report.ts';

/** The mail about a delivery of a known kind that could not be read. Its body is in the inbox, and may hold anything: it is not quoted. */
export function rejectionMail(
  delivery: { readonly id: string; readonly eventName: string; readonly reason: string },
  settings: MailSettings,
): readonly Job[] {
  if (settings.mailTo.length === 0) return [];
  const report: Report = {
    mood: 'failed',
    outcome: phrase`A webhook delivery could not be read and was not acted on: ${delivery.reason}`,
    table: undefined,
    remedies: [
      phrase`If the webhook in GitLab has a custom template, remove it. Otherwise GitLab may have changed the event: update the bot. The delivery is kept in the inbox.`,
    ],
    facts: [phrase`delivery ${delivery.id}`, phrase`event ${delivery.eventName}`],
  };
  const mail = {
    messageId: `rejected-${encodeURIComponent(delivery.id)}@${settings.mailHost}`,
    to: settings.mailTo,
    subject: '[Deploy] A GitLab webhook delivery could not be read',
    html: toMailHtml(report),
    text: toMailText(report),
  };
  return [{ kind: 'mail', mail }];
}
