import type { Owner } from '../administration.ts';
import { failed, fine, warned, type Finding } from './finding.ts';
import { names, phrase, words } from '../../report/phrase.ts';
import { dayOf, expiryWarning } from '../../alerts/token-expiry.ts';
import type { Token } from '../../gitlab/access-token.ts';

/**
 * Whether the token is one of the bot's own. GitLab says of an account whether it belongs to an access token or is a service account; an
 * account that was made by hand looks like a person's, whoever uses it.
 */
export function judgeOwner({ username, name, isBot }: Owner): Finding {
  const check = 'token owner';
  if (isBot === true) return fine(check, phrase`${username}, an account that no person uses`);
  return warned(check, {
    what: phrase`The token belongs to ${username} (${name}), which GitLab takes for a person. The bot ignores the comments of its own account: whoever signs in as ${username} can give it no commands.`,
    remedy: phrase`If a person uses this account, make a project or group access token (role Maintainer, scope ${'api'}) and set it as ${'GITLAB_TOKEN'}. If only the bot uses it, all is well.`,
  });
}

/**
 * Whether the token may do what the bot does, and for how long still.
 * @param now milliseconds since 1970
 */
export function judgeToken({ scopes, expiresAt }: Token, now: number): readonly Finding[] {
  return [
    scopes.includes('api')
      ? fine('token scopes', names(scopes))
      : failed('token scopes', {
          what: [
            ...words('It has '),
            ...(scopes.length === 0 ? ['no scope'] : names(scopes)),
            ...phrase`, and not ${'api'}.`,
          ],
          remedy: phrase`Make a token with the scope ${'api'} and set it as ${'GITLAB_TOKEN'}.`,
        }),
    judgeExpiry(expiresAt, now),
  ];
}

function judgeExpiry(expiresAt: number | undefined, now: number): Finding {
  const check = 'token expiry';
  if (expiresAt === undefined) return fine(check, words('it never expires'));
  const warning = expiryWarning(expiresAt, now);
  if (warning === undefined) return fine(check, words(`it expires on ${dayOf(expiresAt)}`));
  const { daysLeft } = warning;
  const remedy = phrase`Rotate the token in GitLab or make another one with the scope ${'api'}, set it as ${'GITLAB_TOKEN'}, and start the bot again.`;
  if (daysLeft === 0) return failed(check, { what: words(`It expired on ${dayOf(expiresAt)}.`), remedy });
  const left = daysLeft === 1 ? '1 day' : `${daysLeft} days`;
  const what = words(
    `Only ${left} left: on ${dayOf(expiresAt)} it expires, and GitLab refuses every call of the bot.`,
  );
  return warned(check, { what, remedy });
}
