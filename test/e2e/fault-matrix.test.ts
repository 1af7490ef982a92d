import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Fault } from '../../demo/http-server.ts';
import type { MailFault } from '../../demo/mail/smtp-sink.ts';
import { until } from '../../demo/person.ts';
import { aicProject, isFinal, setScene, sqlFile, type Scene } from './scene.ts';

const timeoutMs = 500;

let scene: Scene;
beforeEach(async () => {
  scene = await setScene();
});
afterEach(() => scene.close());

const faults: readonly (readonly [string, Fault | 'refused'])[] = [
  ['refuses connections', 'refused'],
  ['hangs', { kind: 'hang' }],
  ['answers 429 without Retry-After', { kind: 'status', status: 429 }],
  ['answers 429 with Retry-After', { kind: 'status', status: 429, headers: { 'retry-after': '0' } }],
  ['answers 500', { kind: 'status', status: 500 }],
  ['answers 502 after having done the work', { kind: 'status-after-work', status: 502 }],
  ['sends half a body', { kind: 'half-body' }],
  ['sends wrong JSON', { kind: 'wrong-json' }],
  ['sends a page in HTML', { kind: 'html' }],
];

const systems = ['GitLab', 'AIC'] as const;
const cases = systems.flatMap((system) => faults.map(([name, fault]) => [system, name, fault] as const));

/** Lets the system fail, for the bot alone; returns what ends it. */
async function fail(
  system: (typeof systems)[number],
  fault: Fault | 'refused',
  times = Infinity,
): Promise<() => Promise<void>> {
  const { gitlab, aic, bot } = scene.world;
  const server = system === 'GitLab' ? gitlab : aic;
  if (fault === 'refused' && system === 'AIC') {
    await server.refuseConnections(true);
    return () => server.refuseConnections(false);
  }
  // People go on using GitLab: to the bot, a connection that is cut at once is one that is refused.
  const kind = fault === 'refused' ? ({ kind: 'reset' } as const) : fault;
  const token = system === 'GitLab' ? { token: bot.token } : {};
  const remove = server.inject({ ...token, times, fault: kind });
  return async () => remove();
}

async function mergeSales(): Promise<number> {
  const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
  await scene.world.gitlab.deliveriesSettled();
  await scene.merge(iid);
  return iid;
}

/** Everything is as if nothing had failed: created once, one comment, one mail of the deployment's end. */
async function expectDone(iid: number): Promise<void> {
  await until(
    'the deployment',
    async () => {
      const done = (await scene.comments(iid)).some((body) => isFinal(body) && body.includes('1 created'));
      // Not ahead of the work: a clock that jumps while a mail is sent takes its lease away.
      if (!done) await scene.settle();
      return done || undefined;
    },
    25_000,
  );
  await scene.settle();
  expect(scene.world.aic.writes.filter(({ kind }) => kind === 'create')).toHaveLength(1);
  expect(scene.world.aic.pipelines(aicProject, 'PIN QA')).toEqual(['Sales']);
  expect(await scene.comments(iid)).toHaveLength(1);
  const told = scene.world.mail.mails.filter(({ text }) => text.includes('1 created'));
  expect(told).toHaveLength(1);
}

describe.each(cases)('%s %s', (system, _, fault) => {
  it('for one call: it heals by itself', async () => {
    await scene.start({}, timeoutMs);
    await scene.settle();
    const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
    await scene.world.gitlab.deliveriesSettled();
    const end = await fail(system, fault, 1);
    await scene.merge(iid);
    if (fault === 'refused') {
      const isTold = () => scene.rows(`select 1 from jobs where job_json ->> 'kind' = 'deploy'`).length > 0;
      await until('work', () => isTold() || undefined, 5_000);
      await end();
    }
    await expectDone(iid);
  });

  it('for long: it is told with reason and remedy or waits, and is done after the return', async () => {
    await scene.start({}, timeoutMs);
    await scene.settle();
    const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
    await scene.world.gitlab.deliveriesSettled();
    const end = await fail(system, fault);
    await scene.merge(iid);
    if (system === 'AIC') {
      const body = await scene.comment(iid, isFinal);
      // Where the work is done all the same, a later look finds it done.
      if (fault === 'refused' || fault.kind !== 'status-after-work') {
        expect(body).toContain('1 failed');
        expect(body).toContain('the bot tries again by itself');
        expect(scene.rows('select pipeline from pending')).toEqual([{ pipeline: 'Sales' }]);
      }
    } else {
      const tries = `select tries from jobs where job_json ->> 'kind' = 'deploy' and tries > 0 and reason is not null`;
      await until('a failed try', () => scene.rows(tries).length > 0 || undefined, 15_000);
    }
    await end();
    await expectDone(iid);
  });
});

