/**
 * `20260131` for a moment of the last of January 2026, in UTC.
 * @param at milliseconds since 1970
 */
export function dayStamp(at: number): string {
  return secondStamp(at).slice(0, 8);
}

/**
 * `20260131235959`, in UTC.
 * @param at milliseconds since 1970
 */
export function secondStamp(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '');
}

/**
 * Such as `2026-11-24 06:58 UTC`.
 * @param at milliseconds since 1970
 */
export function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
