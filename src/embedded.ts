import type { Hono } from 'hono';
import { sql } from 'kysely';

import { createAic } from './adapters/aic/aic.ts';
import { createGitLab } from './adapters/gitlab/gitlab.ts';
import { defaultRetry, type RetryPolicy } from './adapters/http-client.ts';
import { createSmtpSender } from './adapters/mail/smtp.ts';
import { createLanes } from './adapters/queue/lanes.ts';
import { createInbox } from './adapters/store/inbox.ts';
import { openSqlite } from './adapters/store/sqlite.ts';
import { createStore } from './adapters/store/store.ts';
import { createApp } from './app.ts';
import { aicHostsIn, servedBy, type Config } from './config.ts';
import type { Clock } from './domain/clock.ts';
import { checkTokenJob } from './domain/job.ts';
import type { Log } from './domain/log.ts';
import { createReadiness } from './handlers/readiness.ts';
import { runJob } from './handlers/run-job.ts';

export interface Surroundings {
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly mask: (text: string) => string;
  /** How long failing calls are tried again; the default suits real systems. */
  readonly retry?: RetryPolicy;
}

export interface Bot {
  readonly app: Hono;
  /** Takes up what was unfinished, and begins to work. */
  start(): Promise<void>;
  /** Begins nothing new, lets running work end for at most so long, and closes the store. */
  stop(graceMs: number): Promise<void>;
}

const lanesAtOnce = 8;
const gitLabTimeoutMs = 30_000;
const aicTimeoutMs = 60_000;

/** The bot of one Node process on SQLite. It accepts deliveries at once and works from `start` on. */
export async function createEmbeddedBot(config: Config, around: Surroundings): Promise<Bot> {
  const { clock, log, mask, random, retry = defaultRetry } = around;
  const stopping = new AbortController();
  const upstream = { clock, mask, retry, stop: stopping.signal };
  const gitlab = createGitLab({
    ...upstream,
    url: config.GITLAB_URL,
    token: config.GITLAB_TOKEN,
    timeoutMs: gitLabTimeoutMs,
  });
  const aic = createAic({
    ...upstream,
    hosts: aicHostsIn(config),
    concurrency: config.AIC_CONCURRENCY,
    timeoutMs: aicTimeoutMs,
  });
  const mailer = createSmtpSender({ url: config.SMTP_URL, from: config.MAIL_FROM, mask });
  const serves = servedBy(config);
  const mail = { mailTo: config.MAIL_TO, mailHost: mailHost(config.MAIL_FROM) };

  const db = await openSqlite(config.DATABASE_URL);
  const wake = () => lanes.wake();
  const store = createStore(db, clock, wake);
  const settings = { ...mail, serves, aicProject: config.AIC_PROJECT, itemsAtOnce: config.AIC_CONCURRENCY };
  const lanes = createLanes({
    db,
    clock,
    random,
    log,
    concurrency: lanesAtOnce,
    run: (job, tries, jobLog) =>
      runJob(
        {
          gitlab: gitlab(jobLog),
          aic: aic(jobLog),
          store,
          jobs: store,
          mailer,
          log: jobLog,
          clock,
          random,
          settings,
        },
        job,
        tries,
      ),
  });

  const once = { firstPauseMs: 0, longestPauseMs: 0, totalMs: 0 };
  const readinessLog = log.with({ check: 'readiness' });
  const probes = { ...upstream, retry: once, timeoutMs: 5_000 };
  const gitlabProbe = createGitLab({ ...probes, url: config.GITLAB_URL, token: config.GITLAB_TOKEN })(
    readinessLog,
  );
  const aicProbe = createAic({ ...probes, hosts: aicHostsIn(config), concurrency: 1 })(readinessLog);
  const app = createApp({
    inbox: createInbox(db, clock, wake),
    clock,
    log,
    serves,
    mail,
    secrets: { tokens: config.GITLAB_WEBHOOK_SECRET, signingToken: config.GITLAB_SIGNING_TOKEN },
    notReady: createReadiness({
      clock,
      store: async () => {
        await sql`select 1`.execute(db);
      },
      upstreams: [() => gitlabProbe.reachable(), () => aicProbe.reachable()],
    }),
  });
  return {
    app,
    start: async () => {
      // Also the first look of all; where one waits already, it comes now.
      await store.add({ job: checkTokenJob, dueAt: clock.now() });
      await lanes.start();
    },
    stop: async (graceMs) => {
      stopping.abort();
      await lanes.stop(graceMs);
      mailer.close();
      await db.destroy();
    },
  };
}

function mailHost(from: string): string {
  return /@([^\s@<>]+)>?\s*$/.exec(from)?.[1] ?? 'localhost';
}