it('a dead AIC does not hold up the projects of the other one', async () => {
  const { gitlab, aic, bot } = scene.world;
  const other = await gitlab.addProject('pin/other', { defaultBranch: 'main' });
  gitlab.addMember(other.id, bot.id, 40);
  await gitlab.commitFiles(other.id, 'main', 'Begin', {
    'branch_to_workspace.yaml': `mapping: { main: PIN TEAM A }\naic: { project: ${aicProject} }\nworkspaces: { PIN TEAM A: { environment: qa } }\n`,
  });
  // The key of the dead host alone; both stand behind one address here.
  aic.inject({ token: 'dead-key', fault: { kind: 'hang' } });
  await scene.start({ AIC_API_KEY: 'dead-key' }, 2_000);
  await scene.settle();
  const iid = await mergeSales();
  const request = { source_branch: 'change', target_branch: 'main', title: 'Change' };
  await gitlab.commitFiles(other.id, 'change', 'Change', sqlFile('Other', 'select 1'));
  const path = `/projects/${other.id}/merge_requests`;
  gitlab.addMember(other.id, 'omar', 40);
  await scene.maintainer.call('POST', path, request);
  await scene.maintainer.call('PUT', `${path}/1/merge`);
  await scene.advance(12 * 60_000);
  const isSeen = () =>
    scene.rows(`select 1 from jobs where job_json ->> 'projectId' = ${other.id}`).length > 0;
  await until('the sweep', () => isSeen() || undefined, 10_000);
  await scene.advance(16_000);
  await until(
    'the other project',
    () => aic.pipelines(aicProject, 'PIN TEAM A').includes('Other') || undefined,
    15_000,
  );
  expect(await scene.comments(iid)).toHaveLength(1);
  expect(aic.pipelines(aicProject, 'PIN QA')).toEqual([]);
});

it.each<readonly [string, Fault]>([
  ['500', { kind: 'status', status: 500 }],
  ['nothing', { kind: 'hang' }],
])('a GitLab that answers %s for one project does not hold up another', async (_, fault) => {
  const { gitlab, aic, bot, webhookSecret } = scene.world;
  const other = await gitlab.addProject('pin/other', { defaultBranch: 'main' });
  gitlab.addMember(other.id, bot.id, 40);
  gitlab.addMember(other.id, 'omar', 40);
  await gitlab.commitFiles(other.id, 'main', 'Begin', {
    'branch_to_workspace.yaml': `mapping: { main: PIN TEAM A }\naic: { project: ${aicProject} }\n`,
  });
  const { url } = await scene.start({}, timeoutMs);
  const path = `/projects/${other.id}`;
  const hook = { url: `${url}/webhooks/gitlab`, token: webhookSecret, merge_requests_events: true };
  await scene.maintainer.call('POST', `${path}/hooks`, hook);
  await scene.settle();
  const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
  await gitlab.deliveriesSettled();
  const remove = gitlab.inject({
    token: bot.token,
    path: new RegExp(`/projects/${scene.projectId}(?:/|$)`),
    fault,
  });
  await scene.merge(iid);
  const tries = `select 1 from jobs where job_json ->> 'projectId' = ${scene.projectId} and tries > 0`;
  await until('a failed try', () => scene.rows(tries).length > 0 || undefined, 10_000);
  await gitlab.commitFiles(other.id, 'change', 'Change', sqlFile('Other', 'select 1'));
  const request = { source_branch: 'change', target_branch: 'main', title: 'Change' };
  await scene.maintainer.call('POST', `${path}/merge_requests`, request);
  await scene.maintainer.call('PUT', `${path}/merge_requests/1/merge`);
  await until(
    'the other project',
    () => aic.pipelines(aicProject, 'PIN TEAM A').includes('Other') || undefined,
    15_000,
  );
  expect(aic.pipelines(aicProject, 'PIN QA')).toEqual([]);
  remove();
  await expectDoneBeside(iid);
});

/** The deployment is done after all, once, whatever else AIC was told. */
async function expectDoneBeside(iid: number): Promise<void> {
  await until(
    'the deployment',
    async () => {
      await scene.advance(16_000);
      return (await scene.comments(iid)).some((body) => body.includes('1 created')) || undefined;
    },
    20_000,
  );
  expect(scene.world.aic.pipelines(aicProject, 'PIN QA')).toEqual(['Sales']);
  expect(await scene.comments(iid)).toHaveLength(1);
}

describe.each<readonly [string, MailFault | 'try-later' | 'refused']>([
  ['refuses connections', 'refused'],
  ['hangs', 'hang'],
  ['cuts the connection', 'drop'],
  ['says 451', 'try-later'],
  ['takes the mail and cuts the connection before it says so', 'drop-after-taking'],
])('a mail server that %s', (_, fault) => {
  it('delays the mail and nothing else, and gets it once it is back', async () => {
    const { mail } = scene.world;
    await scene.start({}, timeoutMs);
    await scene.settle();
    if (fault === 'refused') await mail.refuseConnections(true);
    else if (fault === 'try-later') mail.refuse(true);
    else mail.fail(fault);
    const iid = await mergeSales();
    expect(await scene.comment(iid, isFinal)).toContain('1 created');
    const waits = `select 1 from jobs where key like 'mail:%' and tries > 0`;
    await until('a failed try', () => scene.rows(waits).length > 0 || undefined, 10_000);
    if (fault === 'refused') await mail.refuseConnections(false);
    mail.refuse(false);
    mail.fail(undefined);
    await until(
      'the mail',
      async () => {
        await scene.advance(16_000);
        return scene.rows(`select 1 from jobs where key like 'mail:%'`).length === 0 || undefined;
      },
      15_000,
    );
    const ids = new Set(mail.mails.map(({ messageId }) => messageId));
    expect(ids.size).toBe(1);
    expect(mail.mails.length).toBeLessThanOrEqual(fault === 'drop-after-taking' ? 3 : 1);
  });
});
