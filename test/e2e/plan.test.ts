import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { until } from '../../demo/person.ts';
import { aicProject, mapping, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { notesOf, onMergeRequest, say } from './thread.ts';

let scene: Scene;
afterEach(() => scene.close());

const patienceMs = 15_000;
const status = z.object({ name: z.string(), status: z.string(), description: z.string(), ref: z.string() });

/** The plan that the merge request shows once it fits. */
function planOn(iid: number, fits: (body: string) => boolean = () => true): Promise<string> {
  return scene.comment(
    iid,
    (body) => body.startsWith('<!-- aic-bot:plan -->') && !body.includes('⏳') && fits(body),
  );
}

async function statusesOf(iid: number) {
  const path = `/projects/${scene.projectId}`;
  const request = await scene.maintainer.call('GET', `${path}/merge_requests/${iid}`);
  const { sha } = z.object({ sha: z.string() }).parse(request);
  return z
    .array(status)
    .parse(await scene.maintainer.call('GET', `${path}/repository/commits/${sha}/statuses`));
}

/** The plan's commit status on the head of the merge request once it fits. */
function planStatus(iid: number, state: string) {
  return until(
    `the status ${state} on !${iid}`,
    async () => (await statusesOf(iid)).find((one) => one.name === 'aic-bot/plan' && one.status === state),
    patienceMs,
  );
}

function editRequest(iid: number, fields: object): Promise<unknown> {
  return scene.maintainer.call('PUT', `/projects/${scene.projectId}/merge_requests/${iid}`, fields);
}

function setLive(name: string, query: string): void {
  scene.world.aic.putPipeline(aicProject, 'PIN QA', name, sqlContent(query));
}

describe('the plan on a merge request', () => {
  test('tells what merging would deploy, shows the changed SQL as code, and gives the commit a status', async () => {
    scene = await setScene();
    await scene.commit('develop', sqlFile('daily load', 'select 1\nfrom sales'));
    setLive('daily load', 'select 1\nfrom sales');
    await scene.start();
    const iid = await scene.open('develop', {
      ...sqlFile('daily load', 'select 2\nfrom sales'),
      ...sqlFile('weekly load', 'select 3'),
    });
    const body = await planOn(iid);
    expect(body).toContain('Merging deploys 2 pipelines to `PIN QA`: 1 new, 1 changed');
    expect(body).toMatch(/\| `daily load` +\| changed +\| SQL changed\. +\|/);
    expect(body).toContain('<details><summary><code>daily load</code> – SQL changed</summary>');
    expect(body).toContain('```diff\n@@ -1,2 +1,2 @@\n-select 1\n+select 2\n from sales\n');
    expect(await planStatus(iid, 'success')).toMatchObject({
      description: 'Merging deploys 2 pipelines to "PIN QA": 1 new, 1 changed',
      ref: 'work/1',
    });
    expect(scene.world.aic.pipelines(aicProject, 'PIN QA')).toEqual(['daily load']);
  });

  test('is one comment, written again for new commits and not for labels or a description', async () => {
    scene = await setScene();
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    const first = await planOn(iid);
    const calls = scene.world.aic.calls.length;
    await editRequest(iid, { description: 'Because', labels: 'one,two' });
    await scene.settle();
    expect(await planOn(iid)).toBe(first);
    expect(scene.world.aic.calls).toHaveLength(calls);
    await scene.world.gitlab.commitFiles(scene.projectId, 'work/1', 'More', sqlFile('b', 'select 2'));
    await planOn(iid, (body) => body.includes('deploys 2 pipelines'));
    await scene.settle();
    expect(await scene.plans(iid)).toHaveLength(1);
  });

  test('is marked as outdated while it is made anew', async () => {
    scene = await setScene();
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    await planOn(iid);
    const mend = scene.world.aic.inject({ fault: { kind: 'status', status: 503 } });
    await scene.world.gitlab.commitFiles(scene.projectId, 'work/1', 'More', sqlFile('b', 'select 2'));
    const marked = await scene.comment(iid, (body) =>
      body.includes('**Outdated: the plan is being made anew.**'),
    );
    expect(marked).toContain('deploys 1 pipeline');
    mend();
    await until(
      'the new plan',
      async () => {
        await scene.advance(20_000);
        return (await scene.plans(iid)).find((body) => body.includes('deploys 2 pipelines'));
      },
      patienceMs,
    );
  });

  test('is for what the target would be after merging, not for where the branches parted', async () => {
    scene = await setScene();
    await scene.commit('develop', { ...sqlFile('a', 'select 1'), ...sqlFile('b', 'select 1') });
    setLive('a', 'select 1');
    setLive('b', 'select 1');
    await scene.start();
    await scene.settle();
    const other = await scene.open('develop', sqlFile('b', 'select 2'));
    const iid = await scene.open('develop', sqlFile('a', 'select 2'));
    await scene.merge(other);
    await scene.comment(other, (body) => body.includes('1 updated'));
    await scene.settle();
    await scene.world.gitlab.commitFiles(scene.projectId, 'work/2', 'More', { 'README.md': 'more\n' });
    const body = await planOn(iid);
    expect(body).toContain('deploys 1 pipeline to `PIN QA`: 1 changed');
    expect(body).not.toContain('`b`');
  });

  test('waits until a draft is one no longer, and is made anew for another target', async () => {
    scene = await setScene();
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    await planOn(iid);
    await editRequest(iid, { title: 'Draft: not yet' });
    await scene.world.gitlab.commitFiles(scene.projectId, 'work/1', 'More', sqlFile('b', 'select 2'));
    await scene.world.gitlab.deliveriesSettled();
    await scene.settle();
    expect(await planOn(iid)).toContain('deploys 1 pipeline');
    await editRequest(iid, { title: 'Now' });
    await planOn(iid, (body) => body.includes('deploys 2 pipelines to `PIN QA`'));
    await editRequest(iid, { target_branch: 'main' });
    await planOn(iid, (body) => body.includes('deploys 2 pipelines to `PIN PROD`'));
  });

  test('names what would fail or be blocked, and fails the status of what would not work', async () => {
    scene = await setScene();
    await scene.commit('develop', sqlFile('by hand', 'select 1'));
    setLive('by hand', 'select 99');
    await scene.start();
    const broken = await scene.open('develop', { 'config/broken.json': '{ "stages": ' });
    expect(await planOn(broken)).toMatch(/broken.* would fail .*config\/broken\.json/);
    await planStatus(broken, 'failed');
    const drifted = await scene.open('develop', sqlFile('by hand', 'select 2'));
    const body = await planOn(drifted);
    expect(body).toContain('Merging deploys nothing to `PIN QA`: 1 blocked');
    expect(body).toContain('<code>by hand</code>: changed by hand in AIC – SQL changed</summary>');
    expect(body).toContain('-select 1\n+select 99');
    await planStatus(drifted, 'failed');
  });

  test('says that the mapping file has mistakes, and that a merge request mends it', async () => {
    scene = await setScene({ mapping: `${mapping}\nroles: { production: nowhere }\n` });
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    expect(await planOn(iid)).toContain('has a mistake');
    await planStatus(iid, 'failed');
    const mending = await scene.open('main', { 'branch_to_workspace.yaml': mapping });
    expect(await planOn(mending)).toContain('Merging mends');
    await planStatus(mending, 'success');
    const readme = await scene.open('develop', { 'README.md': 'No pipeline\n' });
    await scene.settle();
    expect(await scene.plans(readme)).toEqual([]);
  });

  test('never takes the mapping or a workspace from the merge request itself', async () => {
    scene = await setScene();
    await scene.start();
    const own = mapping.replace('main: PIN PROD', 'main: PIN TEAM A').replace('  team-a/*: PIN TEAM A\n', '');
    const iid = await scene.open('main', { 'branch_to_workspace.yaml': own, ...sqlFile('a', 'select 1') });
    const body = await planOn(iid);
    expect(body).toContain('deploys 1 pipeline to `PIN PROD`');
    expect(body).toContain('changes the mapping file');
    const broken = await scene.open('main', { 'branch_to_workspace.yaml': 'mapping: []\n' });
    expect(await planOn(broken)).toContain('leaves the mapping file with');
    await planStatus(broken, 'failed');
  });

  test('warns of other merge requests, of edited code, of missing tables and of what nothing reads', async () => {
    scene = await setScene({
      mapping: `${mapping}workspaces:\n  PIN QA:\n    variables: { QA: "True" }\n`,
    });
    const { aic } = scene.world;
    aic.addDataset(aicProject, 'PIN QA', 'SALES');
    aic.addTable(aicProject, 'PIN QA', 'SALES', 'ORDERS');
    const code = { 'code/a/t.sql': 'select 1' };
    await scene.commit('develop', {
      ...sqlFile('a', 'select 1'),
      ...code,
      ...sqlFile('c', 'select 1'),
      'code/c/t.sql': 'select 1',
    });
    setLive('a', 'select 1');
    setLive('c', 'select 1');
    await scene.start();
    const first = await scene.open(
      'develop',
      sqlFile('a', 'select * from ${sales.orders}, ${SALES.GONE}, ${QA}'),
    );
    expect(await planOn(first)).toMatch(/no table `SALES\.GONE`\. .*mapping file sets `QA`/);
    const second = await scene.open('develop', {
      ...sqlFile('a', 'select 3'),
      'code/a/t.sql': 'select 4',
      'code/c/t.sql': 'select 5',
      'config/notes.txt': 'note\n',
    });
    const body = await planOn(second);
    expect(body).toMatch(new RegExp(String.raw`Also changed by \[.!${first}.\]`));
    expect(body).toMatch(/Edited in `code\/a\/t\.sql`, but not in the config/);
    expect(body).toMatch(/\| `c` +\| not deployed +\|.*Edited in `code\/c\/t\.sql`/);
    expect(body).toContain('`config/notes.txt`');
    expect(body).toContain('`/aic embed`');
  });

  test('shows nothing of a workspace on a merge request from a fork until a member asks', async () => {
    scene = await setScene();
    const { gitlab } = scene.world;
    const fork = await gitlab.addProject('else/where');
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    gitlab.setSourceProject(scene.projectId, iid, fork.id);
    await scene.start();
    await editRequest(iid, { title: 'Still from a fork' });
    await scene.settle();
    expect(await scene.plans(iid)).toEqual([]);
    const { answer } = await say(scene, onMergeRequest(scene, iid), '/aic plan');
    expect(answer).toContain('Merging deploys 1 pipeline');
  });

  test('says that the branches are in conflict', async () => {
    scene = await setScene();
    await scene.commit('develop', sqlFile('a', 'select 1'));
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 2'));
    await planOn(iid);
    await scene.commit('develop', sqlFile('a', 'select 3'));
    await scene.world.gitlab.commitFiles(scene.projectId, 'work/1', 'More', { 'README.md': 'x\n' });
    await planOn(iid, (body) => body.includes('In conflict with `develop`'));
    await planStatus(iid, 'failed');
  });

  test('is made for merge requests that no webhook told of', async () => {
    scene = await setScene();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    await scene.start();
    expect(await planOn(iid)).toContain('deploys 1 pipeline');
  });

  test('comes although AIC and a commit status are refused at first', async () => {
    scene = await setScene();
    await scene.start();
    await scene.settle();
    scene.world.gitlab.refuseStatuses(2);
    const { aic } = scene.world;
    const before = aic.calls.length;
    const mend = aic.inject({ fault: { kind: 'status', status: 503 } });
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    await until('calls to AIC', () => aic.calls.length > before + 3 || undefined, patienceMs);
    expect(await scene.plans(iid)).toEqual([]);
    mend();
    await until(
      'the plan',
      async () => {
        await scene.advance(20_000);
        return (await scene.plans(iid)).find((body) => body.includes('deploys 1 pipeline'));
      },
      patienceMs,
    );
    await until(
      'the status',
      async () => {
        await scene.advance(20_000);
        return (await statusesOf(iid)).find(({ status: state }) => state === 'success');
      },
      patienceMs,
    );
  });
});

describe('/aic plan and /aic diff', () => {
  test('plan makes the plan of a merge request anew, after the workspace changed', async () => {
    scene = await setScene();
    await scene.commit('develop', sqlFile('a', 'select 1'));
    setLive('a', 'select 99');
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 2'));
    await planStatus(iid, 'failed');
    setLive('a', 'select 1');
    const { emoji, answer } = await say(scene, onMergeRequest(scene, iid), '/aic plan');
    expect(emoji).toBe('white_check_mark');
    expect(answer).toContain('Merging deploys 1 pipeline');
    await planStatus(iid, 'success');
    await planOn(iid, (body) => body.includes('Merging deploys 1 pipeline'));
  });

  test('diff compares a workspace with its branch and hides what looks secret', async () => {
    scene = await setScene();
    const withSecret = (value: string) => ({
      ...sqlContent('select 1'),
      variables: [{ id: 'db_password', value }],
    });
    await scene.commit('develop', {
      ...sqlFile('same', 'select 1'),
      ...sqlFile('changed', 'select 1\nfrom t'),
      ...sqlFile('new', 'select 1'),
      'config/secret.json': JSON.stringify(withSecret('hunter22')),
    });
    setLive('same', 'select 1');
    setLive('changed', 'select 2\nfrom t');
    setLive('extra', 'select 1');
    scene.world.aic.putPipeline(aicProject, 'PIN QA', 'secret', withSecret('hunter33'));
    await scene.start();
    const iid = await scene.open('develop', { 'README.md': 'x\n' });
    const { answer } = await say(scene, onMergeRequest(scene, iid), '/aic diff');
    expect(answer).toContain('`PIN QA` differs from `develop` in 4 of 5 pipelines');
    expect(answer).toContain('-select 1\n+select 2\n from t');
    expect(answer).toMatch(/`extra` +\| only in AIC/);
    expect(answer).toMatch(/`new` +\| only in Git/);
    expect(answer).not.toMatch(/hunter|`same`/);
    const notes = await notesOf(scene, onMergeRequest(scene, iid));
    expect(notes.every(({ body }) => !body.includes('hunter'))).toBe(true);
  });
});
