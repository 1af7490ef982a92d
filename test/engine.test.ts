import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { createLog } from '../src/adapters/log.ts';
import { parseConfig } from '../src/config.ts';
import { cleanUpJob } from '../src/domain/jobs/job.ts';
import { ok } from '../src/domain/shared/result.ts';
import { createBotOn } from '../src/runtime/engine.ts';
import { openNodeEngine } from '../src/runtime/node-engine.ts';

test('of the jobs that always wait only the missing ones are added, and those that wait are left in peace', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'aic-bot-engine-'));
  const config = parseConfig({
    GITLAB_URL: 'https://gitlab.example.com',
    GITLAB_TOKEN: 'a-token',
    GITLAB_WEBHOOK_SECRET: 'a-secret',
    GITLAB_PROJECTS: 'pin/**',
    AIC_WORKSPACES: 'pin/**=PIN ANALYTICS/*',
    AIC_API_KEY: 'a-key',
    SMTP_URL: 'smtp://mail.example.com',
    MAIL_FROM: 'aic-bot@example.com',
    MAIL_TO: 'team@example.com',
    DATABASE_URL: `file:${join(folder, 'bot.db')}`,
  });
  if (!config.ok) throw new Error('the settings are wrong');
  const clock = { now: () => 1_000_000 };
  const mask = (text: string) => text;
  const log = createLog({ level: 'silent', clock, mask, write: () => {} });
  const around = { clock, log, mask, random: () => 0 };
  const engine = await openNodeEngine(config.value, around, { who: 'a test', jobsAdded: () => {} });
  const mailer = { send: async () => ok(undefined) };
  const bot = createBotOn(engine, config.value, around, { mailer, checkStore: async () => {} });
  const due = async () => {
    const rows = await engine.db.selectFrom('jobs').select(['key', 'due_at']).orderBy('key').execute();
    return Object.fromEntries(rows.map(({ key, due_at: at }) => [key, at]));
  };
  const tomorrow = clock.now() + 86_400_000;
  await engine.portsFor({ log, lease: undefined }).jobs.add({ job: cleanUpJob, dueAt: tomorrow });
  await bot.keepStanding();
  expect(await due()).toEqual({ 'check-token': 1_000_000, 'clean-up': tomorrow, sweep: 1_000_000 });
  await bot.keepStanding();
  expect(await due()).toEqual({ 'check-token': 1_000_000, 'clean-up': tomorrow, sweep: 1_000_000 });
  await bot.lookNow();
  expect(await due()).toEqual({ 'check-token': 1_000_000, 'clean-up': 1_000_000, sweep: 1_000_000 });
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});
