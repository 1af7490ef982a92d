import { execFileSync } from 'node:child_process';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { aicProject } from '../../demo/team.ts';
import { personAt, until } from '../../demo/person.ts';
import { mapping, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { issue, onMergeRequest, say } from './thread.ts';

let scene: Scene;
const sandboxed = mapping.replace('mapping:\n', 'mapping:\n  sandbox: PIN DEV\n');
const request = z.object({
  iid: z.number(),
  title: z.string(),
  description: z.string(),
  state: z.string(),
  source_branch: z.string(),
  target_branch: z.string(),
  assignees: z.array(z.object({ username: z.string() })),
  has_conflicts: z.boolean(),
});

beforeEach(async () => {
  scene = await setScene({ mapping: sandboxed });
  scene.world.aic.addWorkspace(aicProject, 'PIN DEV');
});

afterEach(() => scene.close());

function setPipeline(workspace: string, name: string, query: string): void {
  scene.world.aic.putPipeline(aicProject, workspace, name, sqlContent(query));
}

function read(ref: string, path: string) {
  return scene.world.gitlab.readFile(scene.projectId, ref, path);
}

function head(branch: string) {
  return scene.world.gitlab.commitId(scene.projectId, branch);
}

async function requests() {
  const listed = await scene.maintainer.call('GET', `/projects/${scene.projectId}/merge_requests?sort=asc`);
  return z.array(request).parse(listed);
}

async function ask(command: string) {
  return say(scene, await issue(scene), command);
}

/** A, B and C on main; develop with all of them and its workspace likewise. */
async function threePipelines(): Promise<void> {
  const files = Object.assign({}, ...['A', 'B', 'C'].map((name) => sqlFile(name, `select ${name}`)));
  await scene.commit('main', files);
  await scene.commit('develop', files);
  for (const name of ['A', 'B', 'C']) setPipeline('PIN QA', name, `select ${name}`);
}

describe('a release', () => {
  test('of A leaves B and C as main has them, also when develop changed B and deleted C', async () => {
    await threePipelines();
    await scene.start();
    setPipeline('PIN QA', 'A', 'select new');
    await scene.commit('develop', { ...sqlFile('B', 'select other'), 'config/C.json': null });
    const before = { b: await read('main', 'config/B.json'), c: await read('main', 'config/C.json') };
    const dev = scene.world.gitlab.addUser({ username: 'dana', name: 'Dana' });
    scene.world.gitlab.addMember(scene.projectId, dev.id, 30);
    const who = personAt(scene.world.gitlab.url, dev.token);
    const { emoji, answer } = await say(scene, await issue(scene), '/aic release 2026.11 A', who);
    expect(answer).toContain('brings 1 pipeline to `main`');
    expect(emoji).toBe('white_check_mark');

    const [opened] = await requests();
    expect(opened).toMatchObject({
      title: 'Release 2026-11',
      source_branch: 'release/2026-11',
      target_branch: 'main',
      assignees: [{ username: 'dana' }],
      has_conflicts: false,
    });
    expect(answer).toContain(`!${opened?.iid}`);
    expect(opened?.description).toContain('`A`');
    expect(opened?.description).not.toContain('`B`');
    const main = await head('main');
    expect(await head('release/2026-11~1')).toBe(main);

    await scene.merge(opened?.iid ?? 0);
    expect(await read('main', 'config/A.json')).toBe(await read('develop', 'config/A.json'));
    expect(await read('main', 'code/A/t.sql')).toBe('select new');
    expect(await read('main', 'config/B.json')).toBe(before.b);
    expect(await read('main', 'config/C.json')).toBe(before.c);
    await scene.comment(opened?.iid ?? 0, (body) => body.includes('Deployed 1 pipeline'));
    expect(scene.world.aic.pipelineText(aicProject, 'PIN PROD', 'A')).toContain('select new');
    expect(scene.world.aic.pipelines(aicProject, 'PIN PROD')).toEqual(['A']);
  });

  test("is refused over what is not deployed, though its commit claims to be the bot's for any request", async () => {
    await threePipelines();
    await scene.start();
    await ask('/aic push A branch=develop');
    const requestsToCome = Array.from({ length: 300 }, (_, id) => `note:${scene.projectId}:${id}:0`);
    const trailers = requestsToCome.map((one) => `Aic-Bot-Request: ${one}`).join('\n');
    const message = `Push A from PIN QA\n\n${trailers}`;
    const files = sqlFile('A', 'select newer');
    await scene.world.gitlab.commitFiles(scene.projectId, 'develop', message, files, { hooks: false });
    const { emoji, answer } = await ask('/aic release 1 A');
    expect(emoji).toBe('x');
    expect(answer).toContain('`A`');
    expect(await read('develop', 'config/A.json')).toContain('select newer');
  });

  test('asked for again continues where it stands, and keeps what people wrote in the description', async () => {
    await threePipelines();
    await scene.start();
    setPipeline('PIN QA', 'A', 'select 2');
    await ask('/aic release 1 A title="Ours @all"');
    const [first] = await requests();
    expect(first?.title).toMatch(/^Ours @\u2060all$/);
    const path = `/projects/${scene.projectId}/merge_requests/${first?.iid}`;
    await scene.maintainer.call('PUT', path, { description: `Hello\n\n${first?.description}\n\nBye` });
    setPipeline('PIN QA', 'A', 'select 3');
    setPipeline('PIN QA', 'B', 'select 3');
    const again = await ask('/aic release 1 A B');
    expect(again.answer).toContain('brings 2 pipelines to `main`');
    const all = await requests();
    expect(all).toHaveLength(1);
    expect(all[0]?.title).toBe(first?.title);
    expect(all[0]?.description).toMatch(/^Hello\n\n<!--[^]*`A`[^]*`B`[^]*-->\n\nBye/);
    expect(await read('release/1', 'config/A.json')).toContain('select 3');
    const unchanged = await head('release/1');
    const third = await ask('/aic release 1 A B');
    expect(third.emoji).toBe('white_check_mark');
    expect(await head('release/1')).toBe(unchanged);
    expect(await requests()).toHaveLength(1);

    await scene.merge(first?.iid ?? 0);
    const merged = await ask('/aic release 1 A');
    expect(merged.answer).toContain('`release/1` was merged already');
  });

  test('lists what it brings, also when its target has moved on', async () => {
    await threePipelines();
    await scene.start();
    setPipeline('PIN QA', 'A', 'select 2');
    await ask('/aic release 1 A');
    await scene.commit('main', sqlFile('C', 'select moved'));
    const { answer } = await ask('/aic release 1 A');
    expect(answer).toContain('brings 1 pipeline to `main`');
    expect(answer).not.toContain('`C`');
  });

  test('does not undo what a reviewer committed to its branch', async () => {
    await threePipelines();
    await scene.start();
    setPipeline('PIN QA', 'A', 'select 2');
    await ask('/aic release 1 A');
    await scene.commit('release/1', sqlFile('A', 'select reviewed'));
    setPipeline('PIN QA', 'A', 'select 3');
    const { emoji, answer } = await ask('/aic release 1 A');
    expect(emoji).toBe('x');
    expect(answer).toContain('`release/1` has changes of `A` that `develop` never had');
    expect(await read('release/1', 'config/A.json')).toContain('select reviewed');
  });

  test('does not undo what was merged and could not be deployed', async () => {
    await threePipelines();
    await scene.start();
    await ask('/aic push branch=develop');
    setPipeline('PIN QA', 'A', 'select by hand');
    const iid = await scene.open('develop', sqlFile('A', 'select reviewed feature'));
    await scene.merge(iid);
    await scene.comment(iid, (body) => body.includes('blocked'));
    const { emoji, answer } = await ask('/aic release 1 all');
    expect(emoji).toBe('x');
    expect(answer).toContain('`develop` has changes of `A` that the workspace `PIN QA` never had');
    expect(await read('develop', 'config/A.json')).toContain('select reviewed feature');
    const asItStands = await ask('/aic release 1 A no-push');
    expect(asItStands.emoji).toBe('white_check_mark');
    expect(await read('release/1', 'config/A.json')).toContain('select reviewed feature');
  });

  test('says so where its target changed the same pipelines since it was cut', async () => {
    await threePipelines();
    await scene.start();
    setPipeline('PIN QA', 'A', 'select 2');
    await ask('/aic release 1 A');
    setPipeline('PIN QA', 'A', 'select 3');
    await ask('/aic release 2 A');
    const [, second] = await requests();
    await scene.merge(second?.iid ?? 0);
    setPipeline('PIN QA', 'A', 'select 4');
    const { answer } = await ask('/aic release 1 A');
    expect(answer).toContain('`main` changed `A` as well, and GitLab may show a conflict');
    expect(answer).toContain('delete the branch `release/1`');
    expect((await requests())[0]).toMatchObject({ has_conflicts: true });
  });

  test('leaves files of the target alone that are no code of the bot, and stops where somebody edited the code', async () => {
    await threePipelines();
    await scene.start();
    await ask('/aic push A branch=main force workspace="PIN PROD"');
    await scene.commit('main', { 'code/A/README.md': 'ours\n', 'code/A/old.sql': 'select old' });
    setPipeline('PIN QA', 'A', 'select 2');
    expect((await ask('/aic release 1 A')).emoji).toBe('white_check_mark');
    expect(await read('release/1', 'code/A/README.md')).toBe('ours\n');
    expect(await read('release/1', 'code/A/old.sql')).toBeUndefined();
    await scene.commit('main', { 'code/A/t.sql': 'select edited by hand' });
    const { answer } = await ask('/aic release 2 A');
    expect(answer).toContain('`main` has changes of `A` that `develop` never had');
  });

  test('goes ahead where develop is the default branch', async () => {
    await threePipelines();
    const { gitlab } = scene.world;
    const project = await gitlab.addProject('pin/other', { defaultBranch: 'develop' });
    gitlab.addMember(project.id, scene.world.bot.id, 40);
    await gitlab.commitFiles(project.id, 'develop', 'Begin', {
      'branch_to_workspace.yaml': mapping,
      ...sqlFile('A', 'select 1'),
    });
    await gitlab.commitFiles(project.id, 'main', 'Begin', sqlFile('A', 'select 1'), {
      startBranch: 'develop',
    });
    const bot = await scene.start();
    const path = `/projects/${project.id}`;
    const root = personAt(gitlab.url, gitlab.admin.token);
    await root.call('POST', `${path}/hooks`, {
      url: `${bot.url}/webhooks/gitlab`,
      token: scene.world.webhookSecret,
      note_events: true,
    });
    const made = await root.call('POST', `${path}/issues`, { title: 'Release' });
    const { iid } = request.pick({ iid: true }).parse(made);
    await root.call('POST', `${path}/issues/${iid}/notes`, { body: '/aic release 1 A' });
    const answers = async () =>
      z
        .array(z.object({ body: z.string(), author: z.object({ username: z.string() }) }))
        .parse(await root.call('GET', `${path}/issues/${iid}/notes`))
        .find(({ author }) => author.username === 'aic-bot')?.body;
    expect(await until('the answer', answers, 15_000)).toContain('brings 1 pipeline to `main`');
  });

  test('stops where main has a change that develop never had, and goes on when forced', async () => {
    await threePipelines();
    await scene.start();
    await scene.commit('main', sqlFile('A', 'select fixed'));
    setPipeline('PIN QA', 'A', 'select 2');
    setPipeline('PIN QA', 'B', 'select 2');
    const { emoji, answer } = await ask('/aic release 1 A B');
    expect(emoji).toBe('x');
    expect(answer).toContain('`main` has changes of `A` that `develop` never had');
    expect(await head('release/1')).toBeUndefined();
    expect(await requests()).toEqual([]);
    const forced = await ask('/aic release 1 A B force');
    expect(forced.emoji).toBe('white_check_mark');
    expect(await read('release/1', 'config/A.json')).toContain('select 2');
  });

  test('of a pipeline that was released before is no conflict, whatever develop did since', async () => {
    await threePipelines();
    await scene.start();
    for (const version of [1, 2, 3]) {
      setPipeline('PIN QA', 'A', `select ${version}0`);
      const { emoji } = await ask(`/aic release v${version} A`);
      expect(emoji).toBe('white_check_mark');
      const [newest] = (await requests()).toReversed();
      await scene.merge(newest?.iid ?? 0);
      for (const step of [1, 2]) {
        setPipeline('PIN QA', 'A', `select ${version}${step}`);
        await ask('/aic push A branch=develop');
      }
    }
    expect(await read('main', 'config/A.json')).toContain('select 30');
  });

  test('of all brings what differs, and nothing that only main has', async () => {
    await threePipelines();
    await scene.commit('main', sqlFile('only main', 'select 1'));
    await scene.start();
    setPipeline('PIN QA', 'B', 'select 2');
    setPipeline('PIN QA', 'D', 'select 2');
    const { answer } = await ask('/aic release everything all');
    expect(answer).toMatch(/`B`.*changed[^]*`D`.*new/);
    // The other pipelines got their code by the push.
    expect(await read('release/everything', 'config/only main.json')).toBeDefined();
    expect(await read('release/everything', 'config/A.json')).toBe(await read('main', 'config/A.json'));
  });

  test.each([
    ['/aic release', '`release` lacks its name'],
    ['/aic release 1', 'a release names its pipelines, and none is named'],
    ['/aic release 1 ordres', 'has no pipeline `ordres`'],
    ['/aic release 1 all A', 'it says `all` and also names `A`'],
    ['/aic release 1 A from=sandbox', 'a release goes from `develop` into `main`, and not from `sandbox`'],
    ['/aic release "" A', 'two quotation marks of `release` have no name between them'],
    ['/aic release // A', '`//` makes no name for a branch'],
    ['/aic release 名前 A', '`名前` makes no name for a branch'],
    ['/aic release 1 A no-push', '`A` is the same in `develop` and `main`'],
    ['/aic release 1 ordres no-push', '`develop` has no pipeline `ordres`'],
    ['/aic hotfix 1', 'a hotfix names its pipelines, and none is named'],
    ['/aic hotfix 1 A', '`PIN PROD` has no pipeline `A`'],
    ['/aic feature 1 A from=main', 'a feature goes from `sandbox` into `develop`, and not from `main`'],
    ['/aic feature 1 no-push', 'The branch `sandbox` does not exist'],
  ])('%s is refused', async (command, reason) => {
    await threePipelines();
    await scene.start();
    const { emoji, answer } = await ask(command);
    expect(answer).toContain(reason);
    expect(emoji).toBe('x');
    expect(await requests()).toEqual([]);
  });

  test('is refused while a pipeline of the workspace can not be read', async () => {
    await threePipelines();
    await scene.start();
    scene.world.aic.addPipeline(aicProject, 'PIN QA', 'A', sqlContent('select 1'));
    const { emoji, answer } = await ask('/aic release 1 all');
    expect(emoji).toBe('x');
    expect(answer).toContain('Nothing was promoted: `A` could not be read from the workspace');
    expect(answer).toContain('The workspace has 2 pipelines with this title');
  });

  test('is refused where it holds a file that is no text', async () => {
    await threePipelines();
    await scene.start();
    const actions = [{ action: 'update', file_path: 'config/A.json', content: '/wD+', encoding: 'base64' }];
    await scene.maintainer.call('POST', `/projects/${scene.projectId}/repository/commits`, {
      branch: 'develop',
      commit_message: 'Break',
      actions,
    });
    const { answer } = await ask('/aic release 1 A no-push force');
    expect(answer).toContain('`config/A.json` is not a text in UTF-8');
    expect(await head('release/1')).toBeUndefined();
  });

  test('copies a file with a byte-order mark as it is', async () => {
    await threePipelines();
    await scene.start();
    const file = `\uFEFF${sqlFile('A', 'select 2')['config/A.json']}`;
    await scene.commit('develop', { 'config/A.json': file });
    await ask('/aic release 1 A no-push');
    expect(await read('release/1', 'config/A.json')).toBe(file);
  });

  test('takes its rights from the default branch, not from a tag of the same name', async () => {
    await threePipelines();
    const bad = `${sandboxed}permissions: { promote: owner }\n`;
    const tagged = await scene.commit('develop', { 'branch_to_workspace.yaml': bad });
    const directory = scene.world.gitlab.directoryOf(scene.projectId);
    execFileSync('git', ['--git-dir', directory, 'tag', 'main', tagged]);
    await scene.start();
    setPipeline('PIN QA', 'A', 'select 2');
    expect((await ask('/aic release 1 A')).emoji).toBe('white_check_mark');
  });

  test('is refused where a role has no branch', async () => {
    await scene.commit('main', { 'branch_to_workspace.yaml': mapping.replace(/ {2}develop.*\n/, '') });
    await scene.start();
    const { answer } = await ask('/aic release 1 A');
    expect(answer).toContain(
      'a release needs a branch in the role `qa`, and `develop` is not in the mapping',
    );
  });
});

describe('a feature', () => {
  test('pushes the sandbox workspace and brings all that differs to develop', async () => {
    await threePipelines();
    await scene.start();
    setPipeline('PIN DEV', 'A', 'select 2');
    setPipeline('PIN DEV', 'new one', 'select 3');
    const { emoji, answer } = await ask('/aic feature "feature/PINOPS 1831"');
    expect(emoji).toBe('white_check_mark');
    expect(answer).toContain('brings 2 pipelines to `develop`');
    const [opened] = await requests();
    expect(opened).toMatchObject({ source_branch: 'feature/PINOPS-1831', target_branch: 'develop' });
    expect(await read('sandbox', 'config/new one.json')).toContain('select 3');
    expect(await read('feature/PINOPS-1831', 'code/new one/t.sql')).toBe('select 3');
    await scene.merge(opened?.iid ?? 0);
    await scene.comment(opened?.iid ?? 0, (body) => body.includes('Deployed 2 pipelines'));
  });
});

describe('a hotfix', () => {
  test('brings what the production workspace holds to main', async () => {
    await threePipelines();
    for (const name of ['A', 'B']) setPipeline('PIN PROD', name, `select ${name}`);
    await scene.start();
    setPipeline('PIN PROD', 'A', 'select fixed');
    setPipeline('PIN PROD', 'B', 'select half done');
    const { emoji, answer } = await ask('/aic hotfix urgent A');
    expect(answer).toContain('brings 1 pipeline to `main`');
    expect(emoji).toBe('white_check_mark');
    const [opened] = await requests();
    expect(opened).toMatchObject({
      title: 'Hotfix urgent',
      source_branch: 'hotfix/urgent',
      target_branch: 'main',
    });
    expect(await read('hotfix/urgent', 'config/A.json')).toContain('select fixed');
    expect(await read('hotfix/urgent', 'config/B.json')).toBe(await read('main', 'config/B.json'));
    await scene.merge(opened?.iid ?? 0);
    await scene.comment(opened?.iid ?? 0, (body) => body.includes('`PIN PROD` needed no change'));
  });

  test('remembers by their id who has more pushed to it', async () => {
    await threePipelines();
    await scene.start();
    setPipeline('PIN PROD', 'A', 'select fixed');
    await ask('/aic hotfix bug A');
    const [opened] = await requests();
    setPipeline('PIN PROD', 'A', 'select fixed again');
    const dana = scene.world.gitlab.addUser({ username: 'dana', name: 'Dana' });
    scene.world.gitlab.addMember(scene.projectId, dana.id, 40);
    const who = personAt(scene.world.gitlab.url, dana.token);
    const thread = onMergeRequest(scene, opened?.iid ?? 0);
    const { answer } = await say(scene, thread, '/aic push A', who);
    expect(answer).toContain('Pushed `PIN PROD`');
    expect(scene.rows('select username, user_id from askers order by username')).toEqual([
      { username: 'dana', user_id: dana.id },
      { username: 'omar', user_id: expect.any(Number) },
    ]);
  });

  test('is brought up to date when it is asked for again', async () => {
    await threePipelines();
    setPipeline('PIN PROD', 'A', 'select A');
    await scene.start();
    await ask('/aic push A branch=main force');
    setPipeline('PIN PROD', 'A', 'select fixed');
    await ask('/aic hotfix team/urgent A');
    setPipeline('PIN PROD', 'A', 'select fixed better');
    const { emoji, answer } = await ask('/aic hotfix team/urgent A');
    expect(answer).toContain('brings 1 pipeline to `main`');
    expect(emoji).toBe('white_check_mark');
    expect(await read('hotfix/team/urgent', 'config/A.json')).toContain('select fixed better');
    expect(await requests()).toHaveLength(1);
  });

  test('that is not merged yet is still a change by hand, which no deployment overwrites', async () => {
    await threePipelines();
    setPipeline('PIN PROD', 'A', 'select A');
    await scene.start();
    await ask('/aic push A branch=main force');
    setPipeline('PIN PROD', 'A', 'select fixed');
    await ask('/aic hotfix urgent A');
    const iid = await scene.open('main', sqlFile('A', 'select something else'));
    await scene.merge(iid);
    await scene.comment(iid, (body) => body.includes('blocked'));
    expect(scene.world.aic.pipelineText(aicProject, 'PIN PROD', 'A')).toContain('select fixed');
  });

  test('without push only gets its branch, and its merge request once somebody committed to it', async () => {
    await threePipelines();
    await scene.start();
    const slashed = await ask('/aic hotfix team/urgent A no-push');
    expect(slashed.answer).toContain('/aic hotfix team/urgent … no-push');
    const cut = await ask('/aic hotfix urgent A no-push');
    expect(cut.answer).toContain('`hotfix/urgent` is cut from `main` and holds nothing new yet');
    expect(await head('hotfix/urgent')).toBe(await head('main'));
    await scene.commit('hotfix/urgent', sqlFile('A', 'select fixed'));
    const { answer } = await ask('/aic hotfix urgent A no-push');
    expect(answer).toContain('brings 1 pipeline to `main`');
  });

  test('stops where main has what the workspace never had', async () => {
    await threePipelines();
    setPipeline('PIN PROD', 'A', 'select A');
    await scene.start();
    await ask('/aic push A branch=main force');
    await scene.commit('main', sqlFile('A', 'select pushed past review'));
    setPipeline('PIN PROD', 'A', 'select fixed');
    const { answer } = await ask('/aic hotfix urgent A');
    expect(answer).toContain('`main` has changes of `A` that the workspace `PIN PROD` never had');
    const forced = await ask('/aic hotfix urgent A force');
    expect(forced.emoji).toBe('white_check_mark');
  });
});

describe('a merged hotfix', () => {
  const long = Array.from({ length: 40 }, (_, index) => `line ${index}`);
  const query = (changes: Readonly<Record<number, string>>) =>
    long.map((line, index) => changes[index] ?? line).join('\n');
  /** One task a line, so that git can tell where it changed. */
  const file = (changes: Readonly<Record<number, string>>) => ({
    'config/A.json': `${JSON.stringify(
      {
        title: 'A',
        stages: query(changes)
          .split('\n')
          .map((id) => ({ id })),
      },
      null,
      2,
    )}\n`,
  });

  async function mergeHotfix(files: Readonly<Record<string, string | null>>): Promise<number> {
    await scene.start();
    const iid = await openHotfix(files);
    await scene.merge(iid);
    return iid;
  }

  async function openHotfix(files: Readonly<Record<string, string | null>>): Promise<number> {
    const path = `/projects/${scene.projectId}`;
    await scene.addBranch('hotfix/urgent', 'main');
    await scene.commit('hotfix/urgent', files);
    const opened = await scene.maintainer.call('POST', `${path}/merge_requests`, {
      source_branch: 'hotfix/urgent',
      target_branch: 'main',
      title: 'Fix',
    });
    return request.pick({ iid: true }).parse(opened).iid;
  }

  test('goes on to develop and sandbox by merge requests that hold nothing else', async () => {
    await threePipelines();
    await scene.addBranch('sandbox', 'develop');
    await scene.commit('develop', sqlFile('B', 'select only develop'));
    await scene.commit('main', sqlFile('C', 'select only main'));
    const iid = await mergeHotfix(sqlFile('A', 'select fixed'));
    const comment = await scene.comment(iid, (body) => body.includes('aic-bot:back-merge'));
    expect(comment).toContain('2 merge requests bring `hotfix/urgent` to the other branches as well');
    expect(
      scene.rows(`select entry ->> '$.what' as what, entry ->> '$.who[0].name' as who, entry ->> '$.deliveries[0]' in (select id from deliveries) as told
        from audit where entry ->> '$.kind' = 'back-merge'`),
    ).toEqual([{ what: `back-merge of !${iid} (hotfix/urgent)`, who: 'omar', told: 1 }]);
    const opened = (await requests()).filter(({ source_branch: source }) => source.startsWith('back-merge/'));
    expect(opened).toMatchObject([
      { source_branch: 'back-merge/urgent-1-into-develop', target_branch: 'develop', has_conflicts: false },
      { source_branch: 'back-merge/urgent-1-into-sandbox', target_branch: 'sandbox', has_conflicts: false },
    ]);
    for (const one of opened) {
      expect(comment).toContain(`!${one.iid}`);
      expect(one.description).toContain('Brings `hotfix/urgent`');
      const diffs = await scene.maintainer.call(
        'GET',
        `/projects/${scene.projectId}/merge_requests/${one.iid}/diffs`,
      );
      expect(diffs).toMatchObject([{ new_path: 'config/A.json' }]);
      await scene.merge(one.iid);
    }
    expect(await read('develop', 'config/A.json')).toBe(await read('main', 'config/A.json'));
    expect(await read('develop', 'config/B.json')).toContain('only develop');
    // Develop has the fix, so a release of A goes ahead.
    await scene.commit('develop', sqlFile('A', 'select newer'));
    const { answer } = await ask('/aic release 1 A no-push');
    expect(answer).toContain('brings 1 pipeline to `main`');
  });

  test('conflicts where develop changed the same lines, and the description names the files', async () => {
    await scene.commit('main', file({}));
    await scene.commit('develop', file({}));
    await scene.commit('develop', file({ 20: 'develop' }));
    const iid = await mergeHotfix(file({ 20: 'fixed' }));
    const comment = await scene.comment(iid, (body) => body.includes('aic-bot:back-merge'));
    expect(comment).toContain('changed on both sides: `config/A.json`');
    const opened = (await requests()).find(({ target_branch: target }) => target === 'develop');
    expect(opened).toMatchObject({ has_conflicts: true });
    expect(opened?.description).toContain('Look at `config/A.json`');
  });

  test('is merged line by line where develop changed other lines', async () => {
    await scene.commit('main', file({}));
    await scene.commit('develop', file({}));
    await scene.commit('develop', { ...file({ 3: 'develop' }), ...sqlFile('B', 'select 1') });
    const iid = await mergeHotfix(file({ 30: 'fixed' }));
    await scene.comment(iid, (body) => body.includes('aic-bot:back-merge'));
    const opened = (await requests()).find(({ target_branch: target }) => target === 'develop');
    expect(opened).toMatchObject({ has_conflicts: false });
    await scene.merge(opened?.iid ?? 0);
    const merged = await read('develop', 'config/A.json');
    expect(merged).toContain('"fixed"');
    expect(merged).toContain('"develop"');
    expect(await read('develop', 'config/B.json')).toBeDefined();
  });

  test('conflicts where develop never had what production had, and brings nothing else', async () => {
    await scene.commit('main', { ...file({}), ...sqlFile('only main', 'select 1') });
    await scene.commit('develop', file({ 20: 'quite another' }));
    const iid = await mergeHotfix(file({ 20: 'fixed' }));
    await scene.comment(iid, (body) => body.includes('aic-bot:back-merge'));
    const opened = (await requests()).find(({ target_branch: target }) => target === 'develop');
    expect(opened).toMatchObject({ has_conflicts: true });
    const path = `/projects/${scene.projectId}/merge_requests/${opened?.iid}/diffs`;
    expect(await scene.maintainer.call('GET', path)).toMatchObject([{ new_path: 'config/A.json' }]);
  });

  test('adds a pipeline that develop lacks, and nothing else that only main has', async () => {
    await scene.commit('main', { ...sqlFile('A', 'select 1'), ...sqlFile('Z', 'select 1') });
    const iid = await mergeHotfix(sqlFile('A', 'select fixed'));
    await scene.comment(iid, (body) => body.includes('aic-bot:back-merge'));
    const opened = (await requests()).find(({ target_branch: target }) => target === 'develop');
    expect(opened).toMatchObject({ has_conflicts: false });
    expect(opened?.description).toContain('not there: the file is added');
    await scene.merge(opened?.iid ?? 0);
    expect(await read('develop', 'config/A.json')).toContain('select fixed');
    expect(await read('develop', 'config/Z.json')).toBeUndefined();
  });

  test('brings no file that is no code, and says so of one that is no text', async () => {
    await threePipelines();
    await scene.start();
    const iid = await openHotfix(sqlFile('A', 'select fixed'));
    const actions = [
      { action: 'create', file_path: 'code/A/logo.png', content: 'iVD//g==', encoding: 'base64' },
    ];
    const commit = { branch: 'hotfix/urgent', commit_message: 'More', actions };
    await scene.maintainer.call('POST', `/projects/${scene.projectId}/repository/commits`, commit);
    await scene.merge(iid);
    const comment = await scene.comment(iid, (body) => body.includes('aic-bot:back-merge'));
    expect(comment).toContain('1 merge request brings');
    expect(await read('back-merge/urgent-1-into-develop', 'code/A/logo.png')).toBeUndefined();
    const path = `/projects/${scene.projectId}/repository/branches/${encodeURIComponent('hotfix/urgent')}`;
    await scene.maintainer.call('DELETE', path);
    const latin = { action: 'create', file_path: 'code/A/t.sql', content: 'c+kK', encoding: 'base64' };
    const second = await openHotfix(sqlFile('A', 'select fixed again'));
    const more = { branch: 'hotfix/urgent', commit_message: 'Latin', actions: [latin] };
    await scene.maintainer.call('POST', `/projects/${scene.projectId}/repository/commits`, more);
    await scene.merge(second);
    const failed = await scene.comment(second, (body) => body.includes('aic-bot:back-merge'));
    expect(failed).toContain('`code/A/t.sql` is not a text in UTF-8');
  });

  test('of a name that was used before is brought back as well', async () => {
    await threePipelines();
    const first = await mergeHotfix(sqlFile('A', 'select fixed'));
    await scene.comment(first, (body) => body.includes('aic-bot:back-merge'));
    for (const { iid, source_branch: source } of await requests()) {
      if (source.startsWith('back-merge/')) await scene.merge(iid);
    }
    const path = `/projects/${scene.projectId}/repository/branches/${encodeURIComponent('hotfix/urgent')}`;
    await scene.maintainer.call('DELETE', path);
    const second = await openHotfix(sqlFile('A', 'select fixed again'));
    await scene.merge(second);
    const comment = await scene.comment(second, (body) => body.includes('aic-bot:back-merge'));
    expect(comment).toContain('1 merge request brings `hotfix/urgent`');
    const opened = (await requests()).filter(({ state }) => state === 'opened');
    expect(opened).toHaveLength(1);
    expect(await read(opened[0]?.source_branch ?? '', 'config/A.json')).toContain('select fixed again');
  });

  test('is brought back also when a command deploys it before the webhook of its merge comes', async () => {
    await threePipelines();
    setPipeline('PIN PROD', 'A', 'select A');
    const bot = await scene.start();
    await ask('/aic push A branch=main force');
    const iid = await openHotfix(sqlFile('A', 'select fixed'));
    await scene.silence();
    await scene.merge(iid);
    await scene.maintainer.call('POST', `/projects/${scene.projectId}/hooks`, {
      url: `${bot.url}/webhooks/gitlab`,
      token: scene.world.webhookSecret,
      note_events: true,
    });
    await say(scene, onMergeRequest(scene, iid), '/aic deploy force');
    const comment = await scene.comment(iid, (body) => body.includes('aic-bot:back-merge'));
    expect(comment).toContain('1 merge request brings');
  });

  test('that the other branches have already needs nothing', async () => {
    await scene.commit('main', file({}));
    await scene.commit('develop', file({ 1: 'fixed' }));
    const iid = await mergeHotfix(file({ 1: 'fixed' }));
    const comment = await scene.comment(iid, (body) => body.includes('aic-bot:back-merge'));
    expect(comment).toContain('`hotfix/urgent` needs no back-merge');
    expect(comment).toContain('The branch does not exist.');
    expect(await requests()).toHaveLength(1);
  });
});

describe('what is merged into production past develop', () => {
  test('goes on to develop where that never had it, and status names it until then', async () => {
    await threePipelines();
    await scene.addBranch('sandbox', 'main');
    await scene.start();
    const iid = await scene.open('main', sqlFile('A', 'select straight'));
    await scene.merge(iid);
    const comment = await scene.comment(iid, (body) => body.includes('aic-bot:back-merge'));
    expect(comment).toContain('2 merge requests bring `work/1` to the other branches as well');
    const [, first] = await requests();
    expect(first).toMatchObject({
      source_branch: `back-merge/work-1-${iid}-into-develop`,
      target_branch: 'develop',
    });
    expect(await read(first?.source_branch ?? '', 'config/A.json')).toContain('select straight');
    const { answer } = await ask('/aic status');
    expect(answer).toContain('`develop` lacks what `main` has of `A`');
    await scene.merge(first?.iid ?? 0);
    await scene.settle();
    const after = await ask('/aic status');
    expect(after.answer).not.toContain('`develop` lacks');
    expect(after.answer).toContain('`sandbox` lacks what `main` has of `A`');
  });

  test('goes on by a push as well, where pushes are deployed, and the commit tells of it', async () => {
    await scene.close();
    scene = await setScene({ mapping: `${sandboxed}direct_push: deploy\n` });
    scene.world.aic.addWorkspace(aicProject, 'PIN DEV');
    await threePipelines();
    await scene.start();
    await scene.settle();
    const commit = await scene.push('main', sqlFile('D', 'select pushed'));
    await scene.settle();
    const [opened, ...others] = await requests();
    expect(others).toEqual([]);
    expect(opened).toMatchObject({
      source_branch: `back-merge/push-${commit.slice(0, 8)}-into-develop`,
      target_branch: 'develop',
    });
    expect(await read(opened?.source_branch ?? '', 'config/D.json')).toContain('select pushed');
    const path = `/projects/${scene.projectId}/repository/commits/${commit}/comments`;
    expect(JSON.stringify(await scene.maintainer.call('GET', path))).toContain('1 merge request brings');
  });

  test('goes nowhere where develop had it and is further by now, and nothing is said', async () => {
    await threePipelines();
    await scene.commit('develop', sqlFile('A', 'select straight'));
    await scene.commit('develop', sqlFile('A', 'select further'));
    await scene.start();
    const iid = await scene.open('main', sqlFile('A', 'select straight'));
    await scene.merge(iid);
    await scene.comment(iid, (body) => body.includes('Deployed 1 pipeline'));
    await scene.settle();
    expect(await requests()).toHaveLength(1);
    expect((await scene.comments(iid)).some((body) => body.includes('back-merge'))).toBe(false);
    expect((await ask('/aic status')).answer).not.toContain('lacks what');
  });
});

test.each(['a/b', '..', 'CON', 'weird | name', '名前', 'x'.repeat(200), '/leading', '@all', 'all'])(
  'a pipeline named %j survives promotion',
  async (name) => {
    await scene.start();
    setPipeline('PIN QA', name, 'select 1');
    const { emoji } = await ask(`/aic release odd "${name}"`);
    expect(emoji).toBe('white_check_mark');
    const [opened] = await requests();
    await scene.merge(opened?.iid ?? 0);
    await scene.comment(opened?.iid ?? 0, (body) => body.includes('Deployed 1 pipeline'));
    expect(scene.world.aic.pipelineText(aicProject, 'PIN PROD', name)).toContain('select 1');
    expect(scene.world.gitlab.quickActions).toEqual([]);
  },
);
