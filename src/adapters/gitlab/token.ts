import type { PersonalAccessTokens } from '@gitbeaker/rest';
import { z } from 'zod';

import type { GitLab } from '../../domain/gitlab/gitlab.ts';
import type { Token } from '../../domain/gitlab/access-token.ts';
import { attempt } from './requester.ts';

/**
 * Project and group access tokens are described like personal ones. A token expires at midnight UTC of the day in `expires_at`, that is
 * when the day begins (https://docs.gitlab.com/api/project_access_tokens/), which is how a date without a time is read here.
 */
const token = z
  .object({
    name: z.string(),
    scopes: z.array(z.string()),
    expires_at: z.union([z.iso.date(), z.iso.datetime({ offset: true })]).nullish(),
  })
  .transform(({ name, scopes, expires_at: expires }): Token => ({
    name,
    scopes,
    expiresAt: typeof expires === 'string' ? Date.parse(expires) : undefined,
  }));

/** Describes the token that the calls are made with. */
export function createToken(tokens: PersonalAccessTokens): Pick<GitLab, 'token'> {
  return { token: () => attempt(async () => token.parse(await tokens.show())) };
}
