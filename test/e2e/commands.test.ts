import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { personAt, until, type Person } from '../../demo/person.ts';
import { aicProject } from '../../demo/team.ts';
import { commandTable, verbs } from '../../src/domain/commands/command-table.ts';
import { parseConfig, writeConfig } from '../../src/domain/pipeline/config.ts';
import { mapping, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { issue, notesOf, onMergeRequest, say } from './thread.ts';

let scene: Scene;
const sandboxed = mapping.replace('mapping:\n', 'mapping:\n  sandbox: PIN DEV\n');
const patienceMs = 20_000;

beforeEach(async () => {
  scene = await setScene({ mapping: sandboxed });
  scene.world.aic.addWorkspace(aicProject, 'PIN DEV');
});

afterEach(() => scene.close());

function developer(level: number): Person {
  const { gitlab } = scene.world;
  const user = gitlab.addUser({ username: `dev${level}`, name: 'Dana <b>Dev</b>' });
  gitlab.addMember(scene.projectId, user.id, level);
  return personAt(gitlab.url, user.token);
}

function setPipeline(workspace: string, name: string, query: string): void {
  scene.world.aic.putPipeline(aicProject, workspace, name, sqlContent(query));
}

function read(branch: string, path: string) {
  return scene.world.gitlab.readFile(scene.projectId, branch, path);
}

/** Writes a commit to develop down as one that the bot was about to make. */
function note({
  request,
  nonce,
  onto,
}: Record<'request' | 'nonce', string> & { onto: string | undefined }): void {
  const file = new DatabaseSync(join(scene.world.folder, 'aic-bot.db'), { timeout: 5_000 });
  file
    .prepare("insert into own_commits values (?, ?, ?, 'develop', ?, 0)")
    .run(request, nonce, scene.projectId, onto ?? '');
  file.close();
}

describe('help and rights', () => {
  test('help lists the commands and says which of them the asker may give', async () => {
    await scene.start();
    const { emoji, answer } = await say(scene, await issue(scene), 'Hello\n/AIC', developer(30));
    expect(emoji).toBe('white_check_mark');
    expect(answer).toContain('/aic deploy [pipeline…] [force]');
    expect(answer).toMatch(/\/aic push .*developer and up.*✓/);
    expect(answer).toMatch(/\/aic cancel .*maintainer and up.*–/);
  });

  test('help of one command tells how it is written, and who may give it', async () => {
    await scene.start();
    const thread = await issue(scene);
    for (const verb of verbs) {
      const { answer } = await say(scene, thread, `/aic help ${verb}`);
      expect(answer).toContain(`\`/aic ${verb}\` ${commandTable[verb].summary}`);
    }
  });

  test('an unknown command is answered with the nearest one', async () => {
    await scene.start();
    const { emoji, answer } = await say(scene, await issue(scene), '/aic deplyo force');
    expect(emoji).toBe('x');
    expect(answer).toContain('there is no command `deplyo`');
    expect(answer).toContain('Did you mean `deploy`?');
  });

  test('who lacks the access level is told which one it takes', async () => {
    await scene.start();
    const { emoji, answer } = await say(
      scene,
      await issue(scene),
      '/aic deploy branch=develop force',
      developer(30),
    );
    expect(emoji).toBe('x');
    expect(answer).toContain('`/aic deploy force` needs the access level `maintainer`');
  });

  test('several commands of one comment are carried out in their order', async () => {
    await scene.start();
    const { emoji, answer } = await say(
      scene,
      await issue(scene),
      '/aic status\n/aic nonsense\n/aic help status',
    );
    expect(emoji).toBe('x');
    expect(answer.indexOf('Nothing is pending')).toBeLessThan(answer.indexOf('no command `nonsense`'));
    expect(answer.indexOf('no command `nonsense`')).toBeLessThan(answer.indexOf('`/aic status` tells'));
  });

  test('code, quotations, edits and strangers command nothing', async () => {
    await scene.start();
    const thread = await issue(scene);
    await scene.maintainer.call('POST', `${thread.path}/notes`, {
      body: '> /aic status\n\n```\n/aic status\n```',
    });
    const posted = z
      .object({ id: z.number() })
      .parse(await scene.maintainer.call('POST', `${thread.path}/notes`, { body: 'nothing' }));
    await scene.maintainer.call('PUT', `${thread.path}/notes/${posted.id}`, { body: '/aic status' });
    await say(scene, thread, '/aic help');
    const answers = (await notesOf(scene, thread)).filter(({ author }) => author.username === 'aic-bot');
    expect(answers).toHaveLength(1);
  });
});

describe('push', () => {
  test('writes configs and code in one commit, and nothing when nothing changed', async () => {
    await scene.start();
    setPipeline('PIN QA', 'daily load', 'select 1');
    setPipeline('PIN QA', 'a/b', 'select 2');
    const thread = await issue(scene);
    const before = await scene.world.gitlab.commitId(scene.projectId, 'develop');
    const first = await say(scene, thread, '/aic push branch=develop', developer(30));
    expect(first.answer).toContain('Pushed `PIN QA` to `develop`: 2 new');
    expect(first.emoji).toBe('white_check_mark');
    expect(JSON.parse((await read('develop', 'config/a%2Fb.json')) ?? '')).toMatchObject({ title: 'a/b' });
    expect(await read('develop', 'code/daily load/t.sql')).toBe('select 1');
    expect(await scene.world.gitlab.commitId(scene.projectId, 'develop~1')).toBe(before);
    const after = await scene.world.gitlab.commitId(scene.projectId, 'develop');
    const second = await say(scene, thread, '/aic push branch=develop');
    expect(second.answer).toContain('`develop` needed no change from `PIN QA`');
    expect(await scene.world.gitlab.commitId(scene.projectId, 'develop')).toBe(after);
  });

  test('deletes the code of tasks that are gone, and reports the configs of pipelines that are', async () => {
    await scene.start();
    setPipeline('PIN QA', 'orders', 'select 1');
    await scene.commit('develop', {
      'code/orders/old.sql': 'select 0',
      'code/orders/README.md': 'kept',
      ...sqlFile('gone', 'select 9'),
    });
    const thread = await issue(scene);
    const { answer } = await say(scene, thread, '/aic push workspace="PIN QA"');
    expect(answer).toContain('gone from the workspace');
    expect(await read('develop', 'code/orders/old.sql')).toBeUndefined();
    expect(await read('develop', 'code/orders/README.md')).toBe('kept');
    expect(await read('develop', 'config/gone.json')).toBeDefined();
    await say(scene, thread, '/aic push workspace="PIN QA" prune');
    expect(await read('develop', 'config/gone.json')).toBeUndefined();
  });

  test.each([
    ['/aic push', 'it is not clear which workspace to push'],
    ['/aic push branch=main', '`main` is the production branch'],
    ['/aic push branch=release/1', '`release/1` gets its content from the branch it is cut from'],
    ['/aic push branch=develop workspace="PIN DEV"', '`develop` belongs to the workspace `PIN QA`'],
    ['/aic push branch=develop ordres', 'has no pipeline `ordres`'],
    ['/aic push branch=nowhere', 'gives `nowhere` no workspace'],
    ['/aic push workspace="PIN NOWHERE"', 'does not name the workspace `PIN NOWHERE`'],
  ])('%s is refused', async (command, reason) => {
    await scene.start();
    setPipeline('PIN QA', 'orders', 'select 1');
    const head = await scene.world.gitlab.commitId(scene.projectId, 'develop');
    const { emoji, answer } = await say(scene, await issue(scene), command);
    expect(emoji).toBe('x');
    expect(answer).toContain(reason);
    expect(await scene.world.gitlab.commitId(scene.projectId, 'develop')).toBe(head);
  });

  test('makes a branch that does not exist, and keeps the values that the mapping sets per workspace', async () => {
    await scene.start();
    await scene.commit('main', {
      'branch_to_workspace.yaml': `${sandboxed}workspaces:\n  PIN DEV:\n    variables: { QA: 'True' }\n`,
      ...sqlFile('orders', 'select 1'),
    });
    const live = sqlContent('select 2');
    scene.world.aic.putPipeline(aicProject, 'PIN DEV', 'orders', {
      ...live,
      variables: [{ id: 'QA', value: 'True' }],
    });
    const { answer } = await say(scene, await issue(scene), '/aic push branch=sandbox');
    expect(answer).toContain('branch `sandbox` (new)');
    const config = (await read('sandbox', 'config/orders.json')) ?? '';
    expect(JSON.parse(config)).toMatchObject({ variables: [{ id: 'QA', value: 'False' }] });
    expect(config).toContain('select 2');
  });

  test('keeps what somebody commits meanwhile', async () => {
    await scene.start();
    const { gitlab } = scene.world;
    await scene.commit('develop', sqlFile('orders', 'select 1'));
    setPipeline('PIN QA', 'orders', 'select from AIC');
    gitlab.setLatency(150);
    const thread = await issue(scene);
    const pushing = say(scene, thread, '/aic push branch=develop orders');
    const isRead = () => gitlab.calls.some(({ path }) => path.endsWith('/tree'));
    await until('the push to read', async () => isRead() || undefined, patienceMs);
    await scene.commit('develop', {
      ...sqlFile('orders', 'select by hand'),
      ...sqlFile('other', 'select 3'),
    });
    const { answer } = await pushing;
    expect(answer).toContain('Pushed `PIN QA` to `develop`: 1 changed');
    expect(await read('develop', 'config/other.json')).toContain('select 3');
    expect(await read('develop', 'config/orders.json')).toContain('select from AIC');
    // Both commits are there: the one by hand below the push.
    expect(await read('develop~1', 'config/orders.json')).toContain('select by hand');
    expect(
      gitlab.calls.filter(({ method, path }) => method === 'POST' && path.endsWith('/commits')),
    ).toHaveLength(2);
  });

  test('says what it replaces that was never deployed, and deletes nothing that still is to be', async () => {
    await scene.start();
    setPipeline('PIN QA', 'orders', 'select 1');
    const thread = await issue(scene);
    await say(scene, thread, '/aic push branch=develop');
    setPipeline('PIN QA', 'orders', 'select by hand');
    const iid = await scene.open('develop', sqlFile('orders', 'select merged'));
    await scene.merge(iid);
    await scene.comment(iid, (body) => body.includes('blocked'));
    await scene.commit('develop', sqlFile('to come', 'select 1'));
    const { answer } = await say(scene, thread, '/aic push branch=develop prune');
    expect(answer).toMatch(/`orders` \| changed \| .*replaces a change in Git that was never deployed/);
    expect(answer).toMatch(/`to come` \| not deployed yet/);
    expect(await read('develop', 'config/to come.json')).toBeDefined();
  });

  test('of a pipeline by name writes to the code that the library left under an unencoded name', async () => {
    const name = 'Load 100%';
    const config = JSON.stringify({ title: name, ...sqlContent('select 1') });
    await scene.commit('develop', { [`config/${name}.json`]: config, [`code/${name}/t.sql`]: 'select 1' });
    await scene.start();
    setPipeline('PIN QA', name, 'select 2');
    const { emoji } = await say(scene, await issue(scene), `/aic push "${name}" branch=develop`);
    expect(emoji).toBe('white_check_mark');
    expect(await read('develop', `code/${name}/t.sql`)).toBe('select 2');
    expect(await read('develop', 'code/Load 100%25/t.sql')).toBeUndefined();
  });

  test('of a workspace without a branch goes to the branch of its name, told by its commit', async () => {
    await scene.commit('main', {
      'branch_to_workspace.yaml': `${sandboxed}also: [PIN 2.0 INTG Testing]\n`,
    });
    await scene.start();
    scene.world.aic.addWorkspace(aicProject, 'PIN 2.0 INTG Testing');
    setPipeline('PIN 2.0 INTG Testing', 'orders', 'select 1');
    const { answer } = await say(scene, await issue(scene), '/aic push workspace="PIN 2.0 INTG Testing"');
    expect(answer).toContain('branch `pin-2-0-intg-testing` (new)');
    const path = `/projects/${scene.projectId}/repository/commits/pin-2-0-intg-testing`;
    const { message } = z.object({ message: z.string() }).parse(await scene.maintainer.call('GET', path));
    expect(message).toMatch(/^Push orders from PIN 2.0 INTG Testing\n\n- orders\n/);
    expect(message).toContain('for Omar Reyes (omar).');
  });

  test('to a hotfix branch takes the production workspace, and begins at the production branch', async () => {
    await scene.start();
    setPipeline('PIN PROD', 'orders', 'select fixed');
    const { emoji } = await say(scene, await issue(scene), '/aic push orders branch=hotfix/1');
    expect(emoji).toBe('white_check_mark');
    expect(await read('hotfix/1', 'config/orders.json')).toContain('select fixed');
    const main = await scene.world.gitlab.commitId(scene.projectId, 'main');
    expect(await scene.world.gitlab.commitId(scene.projectId, 'hotfix/1~1')).toBe(main);
  });

  test('gives up when the branch changes again and again', async () => {
    await scene.start();
    const { gitlab } = scene.world;
    await scene.commit('develop', sqlFile('orders', 'select 0'));
    setPipeline('PIN QA', 'orders', 'select from AIC');
    gitlab.setLatency(60);
    const thread = await issue(scene);
    let answered: Awaited<ReturnType<typeof say>> | undefined;
    const pushing = say(scene, thread, '/aic push branch=develop orders').then((said) => (answered = said));
    const reads = () => gitlab.calls.filter(({ path }) => path.endsWith('/tree')).length;
    for (let seen = 0; ;) {
      const further = await until('a further reading', async () => reads() > seen || answered, patienceMs);
      if (further !== true) break;
      seen = reads();
      await scene.commit('develop', sqlFile('orders', `select ${seen}`));
    }
    await pushing;
    expect(answered?.emoji).toBe('x');
    expect(answered?.answer).toContain('`develop` changed again and again while the push was under way');
    expect(await read('develop', 'config/orders.json')).not.toContain('select from AIC');
  });

  test('of 1,000 pipelines of which 5 changed is one commit and few calls', async () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `Pipeline ${index}`);
    const { gitlab } = scene.world;
    for (const name of names) setPipeline('PIN QA', name, 'select 1');
    await scene.start();
    const thread = await issue(scene);
    await say(scene, thread, '/aic push branch=develop');
    const before = await gitlab.commitId(scene.projectId, 'develop');
    for (const name of names.slice(10, 15)) setPipeline('PIN QA', name, 'select 2');
    await gitlab.deliveriesSettled();
    await scene.settle();
    const from = gitlab.calls.length;
    const { answer } = await say(scene, thread, '/aic push branch=develop');
    const reading = /\/tree$|award_emoji$/;
    const calls = gitlab.calls
      .slice(from)
      .filter(
        ({ method, path, query }) => !(method === 'GET' && reading.test(path)) && !query.includes('sort=asc'),
      )
      .filter(({ method, path }) => !(method === 'POST' && /issues\/\d+\/notes$/.test(path)));
    expect(answer).toContain('5 changed, 995 unchanged');
    expect(await gitlab.commitId(scene.projectId, 'develop~1')).toBe(before);
    expect(calls.length).toBeLessThanOrEqual(13);
    expect(calls.filter(({ path }) => path.includes('config%2F'))).toEqual([]);
  }, 60_000);

  test('of more than GitLab takes in one request is several commits that say so, and lands whole', async () => {
    const sql = (name: string) => `select '${name}'\n${'-- x\n'.repeat(900_000)}`;
    for (const name of ['a', 'b', 'c']) setPipeline('PIN QA', name, sql(name));
    await scene.start();
    const { emoji, answer } = await say(scene, await issue(scene), '/aic push branch=develop');
    expect(emoji).toBe('white_check_mark');
    expect(answer).toContain('3 new');
    const listed = await scene.maintainer.call(
      'GET',
      `/projects/${scene.projectId}/repository/commits?ref_name=develop`,
    );
    const titles = z.array(z.object({ title: z.string() })).parse(listed);
    const parts = titles.flatMap(({ title }) => (title.startsWith('Push') ? [title] : []));
    expect(parts).toEqual([
      'Push 3 pipelines from PIN QA (part 3 of 3)',
      'Push 3 pipelines from PIN QA (part 2 of 3)',
      'Push 3 pipelines from PIN QA (part 1 of 3)',
    ]);
    for (const name of ['a', 'b', 'c'])
      expect(await read('develop', `code/${name}/t.sql`)).toBe(sql(name).trim());
    const again = await say(scene, await issue(scene), '/aic push branch=develop');
    expect(again.answer).toContain('needed no change');
  }, 60_000);

  test.each([
    ['is told and recorded as the push that it was', 'noted'],
    ['is not, where the bot noted no such commit', 'another nonce'],
    ['is not, where somebody copied its trailer onto another commit', 'another commit'],
  ])('that was cut off behind its commit %s', async (_, which) => {
    await (await scene.start()).stop();
    setPipeline('PIN QA', 'orders', 'select 1');
    const thread = await issue(scene);
    const body = '/aic push branch=develop';
    const posted = await scene.maintainer.call('POST', `${thread.path}/notes`, { body });
    const { id, author } = z.object({ id: z.number(), author: z.object({ id: z.number() }) }).parse(posted);
    const content = parseConfig(JSON.stringify(sqlContent('select 1')));
    if (!content.ok) throw new Error(content.failure.problem);
    const files = {
      'config/orders.json': writeConfig('orders', content.value),
      'code/orders/t.sql': 'select 1',
    };
    const { gitlab } = scene.world;
    const request = `note:${scene.projectId}:${id}:0`;
    const onto = await gitlab.commitId(scene.projectId, 'develop');
    note({
      request,
      nonce: which === 'another nonce' ? 'm' : 'n',
      onto: which === 'another commit' ? onto?.replace(/^./, (first) => (first === '0' ? '1' : '0')) : onto,
    });
    const message = `Push orders from PIN QA\n\nAic-Bot-Request: ${request} n`;
    const made = await gitlab.commitFiles(scene.projectId, 'develop', message, files, { hooks: false });
    const bot = await scene.start();
    const told = { id, note: body, noteable_type: 'Issue', author_id: author.id, action: 'create' };
    await scene.deliver(bot, { object_kind: 'note', object_attributes: told, issue: { iid: 1 } });
    const answer = await until(
      'the answer',
      async () => (await notesOf(scene, thread)).find((one) => one.author.username === 'aic-bot')?.body,
      patienceMs,
    );
    if (which !== 'noted') {
      expect(answer).toContain('needed no change');
      expect(scene.rows("select 1 from audit where entry like '%push of PIN QA%'")).toEqual([]);
      return;
    }
    expect(answer).toContain('Pushed `PIN QA` to `develop`: 1 new');
    expect(answer).toContain(made.slice(0, 8));
    await scene.world.mail.waitForMail(({ subject }) => subject.startsWith('[Push]'), patienceMs);
    await scene.deliver(bot, { object_kind: 'push', ref: 'refs/heads/develop', before: '', after: made });
    await scene.advance(20_000);
    await until(
      'the push event to be dealt with',
      async () =>
        scene.rows("select 1 from jobs where job_json like '%develop%'").length === 0 ? true : undefined,
      patienceMs,
    );
    const comments = `/projects/${scene.projectId}/repository/commits/${made}/comments`;
    expect(await scene.maintainer.call('GET', comments)).toEqual([]);
  });

  test('wakes the deployment of the branch, which finds nothing to do', async () => {
    await scene.start();
    setPipeline('PIN QA', 'orders', 'select 1');
    await say(scene, await issue(scene), '/aic push branch=develop');
    await scene.world.gitlab.deliveriesSettled();
    await scene.advance(20_000);
    await until(
      'the push event to be dealt with',
      async () =>
        scene.rows("select 1 from jobs where job_json like '%develop%'").length === 0 ? true : undefined,
      patienceMs,
    );
    expect(scene.rows('select * from deployments')).toEqual([]);
    const head = await scene.world.gitlab.commitId(scene.projectId, 'develop');
    const path = `/projects/${scene.projectId}/repository/commits/${head}/comments`;
    expect(await scene.maintainer.call('GET', path)).toEqual([]);
  });

  test.each(['a/b', '..', 'CON', 'weird | name', '名前', 'x'.repeat(200), '/leading', '@all', '/close'])(
    'and deployment keep a pipeline named %j whole',
    async (name) => {
      await scene.start();
      setPipeline('PIN QA', name, 'select 1');
      const thread = await issue(scene);
      const pushed = await say(scene, thread, `/aic push "${name}" branch=develop`);
      expect(pushed.emoji).toBe('white_check_mark');
      setPipeline('PIN QA', name, 'select by hand');
      const deployed = await say(scene, thread, `/aic deploy "${name}" branch=develop force`);
      expect(deployed.emoji).toBe('white_check_mark');
      expect(scene.world.aic.pipelineText(aicProject, 'PIN QA', name)).toContain('select 1');
      expect(scene.world.gitlab.quickActions).toEqual([]);
    },
  );
});

