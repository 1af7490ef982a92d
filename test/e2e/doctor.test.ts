import { createServer } from 'node:net';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { startBotProcess } from '../../demo/bot-process.ts';
import { personAt } from '../../demo/person.ts';
import { startWorld, type World } from '../../demo/world.ts';
import { startReceiver } from '../demo/gitlab-client.ts';
import { runCli } from './cli.ts';
import { aicProject } from './scene.ts';

const path = 'pin/pipelines';
const botUrl = 'https://bot.example.com';
const project = `/projects/${encodeURIComponent(path)}`;
const signingToken = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const mapping = 'mapping:\n  main: PIN PROD\n  develop: PIN QA\naic: { project: PIN ANALYTICS }\n';

let world: World;
let hookId: number;
const admin = () => personAt(world.gitlab.url, world.gitlab.admin.token);

beforeAll(async () => {
  world = await startWorld();
  const { gitlab, aic } = world;
  await gitlab.addProject(path);
  gitlab.addMember(path, world.bot.id, 40);
  await gitlab.commitFiles(path, 'main', 'Begin', { 'branch_to_workspace.yaml': mapping });
  await gitlab.commitFiles(path, 'develop', 'Begin', { 'a.txt': 'a' });
  gitlab.protectBranch(path, 'develop');
  aic.addProject(aicProject);
  for (const workspace of ['PIN PROD', 'PIN QA']) aic.addWorkspace(aicProject, workspace);
  hookId = await addHook({ url: `${botUrl}/webhooks/gitlab` });
});
afterAll(() => world.close());

async function addHook(fields: Readonly<Record<string, unknown>>): Promise<number> {
  const all = {
    token: world.webhookSecret,
    push_events: true,
    merge_requests_events: true,
    note_events: true,
    confidential_note_events: true,
    resource_access_token_events: true,
  };
  const made = await admin().call('POST', `${project}/hooks`, { ...all, ...fields });
  return z.object({ id: z.number() }).parse(made).id;
}

const changeHook = (fields: Readonly<Record<string, unknown>>) =>
  admin().call('PUT', `${project}/hooks/${hookId}`, {
    url: `${botUrl}/webhooks/gitlab`,
    token: world.webhookSecret,
    ...fields,
  });

async function run(args: readonly string[], changes: Readonly<Record<string, string>> = {}) {
  const settings: Readonly<Record<string, string>> = { ...world.settings, PUBLIC_URL: botUrl, ...changes };
  const outcome = await runCli(settings, world.folder, ['doctor', ...args]);
  const { GITLAB_TOKEN = '?', GITLAB_WEBHOOK_SECRET = '?', AIC_API_KEY = '?' } = settings;
  for (const secret of [GITLAB_TOKEN, GITLAB_WEBHOOK_SECRET, AIC_API_KEY, signingToken])
    if (secret.length > 5) expect(outcome.stdout + outcome.stderr).not.toContain(secret);
  return outcome;
}

/** Puts another mapping on main, without a webhook. */
const putMapping = (text: string | null) =>
  world.gitlab.commitFiles(path, 'main', 'Map', { 'branch_to_workspace.yaml': text }, { hooks: false });

/** The findings that are not fine, after something was changed; what was changed is put back. */
async function findings(changes: Readonly<Record<string, string>>, undo: () => unknown = () => {}) {
  try {
    const { code, json } = await run([path, '--json'], changes);
    const { ok, checks } = json();
    expect(code).toBe(ok ? 0 : 1);
    expect(ok).toBe(checks.every(({ status }) => status !== 'failed'));
    return checks.filter(({ status }) => status !== 'fine');
  } finally {
    await undo();
  }
}

