import type { Kysely } from 'kysely';

import { createAic } from './adapters/aic/aic.ts';
import { createGitLab } from './adapters/gitlab/gitlab.ts';
import { neverBreaking, usualBreaking, type Breaking } from './adapters/breaker.ts';
import { defaultRetry, type RetryPolicy } from './adapters/http-client.ts';
import { thisProcess } from './adapters/queue/holder.ts';
import { createLeases, type Lease, type Leases } from './adapters/queue/leases.ts';
import { guardOf } from './adapters/store/fence.ts';
import type { Tables } from './adapters/store/schema.ts';
import { openSqlite } from './adapters/store/sqlite.ts';
import { createStore } from './adapters/store/store.ts';
import { aicHostsIn, secretsIn, servedBy, type Config } from './config.ts';
import type { Clock } from './domain/clock.ts';
import { createValueMask } from './domain/secrets.ts';
import type { Log } from './domain/log.ts';
import type { MailSettings } from './domain/report-mail.ts';
import type { Result } from './domain/result.ts';
import type { UpstreamFailure } from './domain/upstream.ts';
import type { BranchPorts } from './handlers/ports.ts';

export interface Surroundings {
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly mask: (text: string) => string;
  /** How long failing calls are tried again; the default suits real systems. */
  readonly retry?: RetryPolicy;
  /** When a host counts as dead; the default suits real systems. */
  readonly breaking?: Breaking;
  /** After how long a call counts as not answered, in milliseconds; the defaults suit real systems. */
  readonly timeoutMs?: number;
  /** After how long without a sign of life a process loses its lanes, in milliseconds; the default suits real processes. */
  readonly leaseMs?: number;
}

/** What the bot and the operator's commands are both made of: the store, the leases, and the adapters that talk to GitLab and AIC. */
export interface Engine {
  readonly db: Kysely<Tables>;
  readonly leases: Leases;
  readonly serves: (projectPath: string) => boolean;
  readonly mail: MailSettings;
  /** The ports of one run. With a lease, what they write is fenced by it, and no call begins once it is lost. */
  portsFor(run: { readonly log: Log; readonly lease: Lease | undefined }): BranchPorts;
  /** Calls that are under way go on, and none begins any more. */
  stopCalls(): void;
  /** Gives the leases back and closes the store. */
  close(): Promise<void>;
}

const hourMs = 60 * 60_000;
const leaseMsByDefault = 30_000;
const gitLabTimeoutMs = 30_000;
const aicTimeoutMs = 60_000;

/**
 * @param as who takes leases, for people, and who is told after each commit that added jobs
 */
export async function openEngine(
  config: Config,
  around: Surroundings,
  as: { readonly who: string; readonly jobsAdded: () => void },
): Promise<Engine> {
  const { clock, log, random, leaseMs = leaseMsByDefault, timeoutMs } = around;
  const stopping = new AbortController();
  const hide = createValueMask(secretsIn(config));
  const upstream = { ...callsOf(around), stop: stopping.signal };
  const gitlab = createGitLab({
    ...upstream,
    ...gitLabOf(config),
    hide,
    timeoutMs: timeoutMs ?? gitLabTimeoutMs,
  });
  const aic = createAic({
    ...upstream,
    hosts: aicHostsIn(config),
    concurrency: config.AIC_CONCURRENCY,
    timeoutMs: timeoutMs ?? aicTimeoutMs,
  });
  const serves = servedBy(config);
  const mail = { mailTo: config.MAIL_TO, mailHost: mailHost(config.MAIL_FROM) };
  const settings = {
    ...mail,
    serves,
    aicProject: config.AIC_PROJECT,
    itemsAtOnce: config.AIC_CONCURRENCY,
    commandMaxAgeMs: config.COMMAND_MAX_AGE_HOURS * hourMs,
  };

  const db = await openSqlite(config.DATABASE_URL);
  const leases = createLeases({ db, clock, log, holder: thisProcess(as.who), leaseMs });
  return {
    db,
    leases,
    serves,
    mail,
    portsFor: ({ log: runLog, lease }) => {
      const stop = lease === undefined ? stopping.signal : AbortSignal.any([stopping.signal, lease.lost]);
      const guard = lease === undefined ? undefined : guardOf(lease.fence);
      const store = createStore(db, clock, as.jobsAdded, guard);
      const talking = { gitlab: gitlab(runLog, stop), aic: aic(runLog, stop), log: runLog };
      return { ...talking, store, jobs: store, clock, random, settings };
    },
    stopCalls: () => stopping.abort(),
    close: async () => {
      await leases.close();
      await db.destroy();
    },
  };
}

/** Asks GitLab and AIC, once and briefly, whether they answer. */
export function probesOf(
  config: Config,
  around: Surroundings,
): readonly (() => Promise<Result<void, UpstreamFailure>>)[] {
  const once = { firstPauseMs: 0, longestPauseMs: 0, totalMs: 0 };
  const log = around.log.with({ check: 'readiness' });
  const probes = {
    ...callsOf(around),
    breaking: neverBreaking,
    retry: once,
    stop: new AbortController().signal,
    timeoutMs: 5_000,
  };
  const gitlab = createGitLab({ ...probes, ...gitLabOf(config) })(log);
  const aic = createAic({ ...probes, hosts: aicHostsIn(config), concurrency: 1 })(log);
  return [() => gitlab.reachable(), () => aic.reachable()];
}

function callsOf({ clock, mask, retry = defaultRetry, breaking = usualBreaking }: Surroundings) {
  return { clock, mask, retry, breaking };
}

function gitLabOf(config: Config) {
  return { url: config.GITLAB_URL, token: config.GITLAB_TOKEN };
}

function mailHost(from: string): string {
  return /@([^\s@<>]+)>?\s*$/.exec(from)?.[1] ?? 'localhost';
}
