import type { Hono } from 'hono';
import { sql } from 'kysely';

import { createLanes } from './adapters/queue/lanes.ts';
import { createInbox } from './adapters/store/inbox.ts';
import { createSmtpSender } from './adapters/mail/smtp.ts';
import { createApp } from './app.ts';
import type { Config } from './config.ts';
import { openEngine, probesOf, type Surroundings } from './engine.ts';
import { checkTokenJob } from './domain/job.ts';
import { createReadiness } from './handlers/readiness.ts';
import { runJob } from './handlers/run-job.ts';

export interface Bot {
  readonly app: Hono;
  /** Takes up what was unfinished, and begins to work. */
  start(): Promise<void>;
  /** Begins nothing new, lets running work end for at most so long, and closes the store. */
  stop(graceMs: number): Promise<void>;
}

const lanesAtOnce = 8;

/**
 * The bot of one Node process on SQLite. It accepts deliveries at once and works from `start` on. Another bot, or operators' commands, may
 * use the same file.
 */
export async function createEmbeddedBot(config: Config, around: Surroundings): Promise<Bot> {
  const { clock, log, mask, random } = around;
  const wake = () => lanes.wake();
  const engine = await openEngine(config, around, { who: 'the bot', jobsAdded: wake });
  const { db, leases, serves, mail } = engine;
  const mailer = createSmtpSender({ url: config.SMTP_URL, from: config.MAIL_FROM, mask });
  const lanes = createLanes({
    db,
    leases,
    clock,
    random,
    log,
    concurrency: lanesAtOnce,
    run: (job, tries, run) => runJob({ ...engine.portsFor(run), mailer }, job, tries),
  });
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
      upstreams: probesOf(config, around),
    }),
  });
  return {
    app,
    start: async () => {
      // Also the first look of all; where one waits already, it comes now.
      const { jobs } = engine.portsFor({ log, lease: undefined });
      await jobs.add({ job: checkTokenJob, dueAt: clock.now() });
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
