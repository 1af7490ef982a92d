import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { until } from '../../demo/person.ts';
import { aicProject, isFinal, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { issue, say } from './thread.ts';

let scene: Scene;
afterEach(() => scene.close());

const patienceMs = 15_000;
const hourMs = 60 * 60_000;
const looking = { DRIFT_MINUTES: '60' };

function setLive(name: string, query: string): void {
  scene.world.aic.putPipeline(aicProject, 'PIN QA', name, sqlContent(query));
}

function states(): Readonly<Record<string, unknown>> {
  const rows = z
    .array(z.object({ pipeline: z.string(), state: z.string() }))
    .parse(scene.rows(`select pipeline, state from drift where workspace = 'PIN QA'`));
  return Object.fromEntries(rows.map(({ pipeline, state }) => [pipeline, state]));
}

function driftMails() {
  return scene.world.mail.mails.filter(({ subject }) => subject.startsWith('[Drift]'));
}

/** Lets the time for the next look come, and waits for its end. */
async function lookAgain(): Promise<void> {
  const last = () =>
    z
      .array(z.object({ at: z.number() }))
      .parse(scene.rows(`select max(checked_at) at from drift_checks where branch = 'develop'`))[0]?.at ?? 0;
  const before = last();
  await scene.advance(hourMs + 60_000);
  await until('the next look', () => last() > before || undefined, patienceMs);
  await scene.settle();
}

/** A branch and a workspace that agree on three pipelines. */
async function inSync(): Promise<void> {
  scene = await setScene();
  const names = ['a', 'b', 'c'];
  await scene.commit('develop', Object.assign({}, ...names.map((name) => sqlFile(name, `select ${name}`))));
  for (const name of names) setLive(name, `select ${name}`);
}

describe('drift', () => {
  test('is found once an hour, and mailed once with what changed and the two ways out', async () => {
    await inSync();
    const bot = await scene.start(looking);
    await scene.settle();
    expect(states()).toEqual({ a: 'in-sync', b: 'in-sync', c: 'in-sync' });
    setLive('a', 'select by_hand');
    await scene.advance(20 * 60_000);
    await scene.settle();
    expect(states()).toMatchObject({ a: 'in-sync' });
    await lookAgain();
    expect(states()).toMatchObject({ a: 'ahead', b: 'in-sync' });
    const mail = await scene.world.mail.waitForMail(
      ({ subject }) => subject.startsWith('[Drift]'),
      patienceMs,
    );
    expect(mail.subject).toBe('[Drift] 1 pipeline changed by hand in PIN QA');
    expect(mail.text).toContain('-select a\n    +select by_hand');
    expect(mail.text).toContain('/aic adopt branch=develop');
    expect(mail.text).toContain('/aic deploy "PIPELINE" force branch=develop');
    await lookAgain();
    await bot.stop();
    await scene.start(looking);
    await lookAgain();
    expect(driftMails()).toHaveLength(1);
    const { answer } = await say(scene, await issue(scene), '/aic status branch=develop');
    expect(answer).toContain('2 in sync, 1 ahead');
    setLive('a', 'select a');
    await lookAgain();
    expect(states()).toMatchObject({ a: 'in-sync' });
    setLive('a', 'select again');
    await lookAgain();
    expect(driftMails()).toHaveLength(2);
  });

  test('is not looked for more than once an hour, also over restarts, and reads no file while nothing changed', async () => {
    await inSync();
    const bot = await scene.start(looking);
    await scene.settle();
    await lookAgain();
    const { aic, gitlab } = scene.world;
    const reads = () => aic.calls.filter(({ path }) => /jobs\/[^/]+$/.test(path)).length;
    const before = reads();
    await bot.stop();
    await scene.start(looking);
    await scene.settle();
    expect(reads()).toBe(before);
    const files = () => gitlab.calls.filter(({ path }) => path.includes('/files/config')).length;
    const filesBefore = files();
    await lookAgain();
    expect(files()).toBe(filesBefore);
    expect(states()).toEqual({ a: 'in-sync', b: 'in-sync', c: 'in-sync' });
  });

  test('tells what is behind, missing, unknown to Git, renamed and unreadable', async () => {
    await inSync();
    const { aic } = scene.world;
    await scene.commit('develop', { ...sqlFile('gone', 'select gone'), 'config/broken.json': '{' });
    aic.putPipeline(aicProject, 'PIN QA', 'other name', sqlContent('select c'));
    aic.removePipeline(aicProject, 'PIN QA', 'c');
    setLive('new', 'select new');
    setLive('broken', 'select 1');
    await scene.start(looking);
    await scene.settle();
    expect(states()).toEqual({
      a: 'in-sync',
      b: 'in-sync',
      c: 'renamed',
      gone: 'missing',
      new: 'unknown',
      broken: 'unreadable',
    });
    // What differed at the first look may have done so for years.
    expect(driftMails()).toEqual([]);
  });

  test('is not concluded from an AIC that does not answer', async () => {
    await inSync();
    await scene.start(looking);
    await scene.settle();
    const mend = scene.world.aic.inject({ path: /jobs\/[^/]+$/, fault: { kind: 'status', status: 503 } });
    await scene.advance(hourMs + 60_000);
    await until(
      'a look that fails',
      () => (scene.world.aic.calls.some(({ status }) => status === 503) ? true : undefined),
      patienceMs,
    );
    expect(states()).toEqual({ a: 'in-sync', b: 'in-sync', c: 'in-sync' });
    mend();
  });
});

describe('/aic adopt', () => {
  test('opens a merge request with config and code of what was changed by hand, and merging it deploys nothing', async () => {
    await inSync();
    const { aic, gitlab } = scene.world;
    await scene.start(looking);
    await scene.settle();
    setLive('a', 'select by_hand');
    setLive('new | <b>', 'select new');
    const thread = await issue(scene);
    const { emoji, answer } = await say(scene, thread, '/aic adopt branch=develop');
    expect(emoji).toBe('white_check_mark');
    expect(answer).toMatch(/`!1`.*brings what `PIN QA` holds into `develop`/);
    const open = await scene.maintainer.call('GET', `/projects/${scene.projectId}/merge_requests/1`);
    const { source_branch: source } = z.object({ source_branch: z.string() }).parse(open);
    expect(source).toMatch(/^adopt\/pin-qa-\d{8}$/);
    expect(await gitlab.readFile(scene.projectId, source, 'config/a.json')).toContain('select by_hand');
    expect(await gitlab.readFile(scene.projectId, source, 'code/a/t.sql')).toBe('select by_hand');
    expect(await gitlab.readFile(scene.projectId, source, 'config/b.json')).toContain('select b');
    setLive('a', 'select later');
    const again = await say(scene, thread, '/aic adopt a branch=develop');
    expect(again.answer).toContain('`!1`');
    expect(await gitlab.readFile(scene.projectId, source, 'code/a/t.sql')).toBe('select later');
    const writes = aic.writes.length;
    await scene.merge(1);
    expect(await scene.comment(1, isFinal)).toContain('2 unchanged');
    expect(aic.writes).toHaveLength(writes);
    await lookAgain();
    expect(states()).toMatchObject({ a: 'in-sync', 'new | <b>': 'in-sync' });
    const none = await say(scene, thread, '/aic adopt branch=develop');
    expect(none.answer).toContain('Nothing to adopt');
  });
});
