import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';

import { personAt, until } from '../../demo/person.ts';
import { aicProject, isFinal, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { issue, notesOf, onMergeRequest, say } from './thread.ts';

/*
 * A store that never takes a certain row is a bug's likeliest shape: the handler throws, however often it is run.
 */

let scene: Scene;
let bot: Awaited<ReturnType<Scene['start']>>;

beforeEach(async () => {
  scene = await setScene();
  bot = await scene.start();
  await scene.settle();
});
afterEach(() => scene.close());

const patienceMs = 60_000;
// Each of them goes through rows of pauses.
vi.setConfig({ testTimeout: 120_000 });

function sql(text: string): void {
  const file = new DatabaseSync(join(scene.world.folder, 'aic-bot.db'), { timeout: 5_000 });
  try {
    // Whoever only reads at first may not write once somebody else did.
    file.exec(`begin immediate; ${text}; commit`);
  } finally {
    file.close();
  }
}

/** From now on the store refuses what fits. */
function refuse(what: 'insert' | 'update', table: string, when: string): void {
  sql(`create trigger planted_${table} before ${what} on ${table} when ${when}
    begin select raise(abort, 'planted'); end`);
}

function allow(table: string): void {
  sql(`drop trigger planted_${table}`);
}

/** The bot looks again and again, however long its pauses are. */
async function eventually<Found>(what: string, find: () => Promise<Found | undefined>): Promise<Found> {
  return until(
    what,
    async () => {
      const found = await find();
      if (found === undefined) await scene.advance(60_000);
      return found;
    },
    patienceMs,
  );
}

const jobOf = z.object({ id: z.number(), status: z.string(), broke: z.number() });
const jobs = (kind: string) =>
  z
    .array(jobOf)
    .parse(scene.rows(`select id, status, broke from jobs where job_json ->> 'kind' = '${kind}'`));

const brokenMails = () =>
  scene.world.mail.mails.filter(({ subject }) => subject === '[aic-bot] Internal error');

/** The id that somebody was told, which the log has, as the operator's mail. */
async function isFoundBy(text: string): Promise<void> {
  const id = /\bE[0-9a-f]{8}\b/.exec(text)?.[0] ?? 'no id';
  const lines = bot.log.map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)));
  const told = lines.filter((line) => line['message'] === 'job broke off' && line['id'] === id);
  expect(told.length).toBeGreaterThanOrEqual(5);
  expect(String(told[0]?.['error'])).toContain('planted');
  const mail = await until('the mail', () => brokenMails().find((one) => one.text.includes(id)), patienceMs);
  expect(mail.to).toEqual(scene.world.settings['MAIL_TO']?.split(','));
}

const ready = z.object({ status: z.string(), warnings: z.array(z.string()).default([]) });
const warnings = async () => {
  // Answers are remembered for some seconds.
  await scene.advance(11_000);
  const answer = await fetch(`${bot.url}/readyz`);
  expect(answer.status).toBe(200);
  return ready.parse(await answer.json()).warnings.filter((warning) => warning.includes('internal error'));
};

test('a plan: its merge request and its commit are told, and get the plan once the error is gone', async () => {
  expect(await warnings()).toEqual([]);
  refuse('insert', 'plans', 'true');
  const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
  const told = await eventually('the word', async () =>
    (await scene.plans(iid)).find((body) => body.includes('internal error')),
  );
  expect(told).toMatch(/There is no plan: making it breaks off by an internal error \(E\w+\)/);
  await isFoundBy(told);
  const status = await until('the status', async () => (await statuses(iid))[0], patienceMs);
  expect(status).toMatchObject({ name: 'aic-bot/plan', status: 'failed' });
  expect(status?.description).toMatch(/^No plan: an internal error, E\w+$/);
  expect(await warnings()).toHaveLength(1);
  allow('plans');
  await eventually('the plan', async () => (await scene.plans(iid)).find((body) => body.includes('Sales')));
  await until(
    'its status',
    async () => (await statuses(iid)).find((one) => one.status === 'success'),
    patienceMs,
  );
  expect(await warnings()).toEqual([]);
  expect(brokenMails()).toHaveLength(1);
});

