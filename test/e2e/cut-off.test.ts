import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { until } from '../../demo/person.ts';
import { aicProject, isFinal, mapping, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { hourLater, isGate, live, required } from './review-scene.ts';
import { issue, say } from './thread.ts';

let scene: Scene;
afterEach(() => scene.close());

/** Lets the next write to AIC go unanswered. */
function hangNext(method: 'POST' | 'PUT' = 'POST'): void {
  scene.world.aic.inject({ method, path: /jobs/, times: 1, fault: { kind: 'hang' } });
}

/** Stops the bot while it writes, and this many pipelines are made. */
async function cutOff(bot: { stop(): Promise<void> }, others = 0): Promise<void> {
  const count = (state: string) =>
    scene.rows(`select 1 from items where state_json like '%"${state}"%'`).length;
  await until('the write', () => (count('writing') > 0 && count('created') === others) || undefined, 30_000);
  await bot.stop();
}

/** Orders it in an issue, and waits for nothing. */
async function order(body: string): Promise<void> {
  const { path } = await issue(scene);
  await scene.maintainer.call('POST', `${path}/notes`, { body });
}

/** A deployment by force of a pipeline that the gate holds, cut off while it writes. */
async function cutOffForced(files: Readonly<Record<string, string>>): Promise<void> {
  const bot = await scene.start();
  await scene.settle();
  const iid = await scene.open('develop', files);
  await scene.merge(iid);
  await scene.comment(iid, isGate);
  await scene.settle();
  hangNext();
  await order('/aic deploy a force branch=develop');
  await cutOff(bot);
}

/** As if it had been ordered by a process that is gone. */
function forgetJobs(): void {
  const file = new DatabaseSync(join(scene.world.folder, 'aic-bot.db'), { timeout: 5_000 });
  file.exec(`delete from jobs where key != 'sweep'`);
  file.close();
}

describe('a deployment that was cut off', () => {
  test('begins nothing in a freeze that began meanwhile, says so, and goes on after it', async () => {
    scene = await setScene();
    const bot = await scene.start({ AIC_CONCURRENCY: '1' });
    await scene.settle();
    hangNext();
    const names = ['a', 'b', 'c'];
    const files = Object.assign({}, ...names.map((name) => sqlFile(name, 'select 1')));
    const iid = await scene.open('develop', files);
    await scene.merge(iid);
    await cutOff(bot);
    const writing = scene.rows(`select pipeline from items where state_json like '%writing%'`);
    await scene.commit('main', {
      'branch_to_workspace.yaml': `${mapping}workspaces:\n  PIN QA: { freeze: ["Mon 00:00 - Sun 23:59 UTC"] }\n`,
    });
    await scene.start();
    expect(await scene.comment(iid, isFinal)).toContain('a deploy freeze began before it was its turn');
    await scene.settle();
    expect(live(scene)).toEqual(writing.map((row) => z.object({ pipeline: z.string() }).parse(row).pipeline));
    await scene.commit('main', { 'branch_to_workspace.yaml': mapping });
    await say(scene, await issue(scene), '/aic retry branch=develop');
    expect(live(scene)).toEqual(names);
  });

  test('is ended where the branch has another workspace now, which gets nothing that the gate does not let pass', async () => {
    scene = await setScene({ mapping: required });
    const { aic } = scene.world;
    aic.addWorkspace(aicProject, 'PIN NEW');
    await cutOffForced(sqlFile('a', 'select 1'));
    await scene.commit('main', { 'branch_to_workspace.yaml': required.replaceAll('PIN QA', 'PIN NEW') });
    await scene.start();
    await hourLater(scene);
    expect(aic.pipelines(aicProject, 'PIN NEW')).toEqual([]);
    expect(scene.rows('select workspace, status from deployments')).toEqual([
      { workspace: 'PIN QA', status: 'failed' },
    ]);
    expect(scene.rows('select pipeline, held from pending')).toEqual([{ pipeline: 'a', held: 1 }]);
  });

  test('keeps what it did and what it refused when it is ended, and the rest goes to the new workspace', async () => {
    scene = await setScene();
    const { aic } = scene.world;
    aic.addWorkspace(aicProject, 'PIN NEW');
    aic.putPipeline(aicProject, 'PIN QA', 'a', sqlContent('select by hand'));
    const bot = await scene.start();
    await scene.settle();
    hangNext();
    const files = ['a', 'b', 'c'].map((name) => sqlFile(name, 'select 1'));
    const iid = await scene.open('develop', Object.assign({}, ...files));
    await scene.merge(iid);
    await cutOff(bot, 1);
    await scene.commit('main', { 'branch_to_workspace.yaml': mapping.replace('PIN QA', 'PIN NEW') });
    await scene.start();
    await hourLater(scene);
    const items = scene.rows(
      `select state_json ->> 'kind' as state from items join deployments on deployment_id = deployments.id
       where workspace = 'PIN QA' order by state`,
    );
    expect(items).toEqual([{ state: 'blocked' }, { state: 'created' }, { state: 'failed' }]);
    expect(aic.pipelines(aicProject, 'PIN NEW')).toHaveLength(2);
    expect(aic.pipelines(aicProject, 'PIN NEW')).toContain('a');
    expect(scene.rows('select pipeline from pending')).toEqual([]);
  });

  test.each([
    ['goes on at the commit that was deployed before', async () => {}, 'succeeded'],
    [
      'is ended once its branch is no longer deployed',
      async () => {
        const unnamed = mapping.replace(/ {2}develop.*\n/, '');
        await scene.commit('main', { 'branch_to_workspace.yaml': unnamed });
      },
      'failed',
    ],
    [
      'is ended once its branch is gone',
      async () => {
        const path = `/projects/${scene.projectId}/repository/branches/develop`;
        await scene.maintainer.call('DELETE', path);
      },
      'failed',
    ],
  ])('%s, though nothing is new', async (_, change, status) => {
    scene = await setScene();
    const bot = await scene.start();
    await scene.settle();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    await scene.merge(iid);
    await scene.comment(iid, isFinal);
    await scene.settle();
    scene.world.aic.putPipeline(aicProject, 'PIN QA', 'a', sqlContent('select by hand'));
    hangNext('PUT');
    await order('/aic deploy a force branch=develop');
    await cutOff(bot, 1);
    forgetJobs();
    await change();
    await scene.start();
    await hourLater(scene);
    expect(scene.rows('select status from deployments order by id')).toEqual([
      { status: 'succeeded' },
      { status },
    ]);
  });

  test('opens, where it was forced, the gate for its own pipelines alone', async () => {
    scene = await setScene({ mapping: required });
    await cutOffForced({ ...sqlFile('a', 'select 1'), ...sqlFile('b', 'select 1') });
    // Of the command itself nothing is left, as when it was given up.
    const second = await scene.open('develop', sqlFile('c', 'select 1'));
    await scene.merge(second);
    await scene.start();
    await hourLater(scene);
    expect(live(scene)).toEqual(['a']);
    expect(scene.rows('select pipeline from pending order by pipeline')).toEqual([
      { pipeline: 'b' },
      { pipeline: 'c' },
    ]);
  });
});

test('what failed in one workspace is a new deployment in the next one', async () => {
  scene = await setScene();
  const { aic } = scene.world;
  aic.addWorkspace(aicProject, 'PIN NEW');
  await scene.start();
  await scene.settle();
  const remove = aic.inject({ method: 'POST', path: /jobs/, fault: { kind: 'status', status: 422 } });
  const iid = await scene.open('develop', sqlFile('a', 'select 1'));
  await scene.merge(iid);
  await scene.comment(iid, isFinal);
  await scene.settle();
  remove();
  await scene.commit('main', { 'branch_to_workspace.yaml': mapping.replace('PIN QA', 'PIN NEW') });
  await say(scene, await issue(scene), '/aic retry branch=develop');
  expect(scene.rows('select workspace, status from deployments order by id')).toEqual([
    { workspace: 'PIN QA', status: 'failed' },
    { workspace: 'PIN NEW', status: 'succeeded' },
  ]);
});
