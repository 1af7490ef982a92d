import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { startBotProcess, type BotProcess } from '../../demo/bot-process.ts';
import { until } from '../../demo/person.ts';
import { aicProject, isFinal, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';

let scene: Scene;
let bot: BotProcess | undefined;
afterEach(async () => {
  await bot?.end('SIGKILL');
  bot = undefined;
  await scene.close();
});

const five = Object.assign({}, ...[1, 2, 3, 4, 5].map((n) => sqlFile(`Pipeline ${n}`, `select ${n}`)));

async function startProcess(hook?: number, changes: Readonly<Record<string, string>> = {}): Promise<number> {
  const { world, projectId, maintainer } = scene;
  bot = await startBotProcess({ ...world.settings, ...changes }, world.folder);
  const settings = {
    url: `${bot.url}/webhooks/gitlab`,
    token: world.webhookSecret,
    push_events: true,
    merge_requests_events: true,
  };
  const path = `/projects/${projectId}/hooks`;
  const made =
    hook === undefined
      ? await maintainer.call('POST', path, settings)
      : await maintainer.call('PUT', `${path}/${hook}`, settings);
  return z.object({ id: z.number() }).parse(made).id;
}

async function writesTo(count: number): Promise<void> {
  await until('writes', () => (scene.world.aic.writes.length >= count ? true : undefined), 10_000);
}

describe('a bot process', { timeout: 60_000 }, () => {
  it('takes a deployment up that a kill cut off, and does nothing twice', async () => {
    scene = await setScene();
    const hook = await startProcess();
    const iid = await scene.open('develop', five);
    scene.world.aic.setLatency(40);
    await scene.merge(iid);
    await writesTo(1);
    await bot?.end('SIGKILL');
    await startProcess(hook);
    const comment = await scene.comment(iid, isFinal);
    expect(comment).toContain('**Deployed 5 pipelines to `PIN QA`: 5 created**');
    expect(scene.world.aic.pipelines(aicProject, 'PIN QA')).toHaveLength(5);
    expect(scene.world.aic.writes.filter(({ kind }) => kind === 'create')).toHaveLength(5);
    expect(await scene.comments(iid)).toHaveLength(1);
    await scene.world.mail.waitForMail(() => true, 30_000);
    expect(scene.world.mail.mails).toHaveLength(1);
  });

  it('ends within 10 s of SIGTERM in the middle of a deployment, and goes on at the next start', async () => {
    scene = await setScene();
    const hook = await startProcess();
    const iid = await scene.open('develop', five);
    scene.world.aic.inject({ method: 'POST', fault: { kind: 'hang' } });
    await scene.merge(iid);
    const posted = () => scene.world.aic.calls.some(({ method }) => method === 'POST');
    await until('a write', () => (posted() ? true : undefined), 10_000);
    const asked = performance.now();
    expect(await bot?.end('SIGTERM')).toBe(0);
    expect(performance.now() - asked).toBeLessThan(10_000);
    scene.world.aic.clearFaults();
    await startProcess(hook);
    expect(await scene.comment(iid, isFinal)).toContain('5 created');
    expect(await scene.comments(iid)).toHaveLength(1);
  });

  it('does not end a deployment that is stopped while several pipelines are in progress', async () => {
    scene = await setScene();
    const hook = await startProcess(undefined, { AIC_CONCURRENCY: '2' });
    const iid = await scene.open('develop', five);
    scene.world.aic.setLatency(300);
    await scene.merge(iid);
    await writesTo(1);
    expect(await bot?.end('SIGTERM')).toBe(0);
    expect(scene.rows('select status, told from deployments')).toEqual([{ status: 'running', told: null }]);
    expect(scene.rows('select * from pending')).toEqual([]);
    scene.world.aic.setLatency(0);
    await startProcess(hook);
    expect(await scene.comment(iid, isFinal)).toContain('**Deployed 5 pipelines to `PIN QA`: 5 created**');
    expect(scene.world.aic.pipelines(aicProject, 'PIN QA')).toHaveLength(5);
    const { text } = await scene.world.mail.waitForMail(() => true, 30_000);
    expect(text).not.toMatch(/to create|creating/);
  });

  it('brings to its end what was cut off, though the branch was taken back meanwhile', async () => {
    scene = await setScene();
    const before = Object.assign({}, ...[1, 2, 3].map((n) => sqlFile(`Pipeline ${n}`, 'select 0')));
    await scene.commit('develop', before);
    for (const n of [1, 2, 3])
      scene.world.aic.putPipeline(aicProject, 'PIN QA', `Pipeline ${n}`, sqlContent('select 0'));
    const hook = await startProcess();
    const changed = Object.assign({}, ...[1, 2, 3].map((n) => sqlFile(`Pipeline ${n}`, 'select 1')));
    const iid = await scene.open('develop', changed);
    scene.world.aic.setLatency(60);
    await scene.merge(iid);
    await writesTo(2);
    await bot?.end('SIGKILL');
    const back = await scene.open('develop', before);
    await scene.merge(back);
    await scene.world.gitlab.deliveriesSettled();
    scene.world.aic.setLatency(0);
    await startProcess(hook);
    expect(await scene.comment(iid, isFinal)).not.toMatch(/blocked|updating|to update/);
    // The first one ends as it was begun; the second follows it.
    expect(await scene.comment(back, isFinal)).toContain('3 updated');
    for (const n of [1, 2, 3])
      expect(scene.world.aic.pipeline(aicProject, 'PIN QA', `Pipeline ${n}`)).toMatchObject(
        sqlContent('select 0'),
      );
    expect(scene.rows('select * from pending')).toEqual([]);
  });

  it('has a delivery on disk when it answers', async () => {
    scene = await setScene();
    await startProcess();
    scene.world.gitlab.inject({ path: /repository\/branches/, fault: { kind: 'hang' } });
    const answer = await fetch(`${bot?.url}/webhooks/gitlab`, {
      method: 'POST',
      headers: {
        'x-gitlab-token': scene.world.webhookSecret,
        'x-gitlab-event': 'Push Hook',
        'webhook-id': 'kept',
      },
      body: JSON.stringify({
        object_kind: 'push',
        project: { id: scene.projectId, path_with_namespace: 'pin/pipelines' },
        ref: 'refs/heads/develop',
        before: '1'.repeat(40),
        after: '2'.repeat(40),
      }),
    });
    expect(await answer.json()).toEqual({ id: 'kept', status: 'queued' });
    await bot?.end('SIGKILL');
    expect(scene.rows('select id, status from deliveries')).toEqual([{ id: 'kept', status: 'waiting' }]);
  });

  it('does not start where it cannot listen or keep anything, and says which setting that is', async () => {
    scene = await setScene();
    await startProcess();
    const taken = new URL(bot?.url ?? '').port;
    const second = (settings: object) =>
      startBotProcess({ ...scene.world.settings, ...settings }, scene.world.folder).then(() => '', String);
    const elsewhere = { DATABASE_URL: `file:${scene.world.folder}/other.db` };
    expect(await second({ ...elsewhere, PORT: taken })).toContain(`PORT ${taken}`);
    expect(await second({ DATABASE_URL: `file:${scene.world.folder}` })).toContain('DATABASE_URL');
  });

  it('tells all mistakes in its settings at once, and does not start', async () => {
    scene = await setScene();
    const { GITLAB_TOKEN: _, ...settings } = scene.world.settings;
    const started = startBotProcess({ ...settings, GITLAB_URL: 'gitlab', PORT: 'x' }, scene.world.folder);
    const error = await started.then(() => '', String);
    expect(error).toContain('GITLAB_TOKEN is not set');
    expect(error).toContain('GITLAB_URL is not an http or https address');
    expect(error).toContain('PORT is not a whole number');
    expect(error).toContain('ended with 1');
  });
});
