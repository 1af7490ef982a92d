import { afterEach, describe, expect, test } from 'vitest';

import { isFinal, mapping, setScene, sqlFile, type Scene } from './scene.ts';
import { issue, onMergeRequest, say } from './thread.ts';

let scene: Scene;
afterEach(() => scene.close());

const script = 'spark.sql("""\n    select 1\n    from t\n""")\n';
/** As somebody lays it out by hand. */
const odd = `{ "stages": [ { "tasks": [
   {"id":"t", "type":"PYSPARK", "config":{"script":${JSON.stringify(script)}}} ] } ],
   "variables": [] }`;

function read(branch: string, path: string) {
  return scene.world.gitlab.readFile(scene.projectId, branch, path);
}

async function commitsOn(branch: string): Promise<number> {
  const path = `/projects/${scene.projectId}/repository/commits?ref_name=${encodeURIComponent(branch)}&per_page=100`;
  const all = await scene.maintainer.call('GET', path);
  return Array.isArray(all) ? all.length : 0;
}

describe('/aic embed', () => {
  test('writes edited SQL into the config on the source branch, in one commit, and merging deploys it', async () => {
    scene = await setScene();
    await scene.commit('develop', {
      ...sqlFile('daily load', 'select 1'),
      'code/daily load/t.sql': 'select 1',
      'config/odd.json': odd,
      'code/odd/t.py': script,
      'code/odd/t_1.sql': 'select 1\n    from t',
    });
    await scene.start();
    const iid = await scene.open('develop', {
      'code/daily load/t.sql': 'select 2\n',
      'code/odd/t_1.sql': 'select 2\n    from t',
    });
    await scene.comment(iid, (body) => body.includes('not deployed') && body.includes('/aic embed'));
    const before = await commitsOn('work/1');
    const { emoji, answer } = await say(scene, onMergeRequest(scene, iid), '/aic embed');
    expect(emoji).toBe('white_check_mark');
    expect(answer).toContain('Embedded the code of 2 pipelines, on `work/1`');
    expect(await commitsOn('work/1')).toBe(before + 1);
    expect(await read('work/1', 'config/odd.json')).toBe(odd.replace('select 1', 'select 2'));
    expect(await read('work/1', 'config/daily load.json')).toContain('"query": "select 2"');
    const again = await say(scene, onMergeRequest(scene, iid), '/aic embed');
    expect(again.answer).toContain('Nothing to embed');
    expect(await commitsOn('work/1')).toBe(before + 1);
    await scene.comment(iid, (body) => body.includes('aic-bot:plan') && body.includes('deploys 2 pipelines'));
    await scene.merge(iid);
    expect(await scene.comment(iid, isFinal)).toContain('Deployed 2 pipelines');
  });

  test('names what cannot be embedded and why, and embeds the rest', async () => {
    scene = await setScene();
    await scene.commit('develop', {
      ...sqlFile('a', 'select 1'),
      'code/a/t.sql': 'select 1',
      'config/odd.json': odd,
      'code/odd/t_1.sql': 'select 1\n    from t',
    });
    await scene.start();
    const iid = await scene.open('develop', {
      'code/a/t.sql': 'select 2',
      'code/odd/t_1.sql': 'select """ from t',
    });
    const { emoji, answer } = await say(scene, onMergeRequest(scene, iid), '/aic embed');
    expect(emoji).toBe('x');
    expect(answer).toContain('Embedded the code of 1 pipeline; 1 could not be');
    expect(answer).toContain("`code/odd/t_1.sql` can't stand between the quotation marks");
    expect(await read('work/1', 'config/odd.json')).toBe(odd);
    const unknown = await say(scene, onMergeRequest(scene, iid), '/aic embed b');
    expect(unknown.answer).toContain('has no pipeline `b`');
  });

  test('is refused where there is no branch of its own to write to', async () => {
    scene = await setScene();
    await scene.commit('develop', { ...sqlFile('a', 'select 1'), 'code/a/t.sql': 'select 1' });
    await scene.start();
    expect((await say(scene, await issue(scene), '/aic embed')).answer).toContain(
      'source branch of a merge request',
    );
    const iid = await scene.open('develop', { 'code/a/t.sql': 'select 2' });
    await scene.merge(iid);
    expect((await say(scene, onMergeRequest(scene, iid), '/aic embed')).answer).toContain('is not open');
    const { gitlab } = scene.world;
    const fork = await gitlab.addProject('else/where');
    const forked = await scene.open('develop', { 'code/a/t.sql': 'select 3' });
    gitlab.setSourceProject(scene.projectId, forked, fork.id);
    expect((await say(scene, onMergeRequest(scene, forked), '/aic embed')).answer).toContain('in a fork');
  });

  test('is done by the bot itself where the mapping file says so, again after each edit, but not over an edited config', async () => {
    scene = await setScene({ mapping: `${mapping}embed: auto\n` });
    await scene.commit('develop', {
      ...sqlFile('a', 'select 1'),
      'code/a/t.sql': 'select 1',
      ...sqlFile('b', 'select 1'),
      'code/b/t.sql': 'select 1',
    });
    await scene.start();
    const iid = await scene.open('develop', {
      'code/a/t.sql': 'select 2',
      ...sqlFile('b', 'select 3'),
      'code/b/t.sql': 'select 4',
    });
    const { gitlab } = scene.world;
    const plan = await scene.comment(
      iid,
      (body) => body.includes('aic-bot:plan') && body.includes('deploys 2'),
    );
    expect(plan).toMatch(/`b` +\| new +\|.*Edited in `code\/b\/t\.sql`/);
    expect(await read('work/1', 'config/a.json')).toContain('select 2');
    expect(await read('work/1', 'config/b.json')).toContain('select 3');
    const forged = `Embed code of b from code/\n\nAic-Bot-Request: embed:${scene.projectId}:${iid}:0 n`;
    await gitlab.commitFiles(scene.projectId, 'work/1', forged, sqlFile('b', 'select 6'));
    await gitlab.commitFiles(scene.projectId, 'work/1', 'Edit again', { 'code/a/t.sql': 'select 5' });
    await scene.comment(iid, (body) => body.includes('aic-bot:plan') && body.includes('+select 5'));
    expect(await read('work/1', 'config/a.json')).toContain('select 5');
    expect(await read('work/1', 'config/b.json')).toContain('select 6');
  });
});
