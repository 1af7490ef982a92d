import type { Kysely } from 'kysely';

import { createAic } from '../adapters/aic/aic.ts';
import { withinClaims } from '../adapters/aic/within-claims.ts';
import type { OuterBound } from '../adapters/http/concurrency-limit.ts';
import { createGitLab } from '../adapters/gitlab/gitlab.ts';
import { neverBreaking, usualBreaking, type Breaking } from '../adapters/http/circuit-breaker.ts';
import { defaultRetry, type RetryPolicy } from '../adapters/http/client.ts';
import type { Lease, Leases } from '../adapters/queue/leases.ts';
import { guardOf } from '../adapters/store/engines/fence.ts';
import { countBrokenJobs } from '../adapters/store/tables/broken-jobs.ts';
import { createInbox } from '../adapters/store/tables/inbox.ts';
import type { JobsAdded } from '../adapters/store/tables/rows.ts';
import type { Tables } from '../adapters/store/tables/schema.ts';
import { createStore } from '../adapters/store/store.ts';
import type { AppPorts } from '../http/app.ts';
import {
  aicHostsIn,
  claimsIn,
  hookSecrets,
  projectsNamedIn,
  secretsIn,
  servedBy,
  type Config,
} from '../config.ts';
import { claimsOf } from '../domain/mapping/claims.ts';
import type { Clock } from '../domain/shared/clock.ts';
import { hookUrl } from '../domain/gitlab/webhook.ts';
import type { Inbox } from '../domain/jobs/inbox.ts';
import { checkTokenJob, cleanUpJob, keyOf, sweepJob, type Job, type JobOutcome } from '../domain/jobs/job.ts';
import { createValueMask } from '../domain/secrets/mask.ts';
import type { Log } from '../domain/shared/log.ts';
import type { Mailer } from '../domain/report/mailer.ts';
import type { MailSettings } from '../domain/report/mail.ts';
import type { Result } from '../domain/shared/result.ts';
import type { UpstreamFailure } from '../domain/shared/upstream-failure.ts';
import type { BranchPorts } from '../handlers/shared/ports.ts';
import { createReadiness } from '../handlers/jobs/readiness.ts';
import { runJob } from '../handlers/jobs/run-job.ts';
import { createSweepMemory } from '../handlers/jobs/sweep.ts';

/** What the bot does not choose itself: time, chance, where its log goes, and how patient it is. */
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

/** What an engine is made of: the database, the leases in it, and who is told of jobs. */
export interface EngineParts {
  readonly db: Kysely<Tables>;
  readonly leases: Leases;
  readonly jobsAdded: JobsAdded;
  /** What bounds calls beyond this process. */
  readonly outer?: OuterBound;
}

interface Run {
  readonly log: Log;
  readonly lease: Lease | undefined;
}

/** What the bot and the operator's commands are both made of, on each engine: the store, the leases, and the adapters that talk to GitLab and AIC. */
export interface Engine extends EngineParts {
  readonly serves: (projectPath: string) => boolean;
  readonly mail: MailSettings;
  /** The ports of one run. With a lease, what they write is fenced by it, and no call begins once it is lost. */
  portsFor(run: Run): BranchPorts;
  /** Calls that are under way go on, and none begins any more. */
  stopCalls(): void;
}

const hourMs = 60 * 60_000;
/** Each of these leaves the next one behind, so one of each always waits or runs. */
const standing: readonly Job[] = [checkTokenJob, sweepJob, cleanUpJob];
const dayMs = 24 * hourMs;
const nonce = () => crypto.randomUUID();
const gitLabTimeoutMs = 30_000;
const aicTimeoutMs = 60_000;

