import type { Clock } from '../domain/clock.ts';
import type { Result } from '../domain/result.ts';
import type { UpstreamFailure } from '../domain/upstream.ts';

export interface ReadinessPorts {
  readonly clock: Clock;
  /** Rejects when the store can't be read. */
  readonly store: () => Promise<void>;
  readonly upstreams: readonly (() => Promise<Result<void, UpstreamFailure>>)[];
}

const answerLifetime = 10_000;

/**
 * Tells what does not answer, in words without addresses or secrets: the route is open to everybody. An answer is remembered for some
 * seconds and questions that come meanwhile share one, so that asking often does not pass the load on.
 */
export function createReadiness(ports: ReadinessPorts): () => Promise<readonly string[]> {
  let known: { readonly missing: Promise<readonly string[]>; readonly until: number } | undefined;
  return () => {
    if (known === undefined || known.until <= ports.clock.now()) {
      known = { missing: ask(ports), until: ports.clock.now() + answerLifetime };
    }
    return known.missing;
  };
}

async function ask(ports: ReadinessPorts): Promise<readonly string[]> {
  const store = ports.store().then(
    () => [],
    () => ['store'],
  );
  const upstreams = ports.upstreams.map(async (reach) => {
    const reached = await reach();
    return reached.ok ? [] : [`${reached.failure.system} (${reached.failure.status ?? 'no answer'})`];
  });
  return (await Promise.all([store, ...upstreams])).flat();
}
