import { randomBytes } from 'node:crypto';
import type { User } from './users.ts';

/** A personal access token; that of a project or a group is one of a bot user. */
export interface Token {
  readonly id: number;
  readonly user: User;
  /** What a client sends. */
  readonly secret: string;
  readonly name: string;
  readonly createdAt: Date;
  scopes: readonly string[];
  /** `2027-03-01`; undefined for one that never expires. */
  expiresOn: string | undefined;
  lastUsedAt: Date | undefined;
}

export interface Tokens {
  /** A new token of the user with the scope `api` and without an end; the others stay valid. */
  add(user: User): Token;
  bySecret(secret: string): Token | undefined;
}

export function createTokens(now: () => Date): Tokens {
  const tokens = new Map<string, Token>();
  return {
    add(user) {
      const token: Token = {
        id: tokens.size + 1,
        user,
        secret: `glpat-${randomBytes(15).toString('base64url')}`,
        name: `${user.username} token`,
        createdAt: now(),
        scopes: ['api'],
        expiresOn: undefined,
        lastUsedAt: undefined,
      };
      tokens.set(token.secret, token);
      return token;
    },
    bySecret: (secret) => tokens.get(secret),
  };
}

/** A token dies when the day of `expires_at` begins in UTC, as doc/api/project_access_tokens.md of GitLab says. */
export function isExpired({ expiresOn }: Token, now: Date): boolean {
  return expiresOn !== undefined && Date.parse(`${expiresOn}T00:00:00Z`) <= now.getTime();
}

/** A token as the answers show one: never its secret. */
export function tokenJson(token: Token, now: Date): object {
  return {
    id: token.id,
    name: token.name,
    revoked: false,
    created_at: token.createdAt.toISOString(),
    description: null,
    scopes: token.scopes,
    user_id: token.user.id,
    last_used_at: token.lastUsedAt?.toISOString() ?? null,
    active: !isExpired(token, now),
    expires_at: token.expiresOn ?? null,
  };
}
