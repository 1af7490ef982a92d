import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { startBotProcess } from '../../demo/bot-process.ts';
import { until } from '../../demo/person.ts';
import { createPool, databaseOn } from '../../src/adapters/store/engines/postgres.ts';
import { runCli } from '../e2e/cli.ts';
import { aicProject, mapping, setScene, sqlFile, type Scene } from '../e2e/scene.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';

/*
 * The operator's command line on PostgreSQL.
 */

let postgres: TestPostgres;
let scene: Scene;
let url: string;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  url = await postgres.newDatabase();
  scene = await setScene({ mapping });
});
afterEach(() => scene.close());

const settings = () => ({ ...scene.world.settings, DRIFT_MINUTES: '0', DATABASE_URL: url });
const cli = (...args: readonly string[]) => runCli(settings(), scene.world.folder, args);

test('deploys in its own process beside a bot, which sends what it tells; the audit log is whole', async () => {
  const { world } = scene;
  await scene.commit('main', sqlFile('daily load', 'select 1'));
  const bot = await startBotProcess(settings(), world.folder);
  try {
    const deployed = await cli('deploy', 'pin/pipelines', 'main', 'daily load', '--force');
    expect({ code: deployed.code, stderr: deployed.stderr }).toMatchObject({ code: 0 });
    expect(world.aic.pipelineText(aicProject, 'PIN PROD', 'daily load')).toContain('select 1');
    await until(
      'the mail',
      () => world.mail.mails.find(({ subject }) => subject.startsWith('[Deploy]')),
      20_000,
    );
    const verified = await cli('audit', 'verify', '--json');
    expect(verified.json()).toMatchObject({ ok: true });
    const exported = await cli('audit', 'export');
    expect(exported.stdout.trim().split('\n').length).toBeGreaterThan(0);
  } finally {
    await bot.end('SIGTERM');
  }
});

test('tells of a database that is not there, without its password', async () => {
  const wrong = url.replace('/test_', '/other_');
  const told = await runCli({ ...settings(), DATABASE_URL: wrong }, scene.world.folder, [
    'deploy',
    'pin/pipelines',
    'main',
  ]);
  expect(told.code).toBe(1);
  expect(told.stdout).toContain('does not exist: create the database, or correct DATABASE_URL');
  expect(told.stdout + told.stderr).not.toContain('a-password');
});

test('migrate-store moves the file of a bot that was stopped, and a bot goes on with it', async () => {
  const { world } = scene;
  const file = `file:${join(world.folder, 'aic-bot.db')}`;
  const first = await startBotProcess({ ...settings(), DATABASE_URL: file }, world.folder);
  await scene.commit('main', sqlFile('daily load', 'select 1'));
  const deployed = await runCli({ ...settings(), DATABASE_URL: file }, world.folder, [
    'deploy',
    'pin/pipelines',
    'main',
    'daily load',
    '--force',
  ]);
  expect(deployed.code).toBe(0);
  await first.end('SIGTERM');
  const moved = await cli('migrate-store', '--from', file, '--to', url);
  expect({ code: moved.code, stdout: moved.stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('it is whole'),
  });
  const second = await startBotProcess(settings(), world.folder);
  const db = databaseOn(createPool(url, 1));
  try {
    // The mail and all else that waited in the file is done.
    await until(
      'the end of all jobs',
      async () => {
        const left = await db.selectFrom('jobs').select('key').where('due_at', '<=', Date.now()).execute();
        return left.length === 0 ? true : undefined;
      },
      20_000,
    );
    expect(world.mail.mails.filter(({ subject }) => subject.startsWith('[Deploy]'))).toHaveLength(1);
    const again = await cli('migrate-store', '--from', file, '--to', url);
    expect(again.stdout).toContain('Nothing was moved');
  } finally {
    await db.destroy();
    await second.end('SIGTERM');
  }
});
