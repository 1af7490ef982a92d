import { afterEach, describe, expect, it } from 'vitest';

import { until } from '../../demo/person.ts';
import { aicProject, isFinal, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

async function mergeSales(): Promise<number> {
  const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
  await scene.merge(iid);
  return iid;
}

const deployed = (body: string) => body.includes('1 created');

describe('a passing failure', () => {
  it.each([
    ['503', { kind: 'status', status: 503 }],
    ['429', { kind: 'status', status: 429, headers: { 'retry-after': '0' } }],
    ['a cut connection', { kind: 'reset' }],
    ['half an answer', { kind: 'half-body' }],
    ['an answer that is not JSON', { kind: 'wrong-json' }],
    ['a proxy’s page', { kind: 'html' }],
  ] as const)('of AIC heals by itself: %s', async (_, fault) => {
    scene = await setScene();
    scene.world.aic.inject({ times: 3, fault });
    await scene.start();
    expect(await scene.comment(await mergeSales(), isFinal)).toContain('1 created');
  });

  it.each([
    ['502', { kind: 'status', status: 502 }],
    ['a cut connection', { kind: 'reset' }],
    ['a proxy’s page', { kind: 'html' }],
  ] as const)('of GitLab heals by itself: %s', async (_, fault) => {
    scene = await setScene();
    await scene.start();
    const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
    await scene.world.gitlab.deliveriesSettled();
    scene.world.gitlab.inject({ method: 'GET', path: /repository/, times: 3, fault });
    await scene.merge(iid);
    expect(await scene.comment(iid, isFinal)).toContain('1 created');
  });

  it('after the work was done creates nothing twice', async () => {
    scene = await setScene();
    scene.world.aic.inject({ method: 'POST', times: 1, fault: { kind: 'status-after-work', status: 502 } });
    await scene.start();
    expect(await scene.comment(await mergeSales(), isFinal)).toContain('1 created');
    expect(scene.world.aic.pipelines(aicProject, 'PIN QA')).toEqual(['Sales']);
  });

  it('after the comment was made makes no second one', async () => {
    scene = await setScene();
    await scene.start();
    scene.world.gitlab.inject({
      method: 'POST',
      path: /notes$/,
      times: 1,
      fault: { kind: 'status-after-work', status: 502 },
    });
    const iid = await mergeSales();
    await scene.comment(iid, isFinal);
    expect(await scene.comments(iid)).toHaveLength(1);
  });
});

describe('a lasting failure', () => {
  it('of AIC leaves the pipelines pending, and they are deployed after its return', async () => {
    scene = await setScene();
    const remove = scene.world.aic.inject({
      fault: { kind: 'status', status: 503, body: '{"message":"maintenance"}' },
    });
    await scene.start();
    const iid = await mergeSales();
    const failed = await scene.comment(iid, isFinal);
    expect(failed).toContain('❌ **Deployed nothing to `PIN QA`: 1 failed**');
    expect(failed).toMatch(/503 maintenance|did not answer 10 calls/);
    expect(failed).toContain('the bot tries again by itself');

    remove();
    await scene.advance(20_000);
    await scene.comment(iid, deployed);
    expect(await scene.comments(iid)).toHaveLength(1);
  });

  it('tells a failure that lasts once, not at every try', async () => {
    scene = await setScene();
    scene.world.aic.inject({ fault: { kind: 'status', status: 503 } });
    await scene.start();
    const iid = await mergeSales();
    await scene.comment(iid, isFinal);
    await scene.world.mail.waitForMail(() => true, 30_000);
    const lists = () => scene.world.aic.calls.filter(({ path }) => path.endsWith('/projects')).length;
    const before = lists();
    await scene.advance(20_000);
    await until('a second try', () => (lists() > before ? true : undefined), 5_000);
    await scene.advance(60_000);
    const again = lists();
    await until('a third try', () => (lists() > again ? true : undefined), 5_000);
    expect(scene.world.mail.mails).toHaveLength(1);
    expect(await scene.comments(iid)).toHaveLength(1);
  });

  it('of the comments does not hold the deployment up', async () => {
    scene = await setScene();
    await scene.start();
    const remove = scene.world.gitlab.inject({ path: /notes/, fault: { kind: 'status', status: 500 } });
    const iid = await mergeSales();
    await scene.world.mail.waitForMail(({ text }) => text.includes('1 created'), 30_000);
    expect(scene.world.aic.pipelines(aicProject, 'PIN QA')).toEqual(['Sales']);
    remove();
    await scene.advance(10_000);
    await scene.comment(iid, isFinal);
  });

  it('of the mail server delays the mail and nothing else', async () => {
    scene = await setScene();
    scene.world.mail.refuse(true);
    await scene.start();
    const iid = await mergeSales();
    await scene.comment(iid, isFinal);
    expect(scene.world.mail.mails).toEqual([]);
    scene.world.mail.refuse(false);
    await scene.advance(10_000);
    await scene.world.mail.waitForMail(() => true, 30_000);
    expect(scene.world.mail.mails).toHaveLength(1);
  });

  it('of GitLab leaves the job waiting', async () => {
    scene = await setScene();
    await scene.start();
    const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
    const remove = scene.world.gitlab.inject({
      path: /repository\/branches/,
      fault: { kind: 'status', status: 401 },
    });
    await scene.merge(iid);
    await scene.world.gitlab.deliveriesSettled();
    remove();
    await scene.advance(10_000);
    expect(await scene.comment(iid, isFinal)).toContain('1 created');
  });
});

describe('a comparison', () => {
  it.each([
    ['that GitLab cannot make', 500],
    ['with a commit that is gone', 404],
  ])('%s does not keep a merge from being deployed', async (_, status) => {
    scene = await setScene();
    await scene.start();
    const first = await scene.open('develop', sqlFile('First', 'select 1'));
    await scene.merge(first);
    await scene.comment(first, isFinal);
    scene.world.gitlab.inject({ path: /repository\/compare/, fault: { kind: 'status', status } });
    const iid = await mergeSales();
    expect(await scene.comment(iid, isFinal)).toContain('1 created');
  });
});

describe('an existing pipeline', () => {
  it('that could not be updated the first time is updated later, not taken for drift', async () => {
    scene = await setScene();
    await scene.commit('develop', sqlFile('Sales', 'select 0'));
    scene.world.aic.putPipeline(aicProject, 'PIN QA', 'Sales', sqlContent('select 0'));
    const remove = scene.world.aic.inject({ fault: { kind: 'status', status: 401 } });
    await scene.start();
    const iid = await mergeSales();
    expect(await scene.comment(iid, isFinal)).toContain('1 failed');
    remove();
    await scene.advance(20_000);
    await scene.comment(iid, (body) => body.includes('1 updated'));
  });
});

describe('secrets', () => {
  it('stay out of logs, comments and mails, also when AIC repeats them', async () => {
    scene = await setScene();
    const { GITLAB_TOKEN = '', AIC_API_KEY = '' } = scene.world.settings;
    const key = 'aic-key-that-nobody-may-see';
    expect(AIC_API_KEY).not.toBe(key);
    const body = JSON.stringify({
      message: `bad key ${key}; api-key: other-secret-1; password=hunter2-hunter2`,
    });
    scene.world.aic.inject({ fault: { kind: 'status', status: 403, body } });
    const bot = await scene.start({ AIC_API_KEY: key, LOG_LEVEL: 'debug' });
    const iid = await mergeSales();
    const comment = await scene.comment(iid, isFinal);
    const mail = await scene.world.mail.waitForMail(() => true, 30_000);
    const everything = [...bot.log, comment, mail.html, mail.text].join('\n');
    expect(comment).toContain('bad key');
    for (const secret of [key, 'other-secret-1', 'hunter2', GITLAB_TOKEN, scene.world.webhookSecret]) {
      expect(everything).not.toContain(secret);
    }
  });
});
