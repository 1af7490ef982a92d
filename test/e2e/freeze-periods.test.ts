import { afterEach, describe, expect, test } from 'vitest';

import { until } from '../../demo/person.ts';
import { aicProject, isFinal, setScene, sqlFile, type Scene } from './scene.ts';
import { onMergeRequest, say } from './thread.ts';

let scene: Scene;
afterEach(() => scene.close());

const hourMs = 60 * 60_000;
const patienceMs = 20_000;

/** A cron line for the hour that many hours from now, every day. */
function hourFromNow(hours: number): string {
  return `0 ${new Date(Date.now() + hours * hourMs).getUTCHours()} * * *`;
}

async function freeze(end = hourFromNow(3), zone = 'UTC'): Promise<void> {
  await scene.maintainer.call('POST', `/projects/${scene.projectId}/freeze_periods`, {
    freeze_start: hourFromNow(0),
    freeze_end: end,
    cron_timezone: zone,
  });
}

function isLive(): boolean {
  return scene.world.aic.pipelines(aicProject, 'PIN QA').includes('a');
}

async function merged(): Promise<number> {
  const iid = await scene.open('develop', sqlFile('a', 'select 1'));
  await scene.merge(iid);
  return iid;
}

function deployed(iid: number, ms: number): Promise<string> {
  return until(
    `the deployment of !${iid}`,
    async () => {
      await scene.advance(ms);
      return (await scene.comments(iid)).find(isFinal);
    },
    patienceMs,
  );
}

describe("GitLab's freeze periods", () => {
  test('let a merge wait until their end, and are named', async () => {
    scene = await setScene();
    await freeze();
    await scene.start();
    const iid = await merged();
    const waiting = await scene.comment(iid, (body) => body.includes('aic-bot:gate'));
    expect(waiting).toMatch(/deployed to `PIN QA` by itself after \w{3} \d+ \w{3} \d{4}, \d\d:00 UTC/);
    expect(waiting).toContain(`GitLab's freeze period from \`${hourFromNow(0)}\` to \`${hourFromNow(3)}\``);
    const { answer } = await say(scene, onMergeRequest(scene, iid), '/aic status branch=develop');
    expect(answer).toContain("because of GitLab's freeze period");
    expect(isLive()).toBe(false);
    await scene.advance(4 * hourMs);
    expect(await deployed(iid, 20_000)).toContain('1 created');
  });

  test('are overridden by force with a reason, and by nothing less', async () => {
    scene = await setScene();
    await freeze();
    await scene.start();
    const iid = await merged();
    await scene.comment(iid, (body) => body.includes('aic-bot:gate'));
    const thread = onMergeRequest(scene, iid);
    const without = await say(scene, thread, '/aic deploy a force');
    expect(without.answer).toContain("GitLab's freeze period");
    expect(isLive()).toBe(false);
    const { emoji } = await say(scene, thread, '/aic deploy a force reason="the fair opens"');
    expect(emoji).toBe('white_check_mark');
    expect(isLive()).toBe(true);
  });

  test('hold everything while one of them can not be read, and say which and what to do, until it can', async () => {
    scene = await setScene();
    await freeze(hourFromNow(3), 'Berlin');
    await scene.start();
    const iid = await merged();
    const body = await scene.comment(iid, (text) => text.includes('aic-bot:gate'));
    expect(body).toContain('it is unclear when GitLab');
    expect(body).toContain('`Berlin`');
    expect(body).toContain('Deploy freezes');
    const { answer } = await say(scene, onMergeRequest(scene, iid), '/aic deploy');
    expect(answer).toContain('it is unclear when GitLab');
    expect(isLive()).toBe(false);
    const path = `/projects/${scene.projectId}/freeze_periods`;
    const [first] = [await scene.maintainer.call('GET', path)].flat();
    await scene.maintainer.call('DELETE', `${path}/${Number(Object(first).id)}`);
    expect(await deployed(iid, 20 * 60_000)).toContain('1 created');
  });

  test.each([403, 404])('are none where GitLab answers %i', async (status) => {
    scene = await setScene();
    scene.world.gitlab.inject({ path: /\/freeze_periods$/, fault: { kind: 'status', status } });
    await scene.start();
    expect(await deployed(await merged(), 20_000)).toContain('1 created');
  });

  test('are waited for where GitLab does not answer', async () => {
    scene = await setScene();
    await freeze();
    const { gitlab } = scene.world;
    gitlab.inject({ path: /\/freeze_periods$/, fault: { kind: 'status', status: 500 } });
    await scene.start();
    const iid = await merged();
    await until(
      'a try',
      async () => gitlab.calls.some(({ path }) => path.endsWith('/freeze_periods')) || undefined,
      patienceMs,
    );
    gitlab.clearFaults();
    const body = await until(
      'the comment',
      async () => {
        await scene.advance(60_000);
        return (await scene.comments(iid)).find((text) => text.includes('aic-bot:gate'));
      },
      patienceMs,
    );
    expect(body).toContain("GitLab's freeze period");
    expect(isLive()).toBe(false);
  });

  test('are read once for merges that come together', async () => {
    scene = await setScene();
    await scene.start();
    await scene.settle();
    const first = await merged();
    await deployed(first, 0);
    const second = await scene.open('develop', sqlFile('b', 'select 1'));
    await scene.merge(second);
    await deployed(second, 0);
    const reads = scene.world.gitlab.calls.filter(({ path }) => path.endsWith('/freeze_periods'));
    expect(reads).toHaveLength(1);
  });
});
