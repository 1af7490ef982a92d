import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { until } from '../../demo/person.ts';
import { isFinal, setScene, sqlFile, type Scene } from './scene.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await setScene();
});
afterEach(() => scene.close());

const patienceMs = 15_000;
const record = z.object({
  id: z.number(),
  sha: z.string(),
  ref: z.string(),
  status: z.string(),
  environment: z.object({ name: z.string() }),
});
const status = z.object({
  name: z.string(),
  status: z.string(),
  description: z.string(),
  target_url: z.string(),
});

function path(rest: string): string {
  return `/projects/${scene.projectId}/${rest}`;
}

async function records() {
  return z.array(record).parse(await scene.maintainer.call('GET', path('deployments')));
}

async function statusesAt(branch: string) {
  const sha = await scene.world.gitlab.commitId(scene.projectId, branch);
  return z
    .array(status)
    .parse(await scene.maintainer.call('GET', path(`repository/commits/${sha}/statuses`)));
}

/** Merges a pipeline into develop and waits for the end of its deployment. */
async function merged(): Promise<number> {
  const iid = await scene.open('develop', sqlFile('a', 'select 1'));
  await scene.merge(iid);
  await scene.comment(iid, isFinal);
  return iid;
}

describe('a deployment in GitLab', () => {
  test('is one of the environment that is named like the workspace, of the deployed commit, and tells its merge request', async () => {
    await scene.start();
    const iid = await merged();
    await scene.settle();
    const [only, ...others] = await records();
    expect(others).toEqual([]);
    expect(only).toMatchObject({
      sha: await scene.world.gitlab.commitId(scene.projectId, 'develop'),
      ref: 'develop',
      status: 'success',
      environment: { name: 'PIN QA' },
    });
    const told = await scene.maintainer.call('GET', path(`deployments/${only?.id}/merge_requests`));
    expect(told).toMatchObject([{ iid }]);
    expect(await statusesAt('develop')).toMatchObject([
      {
        name: 'aic-bot/deploy',
        status: 'success',
        description: 'Deployed 1 pipeline to "PIN QA": 1 created',
        target_url: expect.stringContaining(`/merge_requests/${iid}`),
      },
    ]);
  });

  test('has failed where a pipeline was left behind, and succeeds once that came in after all', async () => {
    await scene.start();
    await scene.settle();
    const mend = scene.world.aic.inject({
      method: 'POST',
      path: /jobs$/,
      fault: { kind: 'status', status: 400 },
    });
    const iid = await merged();
    await until(
      'a failed one',
      async () => (await records()).find((one) => one.status === 'failed'),
      patienceMs,
    );
    mend();
    await until(
      'a successful one',
      async () => {
        await scene.advance(20_000);
        return (await scene.comments(iid)).find((body) => body.includes('1 created'));
      },
      patienceMs,
    );
    await scene.settle();
    expect((await records()).map((one) => one.status)).toEqual(['success']);
    expect((await statusesAt('develop')).map((one) => one.status)).toEqual(['success']);
  });

  test('is there once though the answer to adding it was lost', async () => {
    await scene.start();
    await scene.settle();
    scene.world.gitlab.inject({
      method: 'POST',
      path: /\/deployments$/,
      times: 1,
      fault: { kind: 'status-after-work', status: 502 },
    });
    await merged();
    await until(
      'its end',
      async () => {
        await scene.advance(20_000);
        return (await records()).find((one) => one.status === 'success');
      },
      patienceMs,
    );
    await scene.settle();
    expect(await records()).toHaveLength(1);
  });

  test('is done without where the bot may not keep records', async () => {
    await scene.start();
    await scene.settle();
    scene.world.gitlab.inject({ path: /\/(deployments|statuses)/, fault: { kind: 'status', status: 403 } });
    const iid = await merged();
    expect((await scene.comments(iid)).find(isFinal)).toContain('1 created');
    await scene.settle();
    expect(scene.rows(`select 1 from jobs where status = 'given-up'`)).not.toHaveLength(0);
    expect(scene.rows(`select status from deployments`)).toEqual([{ status: 'succeeded' }]);
  });
});
