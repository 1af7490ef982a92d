import type { Owner } from './administration.ts';
import { failed, fine, warned, type Finding } from './finding.ts';
import { names, phrase, words } from './phrase.ts';
import type { Token } from './token.ts';

const dayMs = 24 * 60 * 60_000;
const daysToWarn = 30;

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
  const days = Math.floor((expiresAt - now) / dayMs);
  const on = new Date(expiresAt).toISOString().slice(0, 10);
  const remedy = phrase`Make a new token, or rotate this one, and set it as ${'GITLAB_TOKEN'} before that day. GitLab then refuses the bot's every call.`;
  if (expiresAt <= now) return failed(check, { what: words(`It expired on ${on}.`), remedy });
  const left = days === 1 ? '1 day' : `${days} days`;
  if (days > daysToWarn) return fine(check, words(`${left} left, until ${on}`));
  return warned(check, { what: words(`Only ${left} left: it expires on ${on}.`), remedy });
}
