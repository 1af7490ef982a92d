import type { Clock } from '../../domain/shared/clock.ts';
import type { Result } from '../../domain/shared/result.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';

export interface ReadinessPorts {
  readonly clock: Clock;
  /** Rejects when the store can't be read or written. */
  readonly store: () => Promise<void>;
  readonly upstreams: readonly (() => Promise<Result<void, UpstreamFailure>>)[];
  /** How many projects' webhooks do not tell the bot of everything. Rejects when the store can't be read. */
  readonly brokenHooks: () => Promise<number>;
  /** How many jobs break off each time they are tried. Rejects when the store can't be read. */
  readonly brokenJobs: () => Promise<number>;
}

/** Whether the bot can do its work. */
export interface Readiness {
  /** What it can't do its work without and does not answer now; empty when all is well. */
  readonly missing: readonly string[];
  /** What somebody should see to, though the bot works. */
  readonly warnings: readonly string[];
}

const answerLifetime = 10_000;

/**
 * Tells what does not answer, in words without addresses or secrets: the route is open to everybody. An answer is remembered for some
 * seconds and questions that come meanwhile share one, so that asking often does not pass the load on.
 */
export function createReadiness(ports: ReadinessPorts): () => Promise<Readiness> {
  let known: { readonly answer: Promise<Readiness>; readonly until: number } | undefined;
  return () => {
    if (known === undefined || known.until <= ports.clock.now()) {
      known = { answer: ask(ports), until: ports.clock.now() + answerLifetime };
    }
    return known.answer;
  };
}

async function ask(ports: ReadinessPorts): Promise<Readiness> {
  // First and alone: a store that is locked may keep the whole process waiting, and calls under way would seem to get no answer.
  const store = await ports.store().then(
    () => [],
    () => ['store'],
  );
  const upstreams = ports.upstreams.map(async (reach) => {
    const reached = await reach();
    return reached.ok ? [] : [`${reached.failure.system} (${reached.failure.status ?? 'no answer'})`];
  });
  const brokenHooks = ports.brokenHooks().catch(() => 0);
  const brokenJobs = ports.brokenJobs().catch(() => 0);
  return {
    missing: [...store, ...(await Promise.all(upstreams)).flat()],
    warnings: [...hookWarnings(await brokenHooks), ...jobWarnings(await brokenJobs)],
  };
}

function jobWarnings(count: number): readonly string[] {
  if (count === 0) return [];
  const which = count === 1 ? '1 job breaks' : `${count} jobs break`;
  return [
    `${which} off by an internal error; the log names each as "job broke off", with an id that a mail tells, too`,
  ];
}

function hookWarnings(count: number): readonly string[] {
  if (count === 0) return [];
  const whose = count === 1 ? 'the webhook of 1 project does' : `the webhooks of ${count} projects do`;
  return [
    `${whose} not tell the bot of everything; the log and a mail name what to do, and so does: aic-bot doctor`,
  ];
}
