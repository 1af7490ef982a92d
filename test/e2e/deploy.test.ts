import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { until } from '../../demo/person.ts';
import { aicProject, isFinal, mapping, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const qa = 'PIN QA';

function live(title: string, workspace = qa): unknown {
  return scene.world.aic.pipeline(aicProject, workspace, title)?.stages;
}

function stagesOf(query: string): unknown {
  return sqlContent(query).stages;
}

/** The same fields in the opposite order. */
function reversed(content: object): object {
  return Object.fromEntries(Object.entries(content).toReversed());
}

describe('a merge into a mapped branch', () => {
  it('deploys what it changed, comments once and mails once, though GitLab reports it twice', async () => {
    scene = await setScene();
    await scene.start();
    const iid = await scene.open('develop', {
      ...sqlFile('Sales', 'select 1'),
      ...sqlFile('Stock', 'select 2'),
    });
    await scene.merge(iid);

    const comment = await scene.comment(iid, isFinal);
    expect(comment).toContain('**Deployed 2 pipelines to `PIN QA`: 2 created**');
    expect(live('Sales')).toEqual(stagesOf('select 1'));
    expect(live('Stock')).toEqual(stagesOf('select 2'));
    expect(live('Sales', 'PIN PROD')).toBeUndefined();
    const mail = await scene.world.mail.waitForMail(() => true, 30_000);
    expect(mail).toMatchObject({
      subject: '[Deploy] GitLab Deployment Summary for develop',
      to: ['data-team@example.com'],
    });
    await scene.world.gitlab.deliveriesSettled();
    const merges = scene.world.gitlab.deliveries.filter(({ body }) =>
      /"action":"merge"|heads\/develop/.test(body),
    );
    expect(merges.map(({ event, status }) => [event, status]).toSorted()).toEqual([
      ['Merge Request Hook', 202],
      ['Push Hook', 202],
    ]);
    expect(scene.world.aic.writes).toHaveLength(2);
    expect(await scene.comments(iid)).toHaveLength(1);
  });

  it('says nothing when it changed no config', async () => {
    scene = await setScene();
    await scene.start();
    const readme = await scene.open('develop', { 'README.md': 'More\n' });
    await scene.merge(readme);
    const sales = await scene.open('develop', sqlFile('Sales', 'select 1'));
    await scene.merge(sales);
    await scene.comment(sales, isFinal);
    expect(await scene.comments(readme)).toEqual([]);
  });

  it('covers two merges of the same moment, and both requests get their comment', async () => {
    scene = await setScene();
    await scene.start();
    const one = await scene.open('develop', sqlFile('One', 'select 1'));
    const two = await scene.open('develop', sqlFile('Two', 'select 2'));
    await Promise.all([scene.merge(one), scene.merge(two)]);
    await Promise.all([scene.comment(one, isFinal), scene.comment(two, isFinal)]);
    expect(scene.world.aic.pipelines(aicProject, qa).toSorted()).toEqual(['One', 'Two']);
    expect(scene.world.aic.writes).toHaveLength(2);
  });

  it('runs beside a merge into another branch', async () => {
    scene = await setScene();
    await scene.start();
    const qaRequest = await scene.open('develop', sqlFile('Sales', 'select 1'));
    const prodRequest = await scene.open('main', sqlFile('Sales', 'select 1'));
    scene.world.aic.setLatency(150);
    await Promise.all([scene.merge(qaRequest), scene.merge(prodRequest)]);
    await Promise.all([scene.comment(qaRequest, isFinal), scene.comment(prodRequest, isFinal)]);
    const jobs = scene.world.aic.calls.filter(({ path }) => /\/workspaces\/[^/]+\/jobs/.test(path));
    const ofWorkspace = (path: string) => /\/workspaces\/([^/]+)\//.exec(path)?.[1];
    const overlapping = jobs.some((one) =>
      jobs.some(
        (other) =>
          ofWorkspace(one.path) !== ofWorkspace(other.path) &&
          one.at < other.at + other.ms &&
          other.at < one.at + one.ms,
      ),
    );
    expect(overlapping).toBe(true);
  });

  it('is found without a merge commit, after a fast-forward', async () => {
    scene = await setScene();
    scene.world.gitlab.setMergeMethod(scene.projectId, 'ff');
    await scene.start();
    const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
    await scene.merge(iid);
    expect(await scene.comment(iid, isFinal)).toContain('1 created');
  });

  it('is exact when more files changed than GitLab shows', async () => {
    scene = await setScene();
    await scene.start();
    const many = Array.from({ length: 160 }, (_, index) => sqlFile(`Pipeline ${index}`, `select ${index}`));
    const iid = await scene.open('develop', Object.assign({}, ...many));
    await scene.merge(iid);
    expect(await scene.comment(iid, isFinal)).toContain('160 created');
    expect(scene.world.aic.pipelines(aicProject, qa)).toHaveLength(160);
  });

  it('carries names that paths, tables and mark-up cannot', async () => {
    scene = await setScene();
    await scene.start();
    const names = ['a/b', '..', 'CON', 'weird | name', '名前', 'x'.repeat(150), '/leading', '@all', '`tick`'];
    const files = names.map((name) => sqlFile(name, 'select 1'));
    const iid = await scene.open('develop', Object.assign({}, ...files));
    await scene.merge(iid);
    expect(await scene.comment(iid, isFinal)).toContain(`${names.length} created`);
    expect(scene.world.aic.pipelines(aicProject, qa).toSorted()).toEqual(names.toSorted());
  });

  it('puts branches of one prefix into one workspace, one after the other', async () => {
    scene = await setScene();
    await scene.start();
    await scene.addBranch('team-a/x', 'main');
    await scene.addBranch('team-a/y', 'main');
    const x = await scene.open('team-a/x', { ...sqlFile('Shared', 'select 1'), ...sqlFile('X', 'select 1') });
    const y = await scene.open('team-a/y', { ...sqlFile('Shared', 'select 1'), ...sqlFile('Y', 'select 1') });
    scene.world.aic.setLatency(50);
    await Promise.all([scene.merge(x), scene.merge(y)]);
    const [one, other] = await Promise.all([scene.comment(x, isFinal), scene.comment(y, isFinal)]);
    expect([one, other].filter((body) => body.includes('2 created'))).toHaveLength(1);
    expect([one, other].filter((body) => body.includes('1 created, 1 unchanged'))).toHaveLength(1);
    expect(scene.world.aic.writes.map(({ title }) => title).toSorted()).toEqual(['Shared', 'X', 'Y']);
  });

  it('sets the variables of the workspace', async () => {
    const withVariables = `${mapping}workspaces:\n  PIN QA:\n    variables: { QA: "True" }\n`;
    scene = await setScene({ mapping: withVariables });
    await scene.start();
    const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
    await scene.merge(iid);
    await scene.comment(iid, isFinal);
    expect(scene.world.aic.pipeline(aicProject, qa, 'Sales')?.variables).toEqual([
      { id: 'QA', value: 'True' },
    ]);
  });
});

describe('a pipeline that the workspace already has', () => {
  const asTheLibraryWroteIt = (query: string) =>
    JSON.stringify(
      {
        $id: 'job-in-another-workspace',
        createdAt: 'long ago',
        ...reversed(sqlContent(query)),
        title: 'Sales',
      },
      undefined,
      4,
    ).replaceAll('\n', '\r\n');

  it('is updated when it is as the branch had it, though nothing was ever deployed', async () => {
    scene = await setScene();
    await scene.commit('develop', { 'config/Sales.json': asTheLibraryWroteIt('select 1') });
    scene.world.aic.putPipeline(aicProject, qa, 'Sales', sqlContent('select 1'));
    await scene.start();
    const iid = await scene.open('develop', sqlFile('Sales', 'select 2'));
    await scene.merge(iid);
    expect(await scene.comment(iid, isFinal)).toContain('1 updated');
    expect(live('Sales')).toEqual(stagesOf('select 2'));
  });

  it('is updated after its config was broken and mended, though nothing was ever deployed', async () => {
    scene = await setScene();
    await scene.commit('develop', sqlFile('Sales', 'select 1'));
    scene.world.aic.putPipeline(aicProject, qa, 'Sales', sqlContent('select 1'));
    await scene.start();
    const broken = await scene.open('develop', { 'config/Sales.json': '{ broken' });
    await scene.merge(broken);
    expect(await scene.comment(broken, isFinal)).toContain('1 failed');
    const mended = await scene.open('develop', sqlFile('Sales', 'select 2'));
    await scene.merge(mended);
    expect(await scene.comment(mended, isFinal)).toContain('1 updated');
  });

  it('is blocked on the first deployment if it was changed by hand, and updated once that is undone', async () => {
    scene = await setScene();
    await scene.commit('develop', sqlFile('Sales', 'select 1'));
    scene.world.aic.putPipeline(aicProject, qa, 'Sales', sqlContent('select by_hand'));
    await scene.start();
    const iid = await scene.open('develop', sqlFile('Sales', 'select 2'));
    await scene.merge(iid);
    expect(await scene.comment(iid, isFinal)).toContain('1 blocked');
    scene.world.aic.putPipeline(aicProject, qa, 'Sales', sqlContent('select 1'));
    await scene.advance(20_000);
    await scene.comment(iid, (body) => body.includes('1 updated'));
    expect(live('Sales')).toEqual(stagesOf('select 2'));
  });

  it('is unchanged when it equals the file, however that is written', async () => {
    scene = await setScene();
    scene.world.aic.putPipeline(aicProject, qa, 'Sales', sqlContent('select 1'));
    await scene.start();
    const iid = await scene.open('develop', { 'config/Sales.json': asTheLibraryWroteIt('select 1') });
    await scene.merge(iid);
    expect(await scene.comment(iid, isFinal)).toContain('`PIN QA` needed no change: 1 unchanged');
    expect(scene.world.aic.writes).toEqual([]);
  });

  it('is blocked when somebody changed it, named, and deployed once that is undone', async () => {
    scene = await setScene();
    await scene.start();
    const first = await scene.open('develop', sqlFile('Sales', 'select 1'));
    await scene.merge(first);
    await scene.comment(first, isFinal);
    scene.world.aic.putPipeline(aicProject, qa, 'Sales', sqlContent('select by_hand'));
    const second = await scene.open('develop', {
      ...sqlFile('Sales', 'select 2'),
      ...sqlFile('New', 'select 3'),
    });
    await scene.merge(second);
    const comment = await scene.comment(second, isFinal);
    expect(comment).toContain('**Deployed 1 of 2 pipelines to `PIN QA`: 1 created, 1 blocked**');
    expect(comment).toMatch(/`Sales`\s+\| blocked/);
    expect(live('Sales')).toEqual(stagesOf('select by_hand'));

    scene.world.aic.putPipeline(aicProject, qa, 'Sales', sqlContent('select 1'));
    await scene.advance(20_000);
    expect(await scene.comment(second, (body) => body.includes('1 created, 1 updated'))).toContain('✅');
    expect(live('Sales')).toEqual(stagesOf('select 2'));
    expect(await scene.comments(second)).toHaveLength(1);
  });

  it('is overwritten where the mapping says so, and what was there is kept', async () => {
    scene = await setScene({ mapping: `${mapping}workspaces: { PIN QA: { drift: overwrite } }\n` });
    scene.world.aic.putPipeline(aicProject, qa, 'Sales', sqlContent('select by_hand'));
    const bot = await scene.start();
    const iid = await scene.open('develop', sqlFile('Sales', 'select 2'));
    await scene.merge(iid);
    expect(await scene.comment(iid, isFinal)).toContain('kept as a snapshot');
    expect(live('Sales')).toEqual(stagesOf('select 2'));
    await bot.stop();
    expect(scene.rows('select pipeline, config from snapshots')).toEqual([
      { pipeline: 'Sales', config: expect.stringContaining('select by_hand') },
    ]);
  });

  it('is left alone when its file is removed', async () => {
    scene = await setScene();
    await scene.commit('develop', sqlFile('Sales', 'select 1'));
    scene.world.aic.putPipeline(aicProject, qa, 'Sales', sqlContent('select 1'));
    await scene.start();
    const iid = await scene.open('develop', { 'config/Sales.json': null });
    await scene.merge(iid);
    expect(await scene.comment(iid, isFinal)).toContain('left alone');
    expect(live('Sales')).toEqual(stagesOf('select 1'));
  });

  it('fails when two have its title', async () => {
    scene = await setScene();
    scene.world.aic.addPipeline(aicProject, qa, 'Sales', sqlContent('select 1'));
    scene.world.aic.addPipeline(aicProject, qa, 'Sales', sqlContent('select 1'));
    await scene.start();
    const iid = await scene.open('develop', sqlFile('Sales', 'select 2'));
    await scene.merge(iid);
    expect(await scene.comment(iid, isFinal)).toContain('2 pipelines with this title');
  });
});

describe('a config that cannot be deployed', () => {
  it('fails alone, with file, line and reason', async () => {
    scene = await setScene();
    await scene.start();
    const iid = await scene.open('develop', {
      ...sqlFile('Good', 'select 1'),
      'config/Broken.json': '{\n  "stages": [,]\n}\n',
      'config/List.json': '[]\n',
      'config/Shape.json': '{\n  "variables": [],\n  "stages": "none"\n}\n',
      'config/Large.json': JSON.stringify({
        stages: [],
        variables: [{ id: 'x', value: 'x'.repeat(20_000_000) }],
      }),
    });
    await scene.merge(iid);
    const comment = await scene.comment(iid, isFinal);
    expect(comment).toContain('**Deployed 1 of 5 pipelines to `PIN QA`: 1 created, 4 failed**');
    expect(comment).toContain('`config/Broken.json`, line 2: ');
    expect(comment).toMatch(/`config\/List.json`(?:, line 1)?: /);
    expect(comment).toContain('`config/Shape.json`, line 3: ');
    expect(comment).toContain('`config/Large.json` is larger than 10 MiB');
    expect(live('Good')).toEqual(stagesOf('select 1'));
  });

  it('fails with the words of AIC when AIC refuses it', async () => {
    scene = await setScene();
    scene.world.aic.inject({
      method: 'POST',
      fault: { kind: 'status', status: 422, body: '{"message":"stage s has no task"}' },
    });
    await scene.start();
    const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
    await scene.merge(iid);
    const comment = await scene.comment(iid, isFinal);
    expect(comment).toContain('`422 stage s has no task`');
    expect(comment).toContain('Correct the config as the answer says');
  });
});

describe('a push without a merge request', () => {
  it('is reported on the commit and by mail, and deployed with the next merge', async () => {
    scene = await setScene();
    await scene.start();
    const pushed = await scene.push('develop', sqlFile('Pushed', 'select 1'));
    await scene.advance(20_000);
    const mail = await scene.world.mail.waitForMail(({ subject }) => subject.includes('develop'), 30_000);
    expect(mail.text).toContain('Pushed');
    const path = `/projects/${scene.projectId}/repository/commits/${pushed}/comments`;
    const comments = await until(
      'the comment on the commit',
      async () => {
        const all = JSON.stringify(await scene.maintainer.call('GET', path));
        return all.includes('without a merge request') ? all : undefined;
      },
      5_000,
    );
    expect(comments).toContain('Pushed');
    expect(scene.world.aic.writes).toEqual([]);

    const iid = await scene.open('develop', sqlFile('Merged', 'select 2'));
    await scene.merge(iid);
    expect(await scene.comment(iid, isFinal)).toContain('2 created');
  });

  it('is deployed where the mapping says so', async () => {
    scene = await setScene({ mapping: `${mapping}direct_push: deploy\n` });
    await scene.start();
    await scene.push('develop', sqlFile('Pushed', 'select 1'));
    await scene.advance(20_000);
    await scene.world.mail.waitForMail(({ text }) => text.includes('1 created'), 30_000);
    expect(live('Pushed')).toEqual(stagesOf('select 1'));
  });
});

describe('webhooks out of order', () => {
  const events = async (iid: number) => {
    const request = await scene.maintainer.call('GET', `/projects/${scene.projectId}/merge_requests/${iid}`);
    const { merge_commit_sha: after } = z.object({ merge_commit_sha: z.string() }).parse(request);
    const commit = await scene.maintainer.call(
      'GET',
      `/projects/${scene.projectId}/repository/commits/${after}`,
    );
    const [before] = z.object({ parent_ids: z.array(z.string()) }).parse(commit).parent_ids;
    return {
      push: { object_kind: 'push', ref: 'refs/heads/develop', before, after },
      merge: {
        object_kind: 'merge_request',
        object_attributes: { iid, target_branch: 'develop', action: 'merge' },
      },
    };
  };

  it.each(['push', 'merge'] as const)(
    'deploy a first merge that is told of last, by its %s event',
    async (kind) => {
      scene = await setScene();
      const bot = await scene.start();
      await scene.silence();
      const one = await scene.open('develop', sqlFile('One', 'select 1'));
      const two = await scene.open('develop', sqlFile('Two', 'select 2'));
      await scene.merge(one);
      await scene.merge(two);
      const [first, second] = [await events(one), await events(two)];
      await scene.deliver(bot, second.push);
      await scene.deliver(bot, second.merge);
      expect(await scene.comment(two, isFinal)).toContain('1 created');
      expect(scene.world.aic.pipelines(aicProject, qa)).toEqual(['Two']);

      await scene.deliver(bot, first[kind]);
      await scene.advance(20_000);
      await scene.comment(one, isFinal);
      expect(scene.world.aic.pipelines(aicProject, qa)).toEqual(['Two', 'One']);
    },
  );

  it('deploy once when they are doubled', async () => {
    scene = await setScene();
    const bot = await scene.start();
    const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
    await scene.merge(iid);
    await scene.comment(iid, isFinal);
    const { push, merge } = await events(iid);
    for (const event of [merge, push, merge, push]) await scene.deliver(bot, event);
    await scene.advance(20_000);
    const waiting = "select id from deliveries where status = 'waiting' and branch = 'develop'";
    await until('the end', () => (scene.rows(waiting).length === 0 ? true : undefined), 5_000);
    expect(scene.world.aic.writes).toHaveLength(1);
    expect(await scene.comments(iid)).toHaveLength(1);
    await scene.world.mail.waitForMail(() => true, 30_000);
    expect(scene.world.mail.mails).toHaveLength(1);
  });
});

describe('the comment', () => {
  it('shows what was done and what is going on while one pipeline keeps the others waiting', async () => {
    scene = await setScene();
    await scene.start();
    const iid = await scene.open('develop', { ...sqlFile('One', 'select 1'), ...sqlFile('Two', 'select 2') });
    scene.world.aic.inject({ method: 'POST', times: 1, fault: { kind: 'hang' } });
    await scene.merge(iid);
    const comment = await scene.comment(iid, (body) => body.includes('created') && body.includes('creating'));
    expect(comment).toContain('⏳ **Deploying 2 pipelines to `PIN QA`: 1 created**');
  });

  it('is there while the deployment runs, and says so', async () => {
    scene = await setScene();
    await scene.start();
    const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
    const remove = scene.world.aic.inject({ method: 'POST', fault: { kind: 'status', status: 503 } });
    await scene.merge(iid);
    await scene.comment(iid, (body) => body.includes('⏳') && body.includes('Deploying'));
    remove();
    expect(await scene.comment(iid, isFinal)).toContain('✅');
    expect(await scene.comments(iid)).toHaveLength(1);
  });
});
