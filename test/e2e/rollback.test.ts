import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { personAt, until } from '../../demo/person.ts';
import { aicProject, isFinal, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { issue, onMergeRequest, say } from './thread.ts';

let scene: Scene;
let bot: Awaited<ReturnType<Scene['start']>>;
beforeEach(async () => {
  scene = await setScene();
});
afterEach(() => scene.close());

function live(name: string): string {
  return scene.world.aic.pipelineText(aicProject, 'PIN QA', name) ?? '';
}

function setLive(name: string, query: string): void {
  scene.world.aic.putPipeline(aicProject, 'PIN QA', name, sqlContent(query));
}

/** Merges the files into develop and waits for the end of the deployment. */
async function deploy(files: Readonly<Record<string, string>>): Promise<number> {
  const iid = await scene.open('develop', files);
  await scene.merge(iid);
  await scene.comment(iid, isFinal);
  await scene.settle();
  return iid;
}

/** Two pipelines as they were, and a merge that updates them and creates a third. */
async function deployed(): Promise<number> {
  await scene.commit('develop', { ...sqlFile('a', 'select old_a'), ...sqlFile('b', 'select old_b') });
  setLive('a', 'select old_a');
  setLive('b', 'select old_b');
  bot = await scene.start();
  await scene.settle();
  return deploy({
    ...sqlFile('a', 'select new_a'),
    ...sqlFile('b', 'select new_b'),
    ...sqlFile('c', 'select c'),
  });
}

function requestOf(answer: string): number {
  return Number(/Merge \[`!(\d+)`\]/.exec(answer)?.[1]);
}

describe('/aic rollback', () => {
  test('on a merged request restores what its deployment overwrote, names what stays, and opens a revert', async () => {
    const iid = await deployed();
    const { emoji, answer } = await say(
      scene,
      onMergeRequest(scene, iid),
      '/aic rollback reason="wrong joins"',
    );
    expect(emoji).toBe('white_check_mark');
    expect(answer).toContain('Rolled back deployment 1 in `PIN QA`: 2 pipelines restored');
    expect(answer).toMatch(/`c` +\| left alone +\| Deployment 1 created it; pipelines are never deleted/);
    expect(answer).toContain('reason: `wrong joins`');
    expect(answer).toContain('-select new_a\n+select old_a');
    expect(live('a')).toContain('old_a');
    expect(live('b')).toContain('old_b');
    expect(live('c')).toContain('select c');
    const revert = requestOf(answer);
    const shown = await scene.maintainer.call('GET', `/projects/${scene.projectId}/merge_requests/${revert}`);
    const { source_branch: source, title } = z
      .object({ source_branch: z.string(), title: z.string() })
      .parse(shown);
    expect(source).toBe('revert/develop-deployment-1-by-2');
    expect(title).toBe('Revert deployment 1');
    const file = await scene.world.gitlab.readFile(scene.projectId, source, 'config/a.json');
    expect(file).toContain('old_a');
  });

  test('holds the restored pipelines back until the revert is merged', async () => {
    const iid = await deployed();
    const { answer } = await say(scene, onMergeRequest(scene, iid), '/aic rollback');
    const next = await deploy({ ...sqlFile('a', 'select newer_a'), ...sqlFile('d', 'select d') });
    const body = (await scene.comments(next)).find(isFinal) ?? '';
    expect(body).toMatch(/`a` +\| blocked +\| It was rolled back by deployment 2/);
    expect(body).toMatch(/`d` +\| created/);
    expect(live('a')).toContain('old_a');
    const again = await say(scene, onMergeRequest(scene, iid), '/aic deploy');
    expect(again.answer).toMatch(/`b` +\| blocked/);
    await scene.settle();
    expect(live('b')).toContain('old_b');
    const status = await say(scene, await issue(scene), '/aic status branch=develop');
    expect(status.answer).toContain(
      `\`a\`, \`b\` held back since a rollback, until !${requestOf(answer)} is merged.`,
    );
    // The merge of the revert conflicts in a; somebody resolves it for what came later.
    const path = `/projects/${scene.projectId}`;
    await scene.world.gitlab.commitFiles(
      scene.projectId,
      'develop',
      'Take a back',
      { ...sqlFile('a', 'select old_a') },
      { hooks: false },
    );
    await scene.world.gitlab.commitFiles(
      scene.projectId,
      'develop',
      'Take a back',
      { ...sqlFile('a', 'select new_a') },
      { hooks: false },
    );
    await scene.maintainer.call('PUT', `${path}/merge_requests/${requestOf(answer)}/merge`);
    await scene.comment(requestOf(answer), isFinal);
    await scene.settle();
    const last = await deploy(sqlFile('b', 'select newest_b'));
    expect((await scene.comments(last)).find(isFinal)).toMatch(/`b` +\| updated/);
    expect(live('b')).toContain('newest_b');
  });

  test('is a deployment: rolled back itself it is undone, and twice the same is refused', async () => {
    const iid = await deployed();
    const thread = onMergeRequest(scene, iid);
    await say(scene, thread, '/aic rollback');
    const twice = await say(scene, thread, '/aic rollback');
    expect(twice.emoji).toBe('x');
    expect(twice.answer).toContain('was rolled back before, by deployment 2 for `omar`');
    expect(twice.answer).toContain('/aic rollback deployment=2');
    const undo = await say(scene, await issue(scene), '/aic rollback deployment=2');
    expect(undo.emoji).toBe('white_check_mark');
    expect(undo.answer).toContain('Rolled back deployment 2 in `PIN QA`: 2 pipelines restored');
    expect(live('a')).toContain('new_a');
    expect(undo.answer).not.toContain('held back');
    const once = await say(scene, thread, '/aic rollback');
    expect(once.answer).toContain('Rolled back deployment 1');
    expect(live('a')).toContain('old_a');
  });

  test('leaves a pipeline that a later deployment wrote, or that somebody changed by hand, unless forced', async () => {
    const iid = await deployed();
    await deploy(sqlFile('a', 'select later_a'));
    setLive('b', 'select by_hand');
    const thread = onMergeRequest(scene, iid);
    const { emoji, answer } = await say(scene, thread, '/aic rollback');
    expect(emoji).toBe('x');
    expect(answer).toMatch(/`a` +\| blocked +\| Deployment 2 wrote it again since/);
    expect(answer).toMatch(/`b` +\| blocked +\| It was changed or created in AIC by hand/);
    expect(live('a')).toContain('later_a');
    const forced = await say(scene, thread, '/aic rollback force');
    expect(forced.emoji).toBe('white_check_mark');
    expect(live('a')).toContain('old_a');
    expect(live('b')).toContain('old_b');
  });

  test('is refused by name: not merged, not named, unknown, of another project, nothing overwritten, no right', async () => {
    await deployed();
    const open = await scene.open('develop', sqlFile('e', 'select e'));
    expect((await say(scene, onMergeRequest(scene, open), '/aic rollback')).answer).toContain(
      'is not merged',
    );
    const thread = await issue(scene);
    expect((await say(scene, thread, '/aic rollback')).answer).toContain('which deployment is meant');
    expect((await say(scene, thread, '/aic rollback deployment=99')).answer).toContain('no deployment `99`');
    expect((await say(scene, thread, '/aic rollback deployment=1;drop')).answer).toContain(
      'no deployment `1;drop`',
    );
    const created = await deploy(sqlFile('f', 'select f'));
    expect((await say(scene, onMergeRequest(scene, created), '/aic rollback')).answer).toContain(
      'overwrote no pipeline',
    );
    const { gitlab } = scene.world;
    const user = gitlab.addUser({ username: 'dev', name: 'Dev' });
    gitlab.addMember(scene.projectId, user.id, 30);
    const asked = await say(scene, thread, '/aic rollback deployment=1', personAt(gitlab.url, user.token));
    expect(asked.emoji).toBe('x');
    expect(live('a')).toContain('new_a');
  });

  test('that is cut off by a restart goes on under its number', async () => {
    const iid = await deployed();
    const { aic } = scene.world;
    const mend = aic.inject({ method: 'PUT', fault: { kind: 'hang' } });
    const path = `/projects/${scene.projectId}/merge_requests/${iid}/notes`;
    await scene.maintainer.call('POST', path, { body: '/aic rollback' });
    const isWriting = () =>
      scene.rows(`select 1 from items where deployment_id = 2 and state_json like '%writing%'`);
    await until('the first write', () => isWriting().length > 0 || undefined, 15_000);
    await bot.stop();
    mend();
    await scene.start();
    await scene.comment(iid, (body) => body.includes('Rolled back deployment 1'));
    expect(scene.rows('select id, status, rolls_back from deployments order by id')).toMatchObject([
      { id: 1 },
      { id: 2, rolls_back: 1, status: 'succeeded' },
    ]);
  });
});

describe('/aic history', () => {
  test('lists deployments with commit, request, person and result, of a branch or of a pipeline', async () => {
    const iid = await deployed();
    await deploy(sqlFile('a', 'select later_a'));
    await say(scene, onMergeRequest(scene, iid), '/aic rollback force reason="because"');
    const { answer } = await say(scene, await issue(scene), '/aic history branch=develop');
    expect(answer).toContain('The last 3 deployments of `develop`');
    expect(answer).toMatch(/\| 3 +\|.*rolled back 1 .*`omar`: `because`/);
    expect(answer).toMatch(/\| 1 +\|.*succeeded, 3 pipelines/);
    const one = await say(scene, await issue(scene), '/aic history c branch=develop');
    expect(one.answer).toContain('The last 2 deployments of `c` from `develop`');
    expect(one.answer).toMatch(/\| 1 +\|.*\| created/);
    const none = await say(scene, await issue(scene), '/aic history nothing branch=develop');
    expect(none.answer).toContain('Nothing was deployed of `nothing`');
  });
});