describe('deploy, plan, retry and status', () => {
  test('deploy force on a merged merge request overwrites a change by hand, and shows the reason', async () => {
    await scene.start();
    const iid = await scene.open('develop', sqlFile('orders', 'select 1'));
    const open = await say(scene, onMergeRequest(scene, iid), '/aic deploy');
    expect(open.emoji).toBe('x');
    expect(open.answer).toContain(
      'the merge request is not merged. Merging deploys 1 pipeline to `PIN QA`: 1 new',
    );
    await scene.merge(iid);
    await scene.comment(iid, (body) => body.includes('Deployed 1 pipeline'));
    setPipeline('PIN QA', 'orders', 'select by hand');
    const plain = await say(scene, onMergeRequest(scene, iid), '/aic deploy');
    expect(plain.emoji).toBe('x');
    expect(plain.answer).toContain('blocked');
    const forced = await say(
      scene,
      onMergeRequest(scene, iid),
      '/aic deploy orders force reason="undo @all"',
    );
    expect(forced.emoji).toBe('white_check_mark');
    expect(forced.answer).toContain('reason: `undo @all`');
    expect(scene.world.aic.pipelineText(aicProject, 'PIN QA', 'orders')).toContain('select 1');
    const status = await say(scene, onMergeRequest(scene, iid), '/aic status branch=develop');
    expect(status.answer).toContain('Nothing is pending');
    expect(status.answer).toContain('by `omar`');
  });

  test('retry deploys what is pending, plan tells what would be done', async () => {
    await scene.start();
    setPipeline('PIN QA', 'orders', 'select by hand');
    const iid = await scene.open('develop', sqlFile('orders', 'select 1'));
    await scene.merge(iid);
    await scene.comment(iid, (body) => body.includes('blocked'));
    const thread = await issue(scene);
    const plan = await say(scene, thread, '/aic plan branch=develop');
    expect(plan.answer).toContain('A deployment would bring nothing to `PIN QA`: 1 blocked');
    scene.world.aic.removePipeline(aicProject, 'PIN QA', 'orders');
    const retried = await say(scene, thread, '/aic retry branch=develop');
    expect(retried.emoji).toBe('white_check_mark');
    expect(retried.answer).toContain('1 created');
  });

  test.each([
    ['/aic deploy', 'in an issue, a command does not know which branch it is about'],
    ['/aic status branch=devlop', 'Did you mean `develop`?'],
    ['/aic deploy Daily Sales branch=develop', 'stands in quotation marks: `"Daily Sales"`'],
    ['/aic cancel branch=develop', 'no deployment of `develop` is running'],
    ['/aic deploy branch=nowhere', 'the branch does not exist'],
    ['/aic deploy branch=develop nothing', '`develop` has no pipeline `nothing`'],
  ])('%s in an issue is refused', async (command, reason) => {
    await scene.start();
    await scene.commit('develop', sqlFile('Daily Sales', 'select 1'));
    const { emoji, answer } = await say(scene, await issue(scene), command);
    expect(emoji).toBe('x');
    expect(answer).toContain(reason);
  });

  test('deploy of another branch than the merge request went into leaves its pipelines alone', async () => {
    await scene.addBranch('sandbox', 'main');
    await scene.commit('sandbox', sqlFile('orders', 'select sandbox'));
    await scene.start();
    const iid = await scene.open('develop', sqlFile('orders', 'select 1'));
    await scene.merge(iid);
    await scene.comment(iid, (body) => body.includes('Deployed 1 pipeline'));
    const thread = onMergeRequest(scene, iid);
    const plan = await say(scene, thread, '/aic plan branch=sandbox');
    expect(plan.answer).toContain('A deployment would bring nothing to `PIN DEV`');
    const { emoji, answer } = await say(scene, thread, '/aic deploy branch=sandbox');
    expect(emoji).toBe('white_check_mark');
    expect(answer).toContain('Nothing on `sandbox` waits to be deployed');
    expect(scene.world.aic.pipelines(aicProject, 'PIN DEV')).toEqual([]);
  });

  test('cancel lets the pipelines at hand end, and retry takes up the rest', async () => {
    await scene.start({ AIC_CONCURRENCY: '1' });
    const { aic } = scene.world;
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const iid = await scene.open(
      'develop',
      Object.assign({}, ...names.map((name) => sqlFile(name, 'select 1'))),
    );
    aic.setLatency(150);
    await scene.merge(iid);
    await until('the first write', async () => (aic.writes.length > 0 ? true : undefined), patienceMs);
    const thread = onMergeRequest(scene, iid);
    const { emoji, answer } = await say(scene, thread, '/aic cancel');
    expect(emoji).toBe('white_check_mark');
    expect(answer).toContain('begins nothing more');
    const ended = await scene.comment(iid, (body) => body.includes('`omar` cancelled the deployment'));
    expect(ended).toMatch(/[1-5] created, [1-5] blocked/);
    const written = aic.writes.length;
    await scene.world.gitlab.deliveriesSettled();
    await scene.advance(20 * 60_000);
    await until(
      'the waiting jobs to be done',
      async () =>
        scene.rows('select 1 from jobs where job_json like \'%"branch":"develop"%\'').length === 0
          ? true
          : undefined,
      patienceMs,
    );
    expect(aic.writes).toHaveLength(written);
    aic.setLatency(0);
    const retried = await say(scene, thread, '/aic retry');
    expect(retried.emoji).toBe('white_check_mark');
    expect(aic.pipelines(aicProject, 'PIN QA').toSorted()).toEqual(names);
  });

  test('the answer stands in the thread of the comment, once, though two webhooks report it', async () => {
    scene.world.gitlab.setVisibility(scene.projectId, 'public');
    await scene.start();
    await scene.start({ DATABASE_URL: `file:${scene.world.folder}/other.db` }).then((other) => other.stop());
    const thread = await issue(scene);
    await say(scene, thread, '/aic status');
    const rows = z
      .array(z.object({ type: z.string().nullable(), author: z.object({ username: z.string() }) }))
      .parse(await scene.maintainer.call('GET', `${thread.path}/notes?sort=asc`));
    const answers = rows.filter(({ author }) => author.username === 'aic-bot');
    expect(answers).toMatchObject([{ type: 'DiscussionNote' }]);
  });
});
