import type { Hono } from 'hono';

import { usualBreaking } from '../adapters/http/circuit-breaker.ts';
import { createSmtpSender } from '../adapters/notify/smtp.ts';
import { createLanes, type Lanes } from '../adapters/queue/sqlite-lanes.ts';
import type { JobsAdded } from '../adapters/store/tables/rows.ts';
import { checkStore } from '../adapters/store/engines/check-store.ts';
import { createApp } from '../http/app.ts';
import { secretsIn, type Config } from '../config.ts';
import { createValueMask } from '../domain/secrets/mask.ts';
import { createBotOn, type Surroundings } from './engine.ts';
import { openNodeEngine } from './node-engine.ts';

/** A bot in a Node process. */
export interface Bot {
  readonly app: Hono;
  /** Takes up what was unfinished, and begins to work. */
  start(): Promise<void>;
  /** Begins nothing new, lets running work end for at most so long, and closes the store. */
  stop(graceMs: number): Promise<void>;
}

const lanesAtOnce = 8;

/**
 * The bot of one Node process, on SQLite or PostgreSQL. It accepts deliveries at once and works from `start` on. Other bots on one PostgreSQL share the
 * work; operators' commands may use the same database.
 */
export async function createNodeBot(config: Config, around: Surroundings): Promise<Bot> {
  const { clock, log, mask, random } = around;
  const jobsAdded: JobsAdded = (jobs) => lanes.wake(Math.min(...jobs.map(({ dueAt }) => dueAt)));
  const engine = await openNodeEngine(config, around, { who: 'the bot', jobsAdded });
  const { db, leases, pool, leaseMs } = engine;
  const mailer = createSmtpSender({
    url: config.SMTP_URL,
    from: config.MAIL_FROM,
    mask,
    hide: createValueMask(secretsIn(config)),
    log,
    breaking: around.breaking ?? usualBreaking,
    ...(around.timeoutMs === undefined ? {} : { timeoutMs: around.timeoutMs }),
  });
  const bot = createBotOn(engine, config, around, { mailer, checkStore: () => checkStore(db) });
  const work = { db, leases, clock, random, log, jobsAdded, concurrency: lanesAtOnce, run: bot.runJob };
  const lanes: Lanes =
    pool === undefined
      ? createLanes(work)
      : (await import('../adapters/queue/postgres-lanes.ts')).createReplicaLanes({
          ...work,
          pool,
          betweenLooksMs: leaseMs / 3,
          everyMinute: () => bot.keepStanding(),
        });
  return {
    app: createApp(bot.ports),
    start: async () => {
      // Also the first look of all; where one waits already, it comes now.
      await bot.lookNow();
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
