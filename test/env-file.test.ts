import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { startBotProcess } from '../demo/bot-process.ts';
import { startWorld } from '../demo/world.ts';
import { describeEnvFile, withEnvFile } from '../src/cli/env-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aic-bot-env-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = (...lines: readonly string[]) => writeFile(join(folder, '.env'), lines.join('\n'));

test('only settings of the bot are taken from a file, and none that the environment has', async () => {
  await write('GITLAB_TOKEN=of-the-file', 'NODE_TLS_REJECT_UNAUTHORIZED=0', 'PGHOST=db', 'PORT=1', 'HOST=');
  const { variables } = withEnvFile(folder, { GITLAB_TOKEN: 'mine' });
  expect(variables).toEqual({ GITLAB_TOKEN: 'mine', PORT: '1' });
});

test('a file without hosts and keys need not be told', async () => {
  await write('PORT=1', 'LOG_LEVEL=debug');
  expect(withEnvFile(folder, {}).notice).toBeUndefined();
  await rm(join(folder, '.env'));
  expect(withEnvFile(folder, {})).toEqual({ variables: {}, notice: undefined });
});

test('hosts and keys are told by name, and which key of the environment goes where', async () => {
  await write(
    'AIC_URL=https://evil.example.com/x',
    'AIC_QA_API_KEY=letmein-77',
    'PUBLIC_URL=https://evil.example.com',
  );
  const { notice } = withEnvFile(folder, { AIC_API_KEY: 'k', GITLAB_WEBHOOK_SECRET: 's', GITLAB_TOKEN: 't' });
  if (notice === undefined) throw new Error('Nothing is told.');
  const told = describeEnvFile(notice);
  expect(told).toBe(
    `Using AIC_QA_API_KEY, AIC_URL, PUBLIC_URL from ${join(folder, '.env')}. AIC_API_KEY of the environment goes to the AIC_URL of that file. GITLAB_WEBHOOK_SECRET of the environment goes to the PUBLIC_URL of that file. If the file is not yours, work in another folder.`,
  );
});

test('the bot logs it at its start', async () => {
  const world = await startWorld();
  try {
    const { GITLAB_TOKEN = '', ...others } = world.settings;
    await write(`GITLAB_TOKEN=${GITLAB_TOKEN}`);
    const bot = await startBotProcess({ ...others, PORT: '0', DATABASE_URL: 'file:bot.db' }, folder);
    await bot.end('SIGTERM');
    const told = bot.log.map((line) => JSON.parse(line)).find(({ path }) => path === join(folder, '.env'));
    expect(told).toMatchObject({ level: 'info', settings: 'GITLAB_TOKEN' });
    expect(bot.log.join('')).not.toContain(GITLAB_TOKEN);
  } finally {
    await world.close();
  }
});
