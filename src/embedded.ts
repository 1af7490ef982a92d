import type { Hono } from 'hono';

import { usualBreaking } from './adapters/breaker.ts';
import { createLanes } from './adapters/queue/lanes.ts';
import { checkStore } from './adapters/store/check-store.ts';
import { createInbox } from './adapters/store/inbox.ts';
import { createSmtpSender } from './adapters/mail/smtp.ts';
import { createApp } from './app.ts';
import { hookSecrets, projectsNamedIn, secretsIn, type Config } from './config.ts';
import { openEngine, probesOf, type Surroundings } from './engine.ts';
import { hookUrl } from './domain/hook.ts';
import { checkTokenJob, cleanUpJob, sweepJob } from './domain/job.ts';
import { createValueMask } from './domain/secrets.ts';
import { createReadiness } from './handlers/readiness.ts';
import { runJob } from './handlers/run-job.ts';
import { createSweepMemory } from './handlers/sweep.ts';

export interface Bot {
  readonly app: Hono;
  /** Takes up what was unfinished, and begins to work. */
  start(): Promise<void>;
  /** Begins nothing new, lets running work end for at most so long, and closes the store. */
  stop(graceMs: number): Promise<void>;
}

const lanesAtOnce = 8;
const dayMs = 24 * 60 * 60_000;

/**
 * The bot of one Node process on SQLite. It accepts deliveries at once and works from `start` on. Another bot, or operators' commands, may
 * use the same file.
 */
export async function createEmbeddedBot(config: Config, around: Surroundings): Promise<Bot> {
  const { clock, log, mask, random } = around;
  const wake = () => lanes.wake();
  const engine = await openEngine(config, around, { who: 'the bot', jobsAdded: wake });
  const { db, leases, serves, mail } = engine;
  const mailer = createSmtpSender({
    url: config.SMTP_URL,
    from: config.MAIL_FROM,
    mask,
    hide: createValueMask(secretsIn(config)),
    log,
    breaking: around.breaking ?? usualBreaking,
    ...(around.timeoutMs === undefined ? {} : { timeoutMs: around.timeoutMs }),
  });
  const inbox = createInbox(db, clock, wake);
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
  const lanes = createLanes({
    db,
    leases,
    clock,
    random,
    log,
    concurrency: lanesAtOnce,
    run: (job, tries, run) => runJob({ ...engine.portsFor(run), ...forJobs }, job, tries),
  });
  const app = createApp({
    inbox,
    clock,
    log,
    serves,
    mail,
    secrets: { tokens: config.GITLAB_WEBHOOK_SECRET, signingToken: config.GITLAB_SIGNING_TOKEN },
    readiness: createReadiness({
      clock,
      store: () => checkStore(db),
      upstreams: probesOf(config, around),
      brokenHooks: async () => {
        const known = await engine.portsFor({ log, lease: undefined }).store.projects();
        return known.filter(({ hookProblem }) => hookProblem !== undefined).length;
      },
    }),
  });
  return {
    app,
    start: async () => {
      // Also the first look of all; where one waits already, it comes now.
      const { jobs } = engine.portsFor({ log, lease: undefined });
      const dueAt = clock.now();
      await jobs.add({ job: checkTokenJob, dueAt }, { job: sweepJob, dueAt }, { job: cleanUpJob, dueAt });
      await lanes.start();
    },
    stop: async (graceMs) => {
      engine.stopCalls();
      await lanes.stop(graceMs);
      mailer.close();
      await engine.close();
    },
  };
}
