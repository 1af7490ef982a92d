import type { Project } from '../gitlab/project.ts';
import { lacksOf, type WantedHook } from '../gitlab/webhook.ts';
import { judgeHook, type OwnHook } from '../setup/doctor/webhook-findings.ts';
import type { Job } from '../jobs/job.ts';
import { link, phrase, words } from '../report/phrase.ts';
import type { Explanation } from '../report/reason.ts';
import { summaryMail, type MailSettings } from '../report/mail.ts';

/** Why a webhook does not bring the bot what it needs. */
export interface HookProblem {
  /** The same for the same problem, whatever its words. */
  readonly id: string;
  /** At least one. */
  readonly what: readonly Explanation[];
}

/** What is known of a project's webhook. */
export interface HookView {
  readonly own: OwnHook;
  readonly wanted: Omit<WantedHook, 'url'>;
  readonly path: string;
  /** Whether a delivery of the project ever came: then a webhook of its group may be what tells the bot. */
  readonly isHeard: boolean;
  /** Whether something happened of which no webhook told. */
  readonly isMissed: boolean;
  /** Whether the bot did not accept what GitLab sent again. */
  readonly isRefused: boolean;
}

/** What keeps the webhook from telling the bot of everything; undefined when nothing does. */
export function hookProblem(view: HookView): HookProblem | undefined {
  const { own, wanted, path, isHeard, isMissed, isRefused } = view;
  if ('finding' in own) {
    const { what, remedy = [] } = own.finding;
    return isHeard && !isMissed ? undefined : { id: 'none', what: [{ what, remedy }] };
  }
  const { hook } = own;
  const failed = judgeHook(hook, wanted, path).flatMap(({ status, what, remedy = [] }) =>
    status === 'failed' ? [{ what, remedy }] : [],
  );
  const what = isRefused ? [...failed, refused] : failed;
  if (what.length === 0) return undefined;
  const lacks = lacksOf(hook, { url: hook.url, ...wanted }).join(' ');
  return { id: [hook.id, hook.state, lacks, isRefused ? 'refused' : ''].join(':'), what };
}

const refused: Explanation = {
  what: words('What GitLab sends to the bot does not arrive, or the bot refuses it.'),
  remedy: phrase`Look at the webhook's last calls in GitLab (Settings, Webhooks, Edit, Recent events). ${'401'} means another secret than the bot's; ${'internal error'} that the bot was not reached at this address.`,
};

/** The mail that a project's webhook does not tell the bot of everything. */
export function hookMail(
  { id: project, path, webUrl }: Project,
  { what }: HookProblem,
  mail: MailSettings,
  now: number,
): readonly Job[] {
  return summaryMail(
    `webhook-${project}-${now}`,
    `[aic-bot] The webhook of ${path} does not work`,
    {
      mood: 'failed',
      outcome: phrase`The bot does not hear of everything that happens in ${path}. It deploys merges all the same, at its next sweep; comments may stay without an answer.`,
      table: undefined,
      remedies: what.map(({ what: problem, remedy }) => [...problem, ' ', ...remedy]),
      facts: [link('the webhooks of the project', `${webUrl}/-/hooks`)],
    },
    mail,
  );
}
