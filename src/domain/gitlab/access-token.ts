/** The token by which the bot calls GitLab, as GitLab describes it; never the secret itself. */
export interface Token {
  readonly name: string;
  /** Such as `api`. */
  readonly scopes: readonly string[];
  /** The moment from which GitLab refuses it, in milliseconds since 1970; undefined for one that never expires. */
  readonly expiresAt: number | undefined;
}