/** Makes an engine on a database that is open and up to date. Its adapters call nobody yet. */
export function createEngine(config: Config, around: Surroundings, parts: EngineParts): Engine {
  const { clock, random, timeoutMs } = around;
  const { db, jobsAdded, outer } = parts;
  const stopping = new AbortController();
  const hide = createValueMask(secretsIn(config));
  const upstream = {
    ...callsOf(around),
    stop: stopping.signal,
    ...(outer === undefined ? {} : { outer }),
  };
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
  const claims = claimsIn(config) ?? claimsOf([]);
  const mail = { mailTo: config.MAIL_TO, mailHost: mailHost(config.MAIL_FROM) };
  const settings = {
    ...mail,
    serves,
    aicProject: config.AIC_PROJECT,
    claims,
    // A pipeline is written and read back: one more waits for each call that is free.
    itemsAtOnce: 2 * config.AIC_CONCURRENCY,
    commandMaxAgeMs: config.COMMAND_MAX_AGE_HOURS * hourMs,
  };
  return {
    ...parts,
    serves,
    mail,
    portsFor: ({ log: runLog, lease }) => {
      const stop = lease === undefined ? stopping.signal : AbortSignal.any([stopping.signal, lease.lost]);
      const guard = lease === undefined ? undefined : guardOf(lease.fence);
      const store = createStore(db, clock, jobsAdded, guard);
      const beforeCall = () => lease?.check();
      const talking = {
        gitlab: gitlab(runLog, stop, beforeCall),
        aic: withinClaims(aic(runLog, stop, beforeCall), claims),
        log: runLog,
      };
      return { ...talking, store, jobs: store, clock, random, nonce, settings };
    },
    stopCalls: () => stopping.abort(),
  };
}

/** What the bot does with an engine, whatever starts it: it takes deliveries, and runs jobs. */
export interface BotOnEngine {
  /** What the routes work with. */
  readonly ports: AppPorts;
  readonly inbox: Inbox;
  readonly runJob: (job: Job, tries: number, run: Run) => Promise<JobOutcome>;
  /** Has the jobs that always wait run now: the first look of all, after a start. */
  readonly lookNow: () => Promise<void>;
  /** Adds those of them that are neither waiting nor running. */
  readonly keepStanding: () => Promise<void>;
}

/**
 * Makes the bot. It runs nothing by itself: whoever starts it serves its routes, and runs its jobs.
 * @param checkStore rejects when the store can't be read or written
 */
export function createBotOn(
  engine: Engine,
  config: Config,
  around: Surroundings,
  { mailer, checkStore }: { readonly mailer: Mailer; readonly checkStore: () => Promise<void> },
): BotOnEngine {
  const { clock, log } = around;
  const { db, serves } = engine;
  const inbox = createInbox(db, clock, engine.jobsAdded);
  const { PUBLIC_URL: address } = config;
  const forJobs = {
    mailer,
    inbox,
    sweep: {
      everyMs: config.SWEEP_MINUTES * 60_000,
      driftEveryMs: config.DRIFT_MINUTES === 0 ? undefined : config.DRIFT_MINUTES * 60_000,
      named: projectsNamedIn(config),
    },
    keep: {
      deliveriesMs: config.KEEP_DELIVERIES_DAYS * dayMs,
      snapshotsMs: config.KEEP_SNAPSHOTS_DAYS * dayMs,
    },
    memory: createSweepMemory(clock.now()),
    hook: { url: address === undefined ? undefined : hookUrl(address), secrets: hookSecrets(config) },
  };
  const unleased = () => engine.portsFor({ log, lease: undefined });
  return {
    inbox,
    runJob: (job, tries, run) => runJob({ ...engine.portsFor(run), ...forJobs }, job, tries),
    lookNow: () => {
      const dueAt = clock.now();
      return unleased().jobs.add(...standing.map((job) => ({ job, dueAt })));
    },
    keepStanding: async () => {
      const keys = standing.map((job) => keyOf(job));
      const rows = await db.selectFrom('jobs').select('key').where('key', 'in', keys).execute();
      const known = new Set(rows.map(({ key }) => key));
      const missing = standing.filter((job) => !known.has(keyOf(job)));
      const dueAt = clock.now();
      if (missing.length > 0) await unleased().jobs.add(...missing.map((job) => ({ job, dueAt })));
    },
    ports: {
      inbox,
      clock,
      log,
      serves,
      secrets: { tokens: config.GITLAB_WEBHOOK_SECRET, signingToken: config.GITLAB_SIGNING_TOKEN },
      readiness: createReadiness({
        clock,
        store: checkStore,
        upstreams: probesOf(config, around),
        brokenHooks: async () => {
          const known = await unleased().store.projects();
          return known.filter(({ hookProblem }) => hookProblem !== undefined).length;
        },
        brokenJobs: () => countBrokenJobs(db, clock.now()),
      }),
    },
  };
}

/** Asks GitLab and AIC, once and briefly, whether they answer. */
function probesOf(
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
