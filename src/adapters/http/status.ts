import type { UpstreamReason } from '../../domain/shared/upstream-failure.ts';

/** Why a call failed, by its status. */
export function reasonOf(status: number): UpstreamReason {
  if (status === 429 || status === 408 || status >= 500) return 'passing';
  if (status === 401 || status === 403) return 'denied';
  if (status === 404) return 'missing';
  if (status === 409) return 'conflict';
  return 'refused';
}

/** Milliseconds that the answer asks to wait: `Retry-After` in seconds or as a date, else none. */
export function retryAfter(headers: Headers, now: number): number {
  const value = headers.get('retry-after');
  if (value === null) return 0;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : 0;
}
