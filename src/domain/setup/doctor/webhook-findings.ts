import type { FailedCall } from '../administration.ts';
import { failed, fine, warned, type Finding } from './finding.ts';
import {
  hookEvents,
  isSameUrl,
  leadsToBot,
  type Hook,
  type HookEvent,
  type WantedHook,
} from '../../gitlab/webhook.ts';
import { phrase, words } from '../../report/phrase.ts';

/** The hook of the bot among those of a project, or why there is none. */
export type OwnHook = { readonly hook: Hook } | { readonly finding: Finding };

/**
 * @param address the webhook's address by the settings; where it is not known, any that leads to a bot's route counts
 * @param project its path, for the command that helps
 */
export function findHook(hooks: readonly Hook[], address: string | undefined, project: string): OwnHook {
  const leading = hooks.find(({ url }) => leadsToBot(url));
  const own = address === undefined ? leading : hooks.find(({ url }) => isSameUrl(url, address));
  if (own !== undefined) return { hook: own };
  const command =
    address === undefined ? `aic-bot init ${project} --url https://…` : `aic-bot init ${project}`;
  return {
    finding: failed('webhook', {
      what:
        address === undefined
          ? words('There is no webhook for the bot, so it hears of nothing.')
          : leading === undefined
            ? phrase`There is no webhook to ${address}, so the bot hears of nothing.`
            : phrase`There is no webhook to ${address}, only one to ${leading.url}.`,
      remedy: phrase`Add it with ${command}, or correct ${'PUBLIC_URL'}.`,
    }),
  };
}

/** The events without which the bot does not do its work; without the others it does less. */
const needed: ReadonlySet<HookEvent> = new Set(['push', 'mergeRequests', 'comments']);

/** Whether the hook is on, has the secrets that the bot demands, and tells of everything. */
export function judgeHook(hook: Hook, wanted: Omit<WantedHook, 'url'>, project: string): readonly Finding[] {
  const complete = phrase`Complete it with ${`aic-bot init ${project}`}.`;
  const missing = (
    ['push', 'mergeRequests', 'comments', 'confidentialComments', 'tokenExpiry'] as const
  ).filter((event) => !hook.events.has(event));
  const missed = missing.map((event) => hookEvents[event]).join(', ');
  const events = { what: words(`It does not tell the bot of: ${missed}.`), remedy: complete };
  return [
    stateOf(hook),
    ...secretFindings(hook, wanted, complete),
    ...(missing.length === 0
      ? [fine('events', words('all that the bot needs'))]
      : [missing.some((event) => needed.has(event)) ? failed('events', events) : warned('events', events)]),
    ...(hook.pushFilter === ''
      ? []
      : [
          warned('events', {
            what: phrase`It tells of pushes to ${hook.pushFilter} only.`,
            remedy: words('Choose "All branches" for push events in GitLab: Settings, Webhooks.'),
          }),
        ]),
    ...(hook.verifiesTls || !hook.url.startsWith('https:')
      ? []
      : [
          warned('webhook', {
            what: words('GitLab does not verify the certificate of the bot.'),
            remedy: words('Switch SSL verification on in GitLab: Settings, Webhooks.'),
          }),
        ]),
  ];
}

function stateOf(hook: Hook): Finding {
  const wake = words(
    'See that the bot runs and answers at this address, then send a test event in GitLab (Settings, Webhooks, Test): one that succeeds switches it on.',
  );
  switch (hook.state) {
    case 'working':
    case 'unknown':
      return fine('webhook', phrase`${hook.url} is on`);
    case 'paused':
      return failed('webhook', {
        what: phrase`GitLab has switched it off until ${hook.pausedUntil ?? 'later'}, because its calls failed again and again. What happens meanwhile does not reach the bot.`,
        remedy: wake,
      });
    case 'off':
      return failed('webhook', {
        what: words('GitLab has switched it off for good, because its calls failed again and again.'),
        remedy: wake,
      });
  }
}

function secretFindings(
  hook: Hook,
  { secret, signingToken }: Omit<WantedHook, 'url'>,
  complete: Finding['what'],
): readonly Finding[] {
  const findings: Finding[] = [];
  if (secret !== undefined && hook.hasSecret === false)
    findings.push(
      failed('webhook', {
        what: words('It sends no secret, so the bot refuses its calls.'),
        remedy: complete,
      }),
    );
  if (signingToken !== undefined && hook.hasSigningToken !== true) {
    findings.push(
      failed('webhook', {
        what: words('It does not sign its calls, so the bot refuses them.'),
        remedy:
          hook.hasSigningToken === undefined
            ? phrase`This GitLab cannot sign (that needs 19.0): remove ${'GITLAB_SIGNING_TOKEN'} and use ${'GITLAB_WEBHOOK_SECRET'} alone.`
            : complete,
      }),
    );
  }
  return findings;
}

/** What GitLab remembers of calls that failed. */
export function judgeCalls(calls: readonly FailedCall[] | undefined): readonly Finding[] {
  if (calls === undefined) return [];
  const [last] = calls;
  if (last === undefined) return [fine('deliveries', words('none failed in the last 7 days'))];
  const count = calls.length === 1 ? '1 failed' : `${calls.length} failed`;
  return [
    warned('deliveries', {
      what: [`${count} in the last 7 days, the latest with `, ...phrase`${last.status} (${last.trigger}).`],
      remedy: phrase`Look at them in GitLab (Settings, Webhooks, Edit, Recent events) and in the bot's log. ${'401'} means another secret than the bot's; ${'internal error'} that the bot was not reached. They can be sent again there.`,
    }),
  ];
}