describe('doctor, when all is well', () => {
  it('tells one line for each check, and ends with 0', async () => {
    const { code, stdout, stderr } = await run([path]);
    expect(stdout.split('\n')[0]).toBe('✓ All 18 checks are fine.');
    expect(stdout).toMatch(/^✓ GitLab +answers, version "19\.1\.0"$/m);
    expect(stdout).toMatch(/^✓ webhook +"https:\/\/bot\.example\.com\/webhooks\/gitlab" is on$/m);
    expect(stdout).not.toContain('\u001B');
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('looks without a project at those that GITLAB_PROJECTS names, and not at patterns', async () => {
    const general = (await run(['--json'])).json();
    expect(general.checks.every((check) => check.project === undefined)).toBe(true);
    const named = (await run(['--json'], { GITLAB_PROJECTS: `other/**,${path}` })).json();
    expect(new Set(named.checks.map((check) => check.project))).toEqual(new Set([undefined, path]));
    expect(named.ok).toBe(true);
  });

  it('takes any webhook to a bot for its own where the address is not known', async () => {
    expect(await findings({ PUBLIC_URL: '' })).toEqual([]);
  });

  it('does not disturb a bot that runs on the same database', async () => {
    const bot = await startBotProcess(world.settings, world.folder);
    try {
      expect((await run([])).stdout).toMatch(/^✓ database +can be written to$/m);
      expect((await fetch(`${bot.url}/readyz`)).status).toBe(200);
    } finally {
      await bot.end('SIGTERM');
    }
  });
});

describe('doctor finds', () => {
  it('settings that are missing or wrong, and looks at the rest', async () => {
    const found = await findings({ AIC_API_KEY: '', PORT: 'x', MAIL_TO: '' });
    expect(found).toMatchObject([
      { check: 'settings', status: 'failed', text: 'AIC_API_KEY is not set.' },
      { check: 'settings', status: 'failed', text: 'MAIL_TO is not set.' },
      { check: 'settings', status: 'failed', text: expect.stringContaining('PORT'), remedy: 'Example: 8080' },
      { check: 'workspaces', status: 'failed', remedy: expect.stringContaining('AIC_API_KEY') },
    ]);
  });

  it('that nothing at all is set', async () => {
    const { code, stdout } = await runCli({}, world.folder, ['doctor']);
    expect(code).toBe(1);
    for (const setting of ['GITLAB_URL', 'GITLAB_TOKEN', 'AIC_API_KEY', 'SMTP_URL', 'MAIL_TO'])
      expect(stdout).toContain(`${setting} is not set.`);
    expect(stdout).toMatch(/^· GitLab +not looked at: that needs/m);
  });

  it('a GitLab that does not answer', async () => {
    const found = await findings({ GITLAB_URL: 'http://127.0.0.1:1' });
    expect(found).toContainEqual(
      expect.objectContaining({
        check: 'GitLab',
        status: 'failed',
        remedy: expect.stringContaining('GITLAB_URL'),
      }),
    );
    expect(found.map(({ check }) => check)).not.toContain('AIC');
  });

  it('a GitLab that takes the question and never answers it', async () => {
    const stop = world.gitlab.inject({ path: /\/version$/, fault: { kind: 'hang' } });
    const found = await findings({}, stop);
    expect(found).toMatchObject([{ check: 'GitLab', status: 'failed' }]);
  });

  it('a token that GitLab does not know, or no longer', async () => {
    const unknown = await findings({ GITLAB_TOKEN: 'glpat-of-somebody-else' });
    expect(unknown.every(({ status }) => status === 'failed')).toBe(true);
    expect(unknown[0]).toMatchObject({ remedy: expect.stringContaining('GITLAB_TOKEN') });
    world.gitlab.setTokenExpiry(world.bot.token, '2020-01-01');
    const expired = await findings({}, () => world.gitlab.setTokenExpiry(world.bot.token, undefined));
    expect(expired[0]?.text).toContain('Token is expired');
  });

  it('a token of a person, and says how to tell', async () => {
    const person = world.gitlab.addUser({ username: 'omar', name: 'Omar Reyes' });
    world.gitlab.addMember(path, person.id, 40);
    const found = await findings({ GITLAB_TOKEN: person.token });
    expect(found).toMatchObject([
      { check: 'token owner', status: 'warning', text: expect.stringContaining('"omar"') },
    ]);
    expect(found[0]?.remedy).toContain('project or group access token');
  });

  it('a token without the scope', async () => {
    world.gitlab.setTokenScopes(world.bot.token, ['read_api']);
    const found = await findings({}, () => world.gitlab.setTokenScopes(world.bot.token, ['api']));
    expect(found).toMatchObject([{ check: 'token scopes', status: 'failed' }]);
    expect(found[0]?.remedy).toContain('the scope "api"');
  });

  it('a token that expires within 30 days', async () => {
    const soon = new Date(Date.now() + 12.5 * 24 * 3_600_000).toISOString().slice(0, 10);
    world.gitlab.setTokenExpiry(world.bot.token, soon);
    const found = await findings({}, () => world.gitlab.setTokenExpiry(world.bot.token, undefined));
    expect(found).toMatchObject([{ check: 'token expiry', status: 'warning' }]);
    expect(found[0]?.text).toMatch(/^Only 1[123] days left/);
  });

  it('a key that AIC does not take', async () => {
    const found = await findings({ AIC_API_KEY: 'wrong-key' });
    expect(found).toMatchObject([
      { check: 'AIC', status: 'failed', remedy: expect.stringContaining('AIC_API_KEY') },
      { check: 'workspaces', status: 'failed' },
    ]);
    const qa = await findings({ AIC_QA_API_KEY: 'wrong-key' });
    expect(qa).toMatchObject([{ check: 'AIC QA', remedy: expect.stringContaining('AIC_QA_API_KEY') }]);
  });

  it('a mail server that is not there', async () => {
    const found = await findings({ SMTP_URL: 'smtp://me:hunter22@127.0.0.1:1' });
    expect(found).toMatchObject([
      { check: 'mail', status: 'failed', remedy: expect.stringContaining('SMTP_URL') },
    ]);
    expect(JSON.stringify(found)).not.toContain('hunter22');
  });

  it('a mail server elsewhere that offers no encryption', async () => {
    const found = await findings({ SMTP_URL: world.mail.url.replace('127.0.0.1', '0.0.0.0') });
    expect(found).toMatchObject([
      { check: 'mail', status: 'failed', text: expect.stringContaining('add ?tls=optional to SMTP_URL') },
    ]);
  });

  it('a mail server that never greets', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = z.object({ port: z.number() }).parse(silent.address());
    const found = await findings({ SMTP_URL: `smtp://127.0.0.1:${address.port}` }, () => silent.close());
    expect(found).toMatchObject([{ check: 'mail', status: 'failed' }]);
  });

  it('a database that cannot be used', async () => {
    const folder = join(world.folder, 'a-folder');
    await mkdir(folder);
    expect(await findings({ DATABASE_URL: `file:${folder}` })).toMatchObject([
      { check: 'database', status: 'failed', remedy: expect.stringContaining('DATABASE_URL') },
    ]);
  });

  it('a database that somebody else keeps locked', async () => {
    const file = join(world.folder, 'locked.db');
    const other = new DatabaseSync(file);
    other.exec('PRAGMA journal_mode = WAL; CREATE TABLE a (b); BEGIN IMMEDIATE');
    const found = await findings({ DATABASE_URL: `file:${file}` }, () => other.close());
    expect(found).toMatchObject([
      { check: 'database', status: 'failed', text: expect.stringContaining('locked') },
    ]);
  });

  it('a project that is not there', async () => {
    const { code, json } = await run(['pin/other', '--json']);
    expect(code).toBe(1);
    expect(json().checks.filter(({ status }) => status !== 'fine')).toMatchObject([
      { check: 'project', project: 'pin/other', remedy: expect.stringContaining('aic-bot init pin/other') },
    ]);
  });

  it('a project that the bot does not serve', async () => {
    expect(await findings({ GITLAB_PROJECTS: 'other/**' })).toMatchObject([
      { check: 'project', status: 'failed', remedy: expect.stringContaining(`Add "${path}"`) },
    ]);
  });

  it('a role that is too low', async () => {
    world.gitlab.addMember(path, world.bot.id, 30);
    const found = await findings({}, () => world.gitlab.addMember(path, world.bot.id, 40));
    expect(found.map(({ check }) => check)).toEqual(['role', 'webhook']);
    expect(found[0]?.remedy).toContain('the role Maintainer');
  });

  it('a webhook that leads elsewhere', async () => {
    const found = await findings({ PUBLIC_URL: 'https://moved.example.com' });
    expect(found).toMatchObject([{ check: 'webhook', status: 'failed' }]);
    expect(found[0]?.text).toContain(`only one to "${botUrl}/webhooks/gitlab"`);
    expect(found[0]?.remedy).toContain(`aic-bot init ${path}`);
  });

  it('events that the webhook does not tell of', async () => {
    await changeHook({ note_events: false, confidential_note_events: false });
    const found = await findings({}, () => changeHook({ note_events: true }));
    expect(found).toMatchObject([
      { check: 'events', status: 'failed', text: expect.stringContaining('comments, confidential comments') },
    ]);
    const less = await findings({}, () => changeHook({ confidential_note_events: true }));
    expect(less).toMatchObject([{ check: 'events', status: 'warning' }]);
  });

  it('a webhook without the secret or the signature that the bot demands', async () => {
    await changeHook({ token: '' });
    const found = await findings({ GITLAB_SIGNING_TOKEN: signingToken }, () => changeHook({}));
    expect(found).toMatchObject([
      { check: 'webhook', status: 'failed', text: expect.stringContaining('no secret') },
      { check: 'webhook', status: 'failed', text: expect.stringContaining('does not sign') },
    ]);
  });

  it('a webhook that tells of some branches only, or does not verify the certificate', async () => {
    await changeHook({ push_events_branch_filter: 'main', enable_ssl_verification: false });
    const found = await findings({}, () =>
      changeHook({ push_events_branch_filter: '', enable_ssl_verification: true }),
    );
    expect(found.map(({ check, status }) => `${check} ${status}`)).toEqual([
      'events warning',
      'webhook warning',
    ]);
  });

  it('a webhook that GitLab has switched off, and the calls that failed', async () => {
    const receiver = await startReceiver();
    receiver.answerWith(500);
    await changeHook({ push_events: false });
    world.gitlab.disableFailingHooks(true);
    const id = await addHook({ url: `${receiver.url}/webhooks/gitlab` });
    for (let count = 1; count <= 4; count += 1) {
      await world.gitlab.commitFiles(path, 'other', 'Change', { 'a.txt': `${count}` });
      await world.gitlab.deliveriesSettled();
    }
    const found = await findings({ PUBLIC_URL: receiver.url }, async () => {
      world.gitlab.disableFailingHooks(false);
      await changeHook({ push_events: true });
      await admin().call('DELETE', `${project}/hooks/${id}`);
      await receiver.close();
    });
    expect(found).toMatchObject([
      { check: 'webhook', status: 'failed', text: expect.stringContaining('switched it off until "20') },
      {
        check: 'deliveries',
        status: 'warning',
        text: expect.stringContaining('4 failed in the last 7 days'),
      },
    ]);
    expect(found[0]?.remedy).toContain('send a test event');
  });

  it('every mistake in the mapping, by line', async () => {
    await putMapping(`${mapping}maping: {}\ndirect_push: maybe\n`);
    const found = await findings({}, () => putMapping(mapping));
    expect(found).toMatchObject([
      {
        check: 'mapping',
        status: 'failed',
        text: expect.stringMatching(/^line 5: /),
        remedy: expect.stringContaining('mapping'),
      },
      { check: 'mapping', status: 'failed', text: expect.stringMatching(/^line 6: /) },
      { check: 'branches', status: 'skipped' },
      { check: 'claims', status: 'skipped' },
      { check: 'workspaces', status: 'skipped' },
    ]);
  });

  it('a mapping that is missing', async () => {
    await putMapping(null);
    const found = await findings({}, () => putMapping(mapping));
    expect(found[0]).toMatchObject({ check: 'mapping', remedy: expect.stringContaining('aic-bot init') });
  });

  it('workspaces that the project may not use, with what grants them, and asks AIC for none of those', async () => {
    await putMapping(`${mapping}also: [PIN LAB]\n`);
    const found = await findings({ AIC_WORKSPACES: `${path}=${aicProject}/PIN PROD` }, () =>
      putMapping(mapping),
    );
    expect(found).toMatchObject([
      {
        check: 'claims',
        status: 'failed',
        text: `No grant lets "${path}" use "PIN QA", "PIN LAB" of the AIC project "${aicProject}".`,
        remedy: `If it is to use them, add to "AIC_WORKSPACES", after a semicolon: "${path}=${aicProject}/PIN QA; ${path}=${aicProject}/PIN LAB".`,
      },
    ]);
    const { checks } = (await run([path, '--json'], { AIC_WORKSPACES: 'other/**=P/*' })).json();
    expect(checks.filter(({ check }) => check === 'workspaces')).toEqual([]);
  });

  it.each([
    ['', 'is not set, and GITLAB_PROJECTS'],
    ['pin/**', 'entry 1 has no ='],
  ])('that AIC_WORKSPACES=%j tells nothing of claims', async (AIC_WORKSPACES, problem) => {
    expect(await findings({ AIC_WORKSPACES })).toMatchObject([
      { check: 'settings', status: 'failed', text: expect.stringContaining(problem) },
      { check: 'claims', status: 'skipped' },
      { check: 'workspaces', status: 'skipped' },
    ]);
  });

  it('branches that are missing or not protected, and workspaces that AIC does not have', async () => {
    await putMapping(
      'mapping: { main: PIN PROD, other: PIN QAA, gone: PIN X, team/*: PIN Y }\naic: { project: PIN ANALYTICS }\nroles: { qa: other }\n',
    );
    const found = await findings({}, () => putMapping(mapping));
    expect(found.map(({ check, status, text }) => `${check} ${status} ${text}`)).toEqual([
      expect.stringMatching(/^branches warning "other" is not protected/),
      expect.stringMatching(/^branches failed .*"gone".*no such branch/),
      expect.stringMatching(/^workspaces failed .*"PIN QAA".*Did you mean "PIN QA"/),
      expect.stringMatching(/^workspaces failed .*"PIN X"/),
      expect.stringMatching(/^workspaces failed .*"PIN Y"/),
    ]);
  });

  it('a production branch that is not protected', async () => {
    await admin().call('DELETE', `${project}/protected_branches/main`);
    const found = await findings({}, () => world.gitlab.protectBranch(path, 'main'));
    expect(found).toMatchObject([
      { check: 'branches', status: 'failed', remedy: expect.stringContaining('init') },
    ]);
  });

  it('an AIC project that is not there', async () => {
    await putMapping(mapping.replace('PIN ANALYTICS', 'PIN ANALYTIC'));
    const AIC_WORKSPACES = `${path}=PIN ANALYTIC/*; ${path}=${aicProject}/*`;
    const found = await findings({ AIC_WORKSPACES }, () => putMapping(mapping));
    expect(found).toMatchObject([{ check: 'workspaces', text: expect.stringContaining('"PIN ANALYTICS"') }]);
  });
});
