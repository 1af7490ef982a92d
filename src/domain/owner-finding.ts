import type { Owner } from './administration.ts';
import { fine, warned, type Finding } from './finding.ts';
import { phrase } from './phrase.ts';

const check = 'token owner';

/**
 * Whether the token is one of the bot's own. GitLab says of an account whether it belongs to an access token or is a service account; an
 * account that was made by hand looks like a person's, whoever uses it.
 */
export function judgeOwner({ username, name, isBot }: Owner): Finding {
  if (isBot === true) return fine(check, phrase`${username}, an account that no person uses`);
  return warned(check, {
    what: phrase`The token belongs to ${username} (${name}), which GitLab takes for a person. The bot ignores the comments of its own account: whoever signs in as ${username} can give it no commands, and seems to have written its comments.`,
    remedy: phrase`If a person uses this account, make a project or group access token (role Maintainer, scope ${'api'}) and set it as ${'GITLAB_TOKEN'}. If only the bot uses it, all is well.`,
  });
}
