const dayMs = 24 * 60 * 60_000;

/** Days before the end at which somebody is told, the longest first. */
export const warnAtDays: readonly number[] = [30, 14, 7, 3, 1];

/** Clocks differ a little: GitLab is asked so long after the end whether it is the end there, too. */
const afterTheEndMs = 60_000;

/** That a token ends soon. */
export interface ExpiryWarning {
  /** The same for the same threshold before the same end: each is told once. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** Whole days, the last one begun counted; 0 when the end has come. */
  readonly daysLeft: number;
}

/**
 * What is to be told of a token that ends at this moment: the nearest of the thresholds that were passed, so that a bot that was away tells
 * one of them and not all. Undefined more than 30 days before the end, and for a token without one.
 */
export function expiryWarning(expiresAt: number | undefined, now: number): ExpiryWarning | undefined {
  if (expiresAt === undefined) return undefined;
  const left = expiresAt - now;
  const threshold = warnAtDays.findLast((days) => left <= days * dayMs);
  if (threshold === undefined) return undefined;
  return {
    id: `token-expires-${dayOf(expiresAt)}-${threshold}`,
    expiresAt,
    daysLeft: Math.max(0, Math.ceil(left / dayMs)),
  };
}

/** When to look at the token next: in a day, or sooner where a threshold or the end comes first. None is so ever skipped. */
export function nextLook(expiresAt: number | undefined, now: number): number {
  const tomorrow = now + dayMs;
  if (expiresAt === undefined) return tomorrow;
  const moments = [...warnAtDays.map((days) => expiresAt - days * dayMs), expiresAt + afterTheEndMs];
  return Math.min(tomorrow, ...moments.filter((moment) => moment > now));
}

/** The day in UTC, such as `2026-12-02`: what GitLab calls `expires_at`. */
export function dayOf(moment: number): string {
  return new Date(moment).toISOString().slice(0, 10);
}
