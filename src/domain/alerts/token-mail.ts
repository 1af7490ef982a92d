import type { Job } from '../jobs/job.ts';
import { names, phrase, words } from '../report/phrase.ts';
import { summaryMail, type MailSettings } from '../report/mail.ts';
import { dayOf, type ExpiryWarning } from './token-expiry.ts';
import type { Token } from '../gitlab/access-token.ts';
import type { UpstreamFailure } from '../shared/upstream-failure.ts';

const replace = [
  phrase`Rotate the token in GitLab, or create another one for the bot's account, with the scope ${'api'}. Rotating ends the old one at once.`,
  phrase`Set ${'GITLAB_TOKEN'} to the new token and restart the bot.`,
];

/** The mail that the bot's token ends soon. */
export function expiryMail(
  token: Pick<Token, 'name' | 'scopes'>,
  { id, expiresAt, daysLeft }: ExpiryWarning,
  mail: MailSettings,
): readonly Job[] {
  const when = daysLeft === 0 ? 'has expired' : `expires in ${daysLeft === 1 ? '1 day' : `${daysLeft} days`}`;
  const on = `${daysLeft === 0 ? 'expired' : `${when},`} on ${dayOf(expiresAt)} (UTC)`;
  const report = {
    mood: 'partly',
    outcome: phrase`The bot's GitLab token ${token.name} ${words(on)}. From 00:00 on that day GitLab refuses the bot's calls: merges and commands wait until it has a valid token.`,
    table: undefined,
    remedies: replace,
    facts: [phrase`scopes of the token: ${names(token.scopes)}`],
  } as const;
  return summaryMail(id, `[aic-bot] The GitLab token ${when}`, report, mail);
}

/**
 * The mail that GitLab does not accept the token: it has expired, was revoked, or its account is blocked. Or, with a 403, that GitLab knows it
 * and still refuses the call.
 */
export function denialMail(failure: UpstreamFailure, mail: MailSettings, now: number): readonly Job[] {
  const { status, asked, said } = failure;
  const { subject, outcome, remedy } = status === 403 ? forbidden : notAccepted;
  return summaryMail(
    `token-denied-${now}`,
    subject,
    {
      mood: 'failed',
      outcome,
      table: undefined,
      remedies: [
        [...remedy, ' The bot tries again by itself, at growing intervals of up to 15 minutes.'],
        ...replace,
      ],
      facts: [phrase`GitLab answered ${`${status ?? 'nothing'} ${said}`} to ${asked}`],
    },
    mail,
  );
}

const notAccepted = {
  subject: "[aic-bot] GitLab does not accept the bot's token",
  outcome: words("GitLab does not accept the bot's token. Merges and commands wait until it does."),
  remedy: words(
    "Look in GitLab whether the token has expired or was revoked, and whether the bot's account is blocked.",
  ),
};

const forbidden = {
  subject: "[aic-bot] GitLab does not let the bot's token do its work",
  outcome: words(
    "GitLab knows the bot's token, and still does not allow what the bot asks. Merges and commands wait until it does.",
  ),
  remedy: phrase`Look in GitLab whether the token has the scope ${'api'}, and whether the bot's account is blocked, has terms to accept, or may not come from the bot's address.`,
};
