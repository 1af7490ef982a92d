import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from 'vitest';
import { unstable_startWorker as startWorker } from 'wrangler';
import { z } from 'zod';

import { personAt, until, type Person } from '../../demo/person.ts';
import { startWorld, type World } from '../../demo/world.ts';
import { aicProject, isFinal, mapping, sqlFile } from '../e2e/scene.ts';

const iid = z.object({ iid: z.number() });
const notes = z.array(z.object({ body: z.string(), author: z.object({ username: z.string() }) }));
const patienceMs = 40_000;

let world: World;
let worker: Awaited<ReturnType<typeof startWorker>>;
let person: Person;
let project: number;

let folder: string;

async function begin(settings: Readonly<Record<string, string>> = {}): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'aic-bot-worker-'));
  world = await startWorld();
  const { gitlab, aic, bot } = world;
  const omar = gitlab.addUser({ username: 'omar', name: 'Omar Reyes' });
  person = personAt(gitlab.url, omar.token);
  ({ id: project } = await gitlab.addProject('pin/pipelines', { defaultBranch: 'main' }));
  gitlab.addMember(project, omar.id, 40);
  gitlab.addMember(project, bot.id, 40);
  aic.addProject(aicProject);
  for (const workspace of ['PIN PROD', 'PIN QA', 'PIN TEAM A']) aic.addWorkspace(aicProject, workspace);
  await gitlab.commitFiles(project, 'main', 'Begin', { 'branch_to_workspace.yaml': mapping });
  worker = await startOn(settings);
  await worker.ready;
  const { origin } = await worker.url;
  await person.call('POST', `/projects/${project}/hooks`, {
    url: `${origin}/webhooks/gitlab`,
    token: world.webhookSecret,
    push_events: true,
    merge_requests_events: true,
    note_events: true,
  });
}

/** On what an earlier one left behind, too. */
function startOn(settings: Readonly<Record<string, string>>): ReturnType<typeof startWorker> {
  const given = { ...world.settings, DRIFT_MINUTES: '0', ...settings };
  return startWorker({
    config: join(import.meta.dirname, '../../wrangler.toml'),
    envFiles: [],
    bindings: Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, { type: 'plain_text', value } as const]),
    ),
    dev: {
      server: { hostname: '127.0.0.1', port: 0 },
      inspector: false,
      logLevel: 'none',
      persist: folder,
      testScheduled: true,
    },
  });
}

/** As the cron trigger does each minute. */
async function cron(): Promise<void> {
  await worker.ready;
  await worker.fetch('http://localhost/__scheduled?cron=*+*+*+*+*');
}

