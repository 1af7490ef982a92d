import { createLog } from './adapters/log.ts';
import { describeStoreFailure } from './adapters/store/engines/store-failure.ts';
import { describeMistakes, parseConfig, secretsIn } from './config.ts';
import { createMask } from './domain/secrets/mask.ts';
import { withEnvFile } from './cli/env-file.ts';
import { listen } from './http/listen.ts';
import { createNodeBot, type Bot } from './runtime/node-bot.ts';

/** Running work may take this long after SIGTERM; then it is cut off and taken up at the next start. */
const graceMs = 8_000;

const { variables, notice } = withEnvFile(process.cwd(), process.env);
const config = parseConfig(variables);
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
  if (notice !== undefined)
    log.info('hosts and keys from a file', { path: notice.path, settings: notice.settings.join(' ') });
  let bot: Bot;
  try {
    bot = await createNodeBot(settings, { clock, random: Math.random, log, mask });
  } catch (error) {
    giveUp(mask(`DATABASE_URL ${settings.DATABASE_URL} cannot be used: ${describeStoreFailure(error)}`));
    return;
  }
  const at = { port: settings.PORT, hostname: settings.HOST };
  const server = listen(bot.app.fetch, at, ({ address, port }) => {
    log.info('listening', { address, port });
    bot
      .start()
      .catch((error: unknown) => giveUp(mask(`the database failed: ${describeStoreFailure(error)}`)));
  });
  server.once('error', (error) =>
    giveUp(`it cannot listen on HOST ${settings.HOST}, PORT ${settings.PORT}: ${wordsOf(error)}`),
  );

  const stop = async (signal: string) => {
    log.info('stopping', { signal });
    server.close();
    try {
      await bot.stop(graceMs);
    } catch (error) {
      log.error('did not stop cleanly', { error: wordsOf(error) });
    }
    log.info('stopped');
    process.exit(0);
  };
  process.once('SIGTERM', (signal) => void stop(signal));
  process.once('SIGINT', (signal) => void stop(signal));
}

function giveUp(why: string): void {
  process.stderr.write(`aic-bot cannot start: ${why}\n`);
  process.exit(1);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
