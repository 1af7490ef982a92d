/** The ways in which a bot is stopped in the middle of its work. */
export const stopKinds = ['SIGKILL', 'SIGTERM', 'SIGSTOP', 'lost leases'] as const;

/**
 * - `SIGKILL`: the process is gone at once
 * - `SIGTERM`: it is asked to end, and cuts off what it does
 * - `SIGSTOP`: it is paused until another process has taken its lanes and done its work, then it goes on as if nothing had happened
 * - `lost leases`: it goes on, and all its lanes are taken from it
 */
export type StopKind = (typeof stopKinds)[number];

/** A stop at a boundary, by its number from 1, counted from where the process before was stopped. */
export interface Stop {
  readonly kind: StopKind;
  readonly at: number;
}

/** Whether the process ends by the stop, and another one has to be started. */
export function isEnd(kind: StopKind): boolean {
  return kind === 'SIGKILL' || kind === 'SIGTERM';
}