async function statuses(iid: number) {
  const request = z
    .object({ sha: z.string() })
    .parse(await scene.maintainer.call('GET', `/projects/${scene.projectId}/merge_requests/${iid}`));
  const all = await scene.maintainer.call(
    'GET',
    `/projects/${scene.projectId}/repository/commits/${request.sha}/statuses`,
  );
  return z
    .array(z.object({ name: z.string(), status: z.string(), description: z.string().nullable() }))
    .parse(all);
}

test('a deployment that was begun: its merge request is told that it stays running, and it ends once the error is gone', async () => {
  const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
  refuse('update', 'deployments', `new.status <> 'running'`);
  await scene.merge(iid);
  const told = await eventually('the word', async () =>
    (await scene.comments(iid)).find((body) => body.includes('internal error')),
  );
  expect(told).toMatch(
    /Deployment 1 to .*PIN QA.* broke off by an internal error \(E\w+\).* It stays running\./,
  );
  await isFoundBy(told);
  expect(scene.rows('select status from deployments')).toEqual([{ status: 'running' }]);
  allow('deployments');
  await eventually('the end', async () => (await scene.comments(iid)).find(isFinal));
  expect(scene.rows('select status from deployments')).toEqual([{ status: 'succeeded' }]);
});

test('a deployment that was not begun: what was merged, and what is merged later, is told', async () => {
  refuse('insert', 'deployments', 'true');
  const first = await scene.open('develop', sqlFile('Sales', 'select 1'));
  const second = await scene.open('develop', sqlFile('Stock', 'select 1'));
  const told = (iid: number) =>
    eventually('the word', async () =>
      (await scene.comments(iid)).find((body) => body.includes('internal error')),
    );
  await scene.merge(first);
  expect(await told(first)).toMatch(/What was merged into .*develop.* is not deployed yet/);
  await scene.merge(second);
  await isFoundBy(await told(second));
  expect(brokenMails()).toHaveLength(1);
  allow('deployments');
  await eventually('the end', async () => (await scene.comments(second)).find(isFinal));
});

