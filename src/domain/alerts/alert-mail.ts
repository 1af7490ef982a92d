import type { Alert } from './alert.ts';
import { counted } from '../report/count.ts';
import type { Job } from '../jobs/job.ts';
import { joined, phrase, words, type Phrase } from '../report/phrase.ts';
import { summaryMail, type MailSettings } from '../report/mail.ts';
import type { Report } from '../report/report.ts';

/** One mail about alerts of one kind; none where there are none. What came from outside may hold anything: it is data in it. */
export function alertMail(alerts: readonly Alert[], settings: MailSettings, now: number): readonly Job[] {
  const [first] = alerts;
  if (first === undefined) return [];
  const { subject, ...report } = textOf(first.about, alerts.length);
  const rows = alerts.map(rowOf);
  const table = { head: headOf(first.about), rows };
  return summaryMail(
    `alert-${first.about}-${now}`,
    subject,
    { ...report, table, facts: [oneAnHour] },
    settings,
  );
}

const oneAnHour = words(
  'What comes within the next hour is told together at its end; the log has it at once.',
);

type Text = Pick<Report, 'mood' | 'outcome' | 'remedies'> & { readonly subject: string };

function textOf(about: Alert['about'], count: number): Text {
  switch (about) {
    case 'rejected':
      return {
        mood: 'failed',
        subject: '[aic-bot] A GitLab webhook delivery could not be read',
        outcome: words(
          `${counted(count, 'webhook delivery', 'webhook deliveries')} could not be read and ${was(count)} not acted on.`,
        ),
        remedies: [
          words(
            'If the webhook in GitLab has a custom template, remove it. Otherwise GitLab may have changed the event: update the bot. The first 64 KiB of the delivery are kept in the inbox for 30 days, or as long as KEEP_DELIVERIES_DAYS says.',
          ),
        ],
      };
    case 'delayed':
      return {
        mood: 'held',
        subject: '[aic-bot] Changes wait: a branch cannot be looked at',
        outcome: words(`Changes on ${counted(count, 'branch', 'branches')} wait: the bot can't look there.`),
        remedies: [
          words(
            "If this lasts, check that the bot's GitLab token is valid and may read the project. The bot tries again, at growing intervals of up to 15 minutes.",
          ),
        ],
      };
    case 'broken':
      return {
        mood: 'failed',
        subject: '[aic-bot] Internal error',
        outcome: words(
          `${counted(count, 'job')} of the bot ${count === 1 ? 'breaks' : 'break'} off each time.`,
        ),
        remedies: [
          words(
            'Search the log for the id: it has the error and where it came from. Update the bot, or report the error to its makers. Whoever waits for the job was told the id.',
          ),
        ],
      };
    case 'unclaimed':
      return {
        mood: 'held',
        subject: '[aic-bot] A project was refused an AIC workspace',
        outcome: words(
          `${counted(count, 'workspace')} of AIC ${was(count)} refused: no grant lets the project use ${count === 1 ? 'it' : 'them'}. Nothing of ${count === 1 ? 'it' : 'them'} was read or written.`,
        ),
        remedies: [
          phrase`If a project is to use the workspace, see that ${'AIC_WORKSPACES'} has what stands in its row, separated by ${';'} from the rest, and start the bot again.`,
          phrase`If not, there is nothing to do. Who can change the default branch of a project names workspaces in its ${'branch_to_workspace.yaml'}.`,
        ],
      };
  }
}

function was(count: number): string {
  return count === 1 ? 'was' : 'were';
}

function headOf(about: Alert['about']): readonly string[] {
  switch (about) {
    case 'rejected':
      return ['Delivery', 'Event', 'Reason'];
    case 'delayed':
      return ['Project', 'Branch', 'Reason'];
    case 'broken':
      return ['Id', 'Lane', 'From now on'];
    case 'unclaimed':
      return ['Project', 'AIC project', 'Workspace', 'What grants it'];
  }
}

function rowOf(alert: Alert): readonly Phrase[] {
  switch (alert.about) {
    case 'rejected':
      return [phrase`${alert.delivery}`, phrase`${alert.eventName}`, phrase`${alert.reason}`];
    case 'delayed':
      return [words(String(alert.projectId)), phrase`${alert.branch}`, phrase`${alert.reason}`];
    case 'broken':
      return [
        words(alert.id),
        phrase`${alert.lane}`,
        words(alert.isRetried ? 'tried again at growing intervals of up to 15 minutes' : 'given up'),
      ];
    case 'unclaimed':
      return [
        phrase`${alert.projectPath}`,
        phrase`${alert.aicProject}`,
        phrase`${alert.workspace}`,
        joined(
          alert.entries.map((entry) => phrase`${entry}`),
          '; ',
        ),
      ];
  }
}
