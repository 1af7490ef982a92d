import { BrokenCircuitError, circuitBreaker, ConsecutiveBreaker, handleType } from 'cockatiel';

import type { Log } from '../../domain/shared/log.ts';

/** When a host counts as dead, and for how long nothing is sent to it then. */
export interface Breaking {
  /** Calls in a row that it did not answer. */
  readonly afterFailures: number;
  /** Then one call finds out whether it answers again. */
  readonly pauseMs: number;
}

/** Keeps calls away from a host that does not answer, so that they do not pile up before it. */
export interface Breaker {
  /**
   * Makes the call, or rejects with `HostDead` without making it. While one call finds out whether a dead host answers again, others wait for
   * what it finds. Calls that reject with `Unanswered` count; everything else is an answer.
   */
  call<Answer>(log: Log, make: () => Promise<Answer>): Promise<Answer>;
}

/** A call to which the host gave no answer of its own. What it failed with is the cause. */
export class Unanswered extends Error {}

/** The call was not made. */
export class HostDead extends Error {}

/** A host that was away for seconds is used again within half a minute of its return. */
export const usualBreaking: Breaking = { afterFailures: 10, pauseMs: 10_000 };
/** For those who want to know whether a host answers at this moment. */
export const neverBreaking: Breaking = { afterFailures: Infinity, pauseMs: 0 };

/** @param host its name for people */
export function createBreaker(host: string, { afterFailures, pauseMs }: Breaking): Breaker {
  const policy = circuitBreaker(handleType(Unanswered), {
    breaker: new ConsecutiveBreaker(afterFailures),
    halfOpenAfter: pauseMs,
  });
  let lastLog: Log | undefined;
  let isTold = false;
  policy.onBreak(() => {
    if (!isTold) lastLog?.warn('host does not answer', { host, failures: afterFailures });
    isTold = true;
  });
  policy.onReset(() => {
    isTold = false;
    lastLog?.info('host answers again', { host });
  });
  return {
    call: async (log, make) => {
      lastLog = log;
      try {
        return await policy.execute(make);
      } catch (error) {
        if (!(error instanceof BrokenCircuitError)) throw error;
        throw new HostDead(
          `${host} did not answer ${afterFailures} calls in a row; it is asked again within ${Math.ceil(pauseMs / 1000)} s`,
        );
      }
    },
  };
}