describe('a command', () => {
  test('gets its end, the ones after it too, and the lane goes on', async () => {
    scene.world.aic.putPipeline(aicProject, 'PIN QA', 'Sales', sqlContent('select 1'));
    refuse('insert', 'pushes', 'true');
    const thread = await issue(scene);
    const ended = say(scene, thread, '/aic push branch=develop\n/aic status branch=develop');
    let isOver = false;
    void ended.finally(() => (isOver = true));
    await eventually('the end', async () => isOver || undefined);
    const { emoji, answer } = await ended;
    expect(emoji).toBe('x');
    expect(answer).toMatch(
      /The command broke off by an internal error \(E\w+\), and was given up\. The command after it was not carried out\./,
    );
    await isFoundBy(answer);
    expect(jobs('command')).toMatchObject([{ status: 'given-up' }]);
    expect(
      scene.rows(
        `select entry ->> '$.what' as what, entry ->> '$.result' as result from audit where entry like '%/aic%'`,
      ),
    ).toEqual([
      { what: '/aic push branch=develop', result: expect.stringMatching(/^not done: .*internal error/) },
    ]);
    const next = await say(scene, thread, '/aic deploy branch=develop');
    expect(next.emoji).toBe('white_check_mark');
    expect(await warnings()).toHaveLength(1);
    await scene.advance(25 * 60 * 60_000);
    expect(await warnings()).toEqual([]);
  });

  test('of somebody who is no member any more gets no answer', async () => {
    const { gitlab } = scene.world;
    const eve = gitlab.addUser({ username: 'eve', name: 'Eve' });
    gitlab.addMember(scene.projectId, eve.id, 30);
    scene.world.aic.putPipeline(aicProject, 'PIN QA', 'Sales', sqlContent('select 1'));
    refuse('insert', 'pushes', 'true');
    const thread = await issue(scene);
    await personAt(gitlab.url, eve.token).call('POST', `${thread.path}/notes`, {
      body: '/aic push branch=develop',
    });
    await eventually('the break', async () => jobs('command').find(({ broke }) => broke > 0));
    gitlab.removeMember(scene.projectId, eve.id);
    // As a stranger's: the run finds no member, and what it writes of that is refused as well.
    refuse('insert', 'audit', `new.entry like '%refused: no answer%'`);
    await eventually('the end', async () => jobs('command').find(({ status }) => status === 'given-up'));
    await until('the mail', () => brokenMails()[0], patienceMs);
    await until('the end of the telling', () => jobs('tell-broken').length === 0 || undefined, patienceMs);
    expect((await notesOf(scene, thread)).map(({ author }) => author.username)).toEqual(['eve']);
  });

  test('that had begun a rollback is tried again until the workspace is whole', async () => {
    const deployed = async (query: string) => {
      const request = await scene.open('develop', sqlFile('Sales', query));
      await scene.merge(request);
      await eventually('the deployment', async () => (await scene.comments(request)).find(isFinal));
      await scene.settle();
      return request;
    };
    await deployed('select 0');
    const iid = await deployed('select 1');
    refuse('update', 'deployments', `new.rolls_back is not null and new.status <> 'running'`);
    const ended = say(scene, onMergeRequest(scene, iid), '/aic rollback');
    let isOver = false;
    void ended.finally(() => (isOver = true));
    const told = await eventually('the word', async () =>
      (await scene.comments(iid)).find((body) => body.includes('internal error')),
    );
    expect(told).toMatch(
      /The command broke off by an internal error \(E\w+\), and what it began is not finished/,
    );
    await isFoundBy(told);
    allow('deployments');
    await eventually('the end', async () => isOver || undefined);
    expect(await ended).toMatchObject({ emoji: 'white_check_mark' });
    expect(await scene.comments(iid)).toContainEqual(expect.stringContaining('Rolled back deployment 2'));
  });
});

test('what tells of breaks and breaks itself is told of by the log and at /readyz alone', async () => {
  refuse('insert', 'jobs', `new.job_json ->> 'kind' in ('tell-broken', 'mail')`);
  sql(`insert into jobs (lane, key, job_json, due_at, status, tries, added_at)
    values ('odd', 'odd', '{"kind":"of-a-later-version"}', 0, 'waiting', 4, 0)`);
  await eventually('the break of the alert', async () => jobs('alert').find(({ broke }) => broke >= 5));
  expect(jobs('alert')).toHaveLength(1);
  expect(jobs('of-a-later-version')).toMatchObject([{ status: 'waiting' }]);
  expect(await warnings()).toEqual([expect.stringMatching(/^2 jobs break off/)]);
  allow('jobs');
  await eventually('the mail', async () => brokenMails()[0]);
});

test('alerts of one kind share a mail an hour, and none is lost', async () => {
  const reject = async (id: string) => {
    const project = { path_with_namespace: 'pin/pipelines' };
    const answer = await fetch(`${bot.url}/webhooks/gitlab`, {
      method: 'POST',
      headers: { 'x-gitlab-token': scene.world.webhookSecret, 'webhook-id': id },
      body: JSON.stringify({ object_kind: 'push', project }),
    });
    expect(await answer.json()).toMatchObject({ status: 'rejected' });
  };
  const mails = () => scene.world.mail.mails.filter(({ subject }) => subject.includes('could not be read'));
  await reject('odd-0');
  await until('the first mail', () => mails()[0], patienceMs);
  for (let number = 1; number <= 30; number += 1) await reject(`odd-${number}`);
  await scene.advance(50 * 60_000);
  await scene.settle();
  expect(mails()).toHaveLength(1);
  await scene.advance(15 * 60_000);
  const second = await until('the second mail', () => mails()[1], patienceMs);
  for (let number = 1; number <= 30; number += 1) expect(second.text).toContain(`- odd-${number} –`);
  expect(second.text).toContain('30 webhook deliveries could not be read');
  expect(second.text).not.toContain('- odd-0 –');
});