afterEach(async () => {
  await worker.dispose();
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

async function merge(files: Readonly<Record<string, string>>): Promise<number> {
  await world.gitlab.commitFiles(project, 'work/1', 'Change', files, { startBranch: 'main' });
  const request = { source_branch: 'work/1', target_branch: 'main', title: 'Change' };
  const opened = iid.parse(await person.call('POST', `/projects/${project}/merge_requests`, request)).iid;
  await person.call('PUT', `/projects/${project}/merge_requests/${opened}/merge`);
  return opened;
}

async function comments(request: number): Promise<readonly string[]> {
  const all = notes.parse(
    await person.call('GET', `/projects/${project}/merge_requests/${request}/notes?per_page=100`),
  );
  return all.filter(({ author }) => author.username === 'aic-bot').map(({ body }) => body);
}

const outcome = (request: number) =>
  until('the outcome', async () => (await comments(request)).find(isFinal), patienceMs);

const many = (count: number) =>
  Object.assign(
    {},
    ...Array.from({ length: count }, (_, number) => sqlFile(`load ${number}`, `select ${number}`)),
  ) as Record<string, string>;
const titles = () => world.aic.pipelines(aicProject, 'PIN PROD').toSorted();

describe('the Worker, in workerd', () => {
  test('deploys a merge, tells of it on the merge request and by mail', async () => {
    await begin();
    const request = await merge(sqlFile('daily load', 'select 1'));
    expect(await outcome(request)).toContain('daily load');
    expect(world.aic.pipelineText(aicProject, 'PIN PROD', 'daily load')).toContain('select 1');
    await until('the mail', () => world.mail.mails.length > 0 || undefined, patienceMs);
    expect(world.mail.mails).toHaveLength(1);
  });

  test('remembers for some seconds whether it is ready, for all that ask', async () => {
    await begin();
    await cron();
    const { gitlab } = world;
    const ask = async () => (await worker.fetch('http://localhost/readyz')).json();
    const probes = () => gitlab.calls.filter(({ path }) => path.endsWith('/user')).length;
    gitlab.inject({ path: /\/user$/, fault: { kind: 'status', status: 503 } });
    const missing = { status: 'not ready', missing: ['GitLab (503)'] };
    expect(await ask()).toEqual(missing);
    gitlab.clearFaults();
    const before = probes();
    for (const answer of await Promise.all(Array.from({ length: 10 }, ask))) expect(answer).toEqual(missing);
    expect(probes() - before).toBeLessThan(10);
    const isReady = async () => ((await ask()) as { status?: unknown }).status === 'ready' || undefined;
    await until('its return', isReady, patienceMs);
  }, 90_000);

  test('takes a name that no row of a database holds as rejected, tells of it, and goes on', async () => {
    await begin();
    const answer = await worker.fetch('http://localhost/webhooks/gitlab', {
      method: 'POST',
      headers: { 'x-gitlab-token': world.webhookSecret, 'webhook-id': 'large' },
      body: JSON.stringify({
        object_kind: 'push',
        project: { id: project, path_with_namespace: 'pin/pipelines' },
        // Fewer characters than a row has bytes, and more bytes.
        ref: `refs/heads/${'€'.repeat(500_000)}`,
        before: '0'.repeat(40),
        after: '1'.repeat(40),
      }),
    });
    expect(answer.status).toBe(202);
    const request = await merge(sqlFile('daily load', 'select 1'));
    expect(await outcome(request)).toContain('daily load');
    const isTold = ({ text }: { readonly text: string }) => text.includes('could not be read');
    const mail = await until('the mail', () => world.mail.mails.find(isTold), patienceMs);
    expect(mail.text).toContain('ref');
  }, 90_000);

  test('carries out a command once, though it is delivered twice, and answers it', async () => {
    await begin();
    await world.gitlab.commitFiles(project, 'main', 'Add', sqlFile('daily load', 'select 1'));
    const issue = iid.parse(
      await person.call('POST', `/projects/${project}/issues`, { title: 'Commands' }),
    ).iid;
    const path = `/projects/${project}/issues/${issue}/notes`;
    await person.call('POST', path, { body: '/aic deploy force branch=main' });
    await world.gitlab.deliveriesSettled();
    const sent = world.gitlab.deliveries.find(({ event }) => event === 'Note Hook');
    const again = async () => {
      const answer = await worker.fetch('http://localhost/webhooks/gitlab', {
        method: 'POST',
        headers: {
          'x-gitlab-token': world.webhookSecret,
          'x-gitlab-event': 'Note Hook',
          'idempotency-key': sent?.idempotencyKey ?? '',
        },
        body: sent?.body ?? '',
      });
      return { code: answer.status, ...z.object({ status: z.string() }).parse(await answer.json()) };
    };
    expect((await Promise.all([again(), again()])).map(({ code }) => code)).toEqual([202, 202]);
    const answers = async () =>
      notes
        .parse(await person.call('GET', `${path}?per_page=100`))
        .filter(({ author }) => author.username === 'aic-bot');
    await until(
      'the answer',
      async () => (await answers()).find(({ body }) => body.includes('daily load')),
      patienceMs,
    );
    expect(await again()).toEqual({ code: 202, status: 'duplicate' });
    await cron();
    expect(await answers()).toHaveLength(1);
    expect(titles()).toEqual(['daily load']);
  });

  test('takes a body that is too large for a row, and forgets no more of it than the body', async () => {
    await begin();
    const before = await world.gitlab.commitId(project, 'main');
    const after = await world.gitlab.commitFiles(project, 'main', 'Add', sqlFile('daily load', 'select 1'), {
      hooks: false,
    });
    const answer = await worker.fetch('http://localhost/webhooks/gitlab', {
      method: 'POST',
      headers: {
        'x-gitlab-token': world.webhookSecret,
        'x-gitlab-event': 'Push Hook',
        'webhook-id': 'large',
      },
      body: JSON.stringify({
        object_kind: 'push',
        ref: 'refs/heads/main',
        before,
        after,
        project: { id: project, path_with_namespace: 'pin/pipelines' },
        commits: [{ message: 'long '.repeat(1_000_000) }],
      }),
    });
    expect(answer.status).toBe(202);
    expect(await answer.json()).toMatchObject({ status: 'queued' });
    // A push past review is looked at, and told of on its commit or by mail.
    const isTold = ({ text }: { readonly text: string }) => text.includes('daily load');
    await until('the mail', () => world.mail.mails.some(isTold) || undefined, patienceMs);
  }, 90_000);

  test('deploys more than one alarm may call for, slice by slice', async () => {
    await begin({ CALLS_PER_SLICE: '20' });
    const request = await merge(many(40));
    expect(await outcome(request)).toContain('load 39');
    expect(titles()).toHaveLength(40);
    expect(new Set(titles()).size).toBe(40);
  }, 90_000);

  test('goes on where it was when everything vanishes in the middle', async () => {
    await begin({ CALLS_PER_SLICE: '20' });
    world.aic.setLatency(60);
    const request = await merge(many(20));
    await until('some of them', () => titles().length > 4 || undefined, patienceMs);
    await worker.dispose();
    expect(titles().length).toBeLessThan(20);
    worker = await startOn({ CALLS_PER_SLICE: '20' });
    await cron();
    expect(await outcome(request)).toContain('load 19');
    expect(titles()).toHaveLength(20);
    expect((await comments(request)).filter(isFinal)).toHaveLength(1);
  }, 90_000);
});
