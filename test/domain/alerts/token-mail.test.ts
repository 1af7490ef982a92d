import { describe, expect, test } from 'vitest';

import { expiryWarning } from '../../../src/domain/alerts/token-expiry.ts';
import { denialMail, expiryMail } from '../../../src/domain/alerts/token-mail.ts';
import { mailIn } from '../hostile.ts';
import { mail } from '../samples.ts';

const day = 24 * 60 * 60_000;
const end = Date.UTC(2026, 11, 2);
const token = { name: 'aic-bot', scopes: ['api', 'read_repository'] };

function mailAt(left: number) {
  const warning = expiryWarning(end, end - left);
  if (warning === undefined) throw new Error('There is no warning.');
  return mailIn(expiryMail(token, warning, mail));
}

describe('the mail about the end of the token', () => {
  test('reads like this', () => {
    const { subject, text, messageId } = mailAt(7 * day) ?? {};
    expect(messageId).toBe('token-expires-2026-12-02-7@bot.example');
    expect(subject).toBe('[aic-bot] The GitLab token expires in 7 days');
    expect(text).toMatchInlineSnapshot(`
      "The bot's GitLab token "aic-bot" expires in 7 days, on 2026-12-02 (UTC). From 00:00 on that day GitLab refuses the bot's calls: merges and commands wait until it has a valid token.

      What to do:
      - Rotate the token in GitLab, or create another one for the bot's account, with the scope "api". Rotating ends the old one at once.
      - Set "GITLAB_TOKEN" to the new token and restart the bot.

      scopes of the token: "api", "read_repository"
      "
    `);
  });

  test.each([
    [30 * day - 1, 'expires in 30 days', 'expires in 30 days, on 2026-12-02 (UTC).'],
    [5.5 * day, 'expires in 6 days', 'expires in 6 days, on 2026-12-02 (UTC).'],
    [day, 'expires in 1 day', 'expires in 1 day, on 2026-12-02 (UTC).'],
    [0, 'has expired', 'expired on 2026-12-02 (UTC).'],
  ])('counts the days that are left: %d ms', (left, subject, words) => {
    expect(mailAt(left)?.subject).toBe(`[aic-bot] The GitLab token ${subject}`);
    expect(mailAt(left)?.text).toContain(`The bot's GitLab token "aic-bot" ${words}`);
  });
});

test('the mail about a token that GitLab does not accept reads like this', () => {
  const failure = {
    system: 'GitLab',
    reason: 'denied',
    status: 401,
    asked: 'GET /personal_access_tokens/self',
    said: 'Token is expired.',
  } as const;
  const { subject, text, messageId } = mailIn(denialMail(failure, mail, 5)) ?? {};
  expect(messageId).toBe('token-denied-5@bot.example');
  expect(subject).toBe("[aic-bot] GitLab does not accept the bot's token");
  expect(text).toMatchInlineSnapshot(`
    "GitLab does not accept the bot's token. Merges and commands wait until it does.

    What to do:
    - Look in GitLab whether the token has expired or was revoked, and whether the bot's account is blocked. The bot tries again by itself, at growing intervals of up to 15 minutes.
    - Rotate the token in GitLab, or create another one for the bot's account, with the scope "api". Rotating ends the old one at once.
    - Set "GITLAB_TOKEN" to the new token and restart the bot.

    GitLab answered "401 Token is expired." to "GET /personal_access_tokens/self"
    "
  `);
});

test('the mail about a token that GitLab knows and does not let do its work reads like this', () => {
  const failure = {
    system: 'GitLab',
    reason: 'denied',
    status: 403,
    asked: 'GET /personal_access_tokens/self',
    said: 'insufficient_scope',
  } as const;
  const { subject, text } = mailIn(denialMail(failure, mail, 5)) ?? {};
  expect(subject).toBe("[aic-bot] GitLab does not let the bot's token do its work");
  expect(text).toMatchInlineSnapshot(`
    "GitLab knows the bot's token, and still does not allow what the bot asks. Merges and commands wait until it does.

    What to do:
    - Look in GitLab whether the token has the scope "api", and whether the bot's account is blocked, has terms to accept, or may not come from the bot's address. The bot tries again by itself, at growing intervals of up to 15 minutes.
    - Rotate the token in GitLab, or create another one for the bot's account, with the scope "api". Rotating ends the old one at once.
    - Set "GITLAB_TOKEN" to the new token and restart the bot.

    GitLab answered "403 insufficient_scope" to "GET /personal_access_tokens/self"
    "
  `);
});
