import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';

import { serve } from '@hono/node-server';

import { createLog } from './adapters/log.ts';
import { describeMistakes, parseConfig, secretsIn } from './config.ts';
import { createMask } from './domain/secrets.ts';
import { createEmbeddedBot } from './embedded.ts';

/** Running work may take this long after SIGTERM; then it is cut off and taken up at the next start. */
const graceMs = 8_000;

if (existsSync('.env')) loadEnvFile('.env');
const config = parseConfig(process.env);
if (config.ok) await run(config.value);
else {
  process.stderr.write(`${describeMistakes(config.failure)}\n`);
  process.exitCode = 1;
}

async function run(settings: Extract<typeof config, { ok: true }>['value']): Promise<void> {
  const clock = { now: () => Date.now() };
  const mask = createMask(secretsIn(settings));
  const write = (line: string) => process.stdout.write(`${line}\n`);
  const log = createLog({ level: settings.LOG_LEVEL, clock, mask, write });
  const bot = await createEmbeddedBot(settings, { clock, random: Math.random, log, mask });
  const listening = {
    fetch: bot.app.fetch,
    port: settings.PORT,
    hostname: settings.HOST,
  };
  const server = serve(listening, ({ address, port }) => log.info('listening', { address, port }));

  const stop = async (signal: string) => {
    log.info('stopping', { signal });
    server.close();
    await bot.stop(graceMs);
    log.info('stopped');
    process.exit(0);
  };
  process.once('SIGTERM', (signal) => void stop(signal));
  process.once('SIGINT', (signal) => void stop(signal));
}
