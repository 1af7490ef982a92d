import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { personAt, until, type Person } from '../../demo/person.ts';
import { aicProject } from '../../demo/team.ts';
import { configPath } from '../../src/domain/pipeline/config-path.ts';
import { parseConfig, writeConfig } from '../../src/domain/pipeline/config.ts';
import { mapping, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { issue, onMergeRequest, say } from './thread.ts';

const workspace = 'PIN QA';
const oddNames = ['a/b', '..', 'CON', 'weird | name', '名前', 'x'.repeat(200), '/leading', '@all', '/close'];

let scene: Scene;

beforeEach(async () => {
  scene = await setScene({ mapping });
});

afterEach(() => scene.close());

function setPipeline(name: string, query: string, at = workspace): void {
  scene.world.aic.putPipeline(aicProject, at, name, sqlContent(query));
}

function addDrive(name = 'Backups', options = { overwrites: false }, at = workspace): void {
  scene.world.aic.addDrive(aicProject, at, name, options);
}

function filesOn(drive = 'Backups', at = workspace): string[] {
  return scene.world.aic.driveFiles(aicProject, at, drive);
}

function fileOn(path: string, drive = 'Backups'): string | undefined {
  return scene.world.aic.driveFile(aicProject, workspace, drive, path);
}

function branchesOf(pipeline: string, at = workspace) {
  return scene.world.aic.branches(aicProject, at, pipeline);
}

function withLevel(level: number): Person {
  const { gitlab } = scene.world;
  const user = gitlab.addUser({ username: `level${level}`, name: 'Some Body' });
  gitlab.addMember(scene.projectId, user.id, level);
  return personAt(gitlab.url, user.token);
}

/** The text that Git would hold of a pipeline with one SQL task. */
function configText(name: string, query: string): string {
  const parsed = parseConfig(JSON.stringify(sqlContent(query)));
  if (!parsed.ok) throw new Error(parsed.failure.problem);
  return writeConfig(name, parsed.value);
}

const inIssue = async (body: string, who?: Person) => say(scene, await issue(scene), body, who);

describe('backup', () => {
  test('stores each config in the folder of the day, as Git would hold it, and is a table', async () => {
    await scene.start();
    addDrive();
    setPipeline('daily load', 'select 1');
    setPipeline('orders', 'select 2');
    const { emoji, answer } = await inIssue('/aic backup branch=develop', withLevel(30));
    expect(emoji).toBe('white_check_mark');
    expect(answer).toMatch(/Backed up 2 pipelines of `PIN QA` to the folder `\d{8}` of the drive `Backups`/);
    expect(answer).toMatch(/\| `orders` *\| stored *\| `orders\.json` *\|/);
    const [day = ''] = /\d{8}/.exec(answer) ?? [];
    expect(filesOn()).toEqual([`${day}/daily load.json`, `${day}/orders.json`]);
    expect(fileOn(`${day}/orders.json`)).toBe(configText('orders', 'select 2'));
  });

  test('of the target branch on a merge request, of the named pipelines only, on the named drive', async () => {
    await scene.start();
    addDrive('Team | drive');
    setPipeline('daily load', 'select 1');
    setPipeline('orders', 'select 2');
    const iid = await scene.open('develop', sqlFile('orders', 'select 3'));
    const { emoji } = await say(scene, onMergeRequest(scene, iid), '/aic backup orders drive="team | DRIVE"');
    expect(emoji).toBe('white_check_mark');
    expect(filesOn('Team | drive')).toEqual([expect.stringMatching(/^\d{8}\/orders\.json$/)]);
  });

  test('a second one on a day adds its own files where AIC keeps those that exist', async () => {
    await scene.start();
    addDrive();
    setPipeline('orders', 'select 1');
    await inIssue('/aic backup branch=develop');
    setPipeline('orders', 'select 2');
    const { emoji } = await inIssue('/aic backup branch=develop');
    expect(emoji).toBe('white_check_mark');
    const [first = '', second = '', ...others] = filesOn();
    expect(others).toEqual([]);
    expect(second).toMatch(/^\d{8}\/orders\.\d{6}\.json$/);
    expect(fileOn(first)).toContain('select 1');
    expect(fileOn(second)).toContain('select 2');
  });

  test('a second one on a day overwrites the files of the first where AIC allows that', async () => {
    await scene.start();
    addDrive('backups', { overwrites: true });
    setPipeline('orders', 'select 1');
    await inIssue('/aic backup branch=develop');
    setPipeline('orders', 'select 2');
    const { emoji } = await inIssue('/aic backup branch=develop');
    expect(emoji).toBe('white_check_mark');
    const [file = '', ...others] = filesOn('backups');
    expect(others).toEqual([]);
    expect(fileOn(file, 'backups')).toContain('select 2');
  });

  test('goes on when AIC says in another way that the folder exists', async () => {
    await scene.start();
    addDrive();
    setPipeline('orders', 'select 1');
    await inIssue('/aic backup branch=develop');
    setPipeline('stock', 'select 2');
    scene.world.aic.inject({ path: /create-folder$/, fault: { kind: 'status', status: 400 } });
    const { emoji } = await inIssue('/aic backup stock branch=develop');
    expect(emoji).toBe('white_check_mark');
    expect(filesOn()).toHaveLength(2);
  });

  test('keeps pipelines of any name, each in a file of its own', async () => {
    await scene.start();
    addDrive();
    for (const name of oddNames) setPipeline(name, `select '${name}'`);
    const named = oddNames.map((name) => `"${name}"`).join(' ');
    const { emoji, answer } = await inIssue(`/aic backup ${named} branch=develop`);
    expect(emoji).toBe('white_check_mark');
    expect(answer).toContain(`Backed up ${oddNames.length} pipelines`);
    const [day = ''] = /\d{8}/.exec(answer) ?? [];
    for (const name of oddNames) {
      const text = fileOn(`${day}/${configPath(name).slice('config/'.length)}`);
      expect(text).toBe(configText(name, `select '${name}'`));
    }
    expect(scene.world.gitlab.quickActions).toEqual([]);
  });

  test('says of each pipeline that failed why, and stores the others', async () => {
    await scene.start();
    addDrive();
    setPipeline('orders', 'select 1');
    setPipeline('stock', 'select 2');
    scene.world.aic.addPipeline(aicProject, workspace, 'stock', sqlContent('select 3'));
    const { emoji, answer } = await inIssue('/aic backup branch=develop');
    expect(emoji).toBe('x');
    expect(answer).toContain('Backed up 1 of 2 pipelines');
    expect(answer).toMatch(/`stock`.*failed.*2 pipelines with this title/);
    expect(answer).toContain('`stock`: Rename or remove all but one of them in AIC');
    expect(filesOn()).toHaveLength(1);
  });

  test('of a workspace without pipelines stores nothing and says so', async () => {
    await scene.start();
    addDrive();
    const { answer } = await inIssue('/aic backup branch=develop');
    expect(answer).toContain('Nothing was backed up: `PIN QA` has no pipeline');
  });

  test('of a workspace without a branch is made by its name', async () => {
    await scene.commit('main', { 'branch_to_workspace.yaml': `${mapping}also: [PIN LAB]\n` });
    await scene.start();
    scene.world.aic.addWorkspace(aicProject, 'PIN LAB');
    addDrive('Backups', { overwrites: false }, 'PIN LAB');
    setPipeline('orders', 'select 1', 'PIN LAB');
    const { emoji } = await inIssue('/aic backup workspace="PIN LAB"');
    expect(emoji).toBe('white_check_mark');
    expect(filesOn('Backups', 'PIN LAB')).toHaveLength(1);
  });

  test('of a thousand pipelines folds the long table, and waits for a host that was away', async () => {
    await scene.start({}, undefined, 20_000);
    addDrive();
    for (let number = 0; number < 150; number += 1) setPipeline(`Pipeline ${number}`, 'select 1');
    scene.world.aic.inject({ path: /upload-file$/, times: 2, fault: { kind: 'status', status: 503 } });
    const { emoji, answer } = await inIssue('/aic backup branch=develop');
    expect(emoji).toBe('white_check_mark');
    expect(answer).toContain('Backed up 150 pipelines');
    expect(answer).toContain('50 more');
    expect(filesOn()).toHaveLength(150);
  });

  test.each([
    ['/aic backup', 'in an issue, a command does not know which workspace it is about'],
    ['/aic backup', 'Workspaces of the mapping: `PIN PROD`, `PIN QA`, `PIN TEAM A`'],
    ['/aic backup', '`/aic backup branch=develop`'],
    ['/aic backup branch=nowhere', '`branch_to_workspace.yaml` gives `nowhere` no workspace'],
    ['/aic backup branch=develop workspace="PIN PROD"', '`develop` belongs to the workspace `PIN QA`'],
    ['/aic backup workspace="PIN QQ"', 'Did you mean `PIN QA`'],
    ['/aic backup branch=develop ordres', 'Instead of `ordres`: did you mean `orders`?'],
    ['/aic backup branch=develop drive=Bakcups', '`PIN QA` has no drive `Bakcups`'],
    ['/aic backup branch=develop drive=Bakcups', 'Did you mean `Backups`?'],
    ['/aic backup branch=develop force', '`PIN QA` has no pipeline `force`'],
    ['/aic backup branch=develop drve=x', 'backup` knows no `drve='],
  ])('%s is refused with: %s', async (command, reason) => {
    await scene.start();
    addDrive();
    setPipeline('orders', 'select 1');
    const { emoji, answer } = await inIssue(command);
    expect(emoji).toBe('x');
    expect(answer).toContain(reason);
    expect(filesOn()).toEqual([]);
  });

  test('is refused when the case of several drives does not tell which is meant, and to who may not push', async () => {
    await scene.start();
    addDrive('BACKUPS');
    addDrive('Backups');
    setPipeline('orders', 'select 1');
    const ambiguous = await inIssue('/aic backup branch=develop');
    expect(ambiguous.emoji).toBe('x');
    expect(ambiguous.answer).toContain('several drives that `backups` may mean: `BACKUPS`, `Backups`');
    const exact = await inIssue('/aic backup branch=develop drive=Backups');
    expect(exact.emoji).toBe('white_check_mark');
    const reporter = await inIssue('/aic backup branch=develop', withLevel(20));
    expect(reporter.answer).toContain('`/aic backup` needs the access level `developer`');
  });
});

describe('datasets and tables', () => {
  test('are listed with their ids', async () => {
    await scene.start();
    const { aic } = scene.world;
    const dataset = aic.addDataset(aicProject, workspace, 'SALES | <b>@all</b>').id;
    const table = aic.addTable(aicProject, workspace, 'SALES | <b>@all</b>', 'orders').id;
    const iid = await scene.open('develop', sqlFile('orders', 'select 1'));
    const thread = onMergeRequest(scene, iid);
    const listed = await say(scene, thread, '/aic datasets', withLevel(30));
    expect(listed.emoji).toBe('white_check_mark');
    expect(listed.answer).toContain('`PIN QA` has 1 dataset');
    expect(listed.answer).toContain(`| \`${dataset}\` |`);
    for (const named of ['"SALES | <b>@all</b>"', dataset]) {
      const { emoji, answer } = await say(scene, thread, `/aic tables ${named}`);
      expect(emoji).toBe('white_check_mark');
      expect(answer).toContain('has 1 table');
      expect(answer).toMatch(new RegExp(String.raw`\| \`orders\` *\| \`${table}\` *\|`));
    }
  });

  test('of a workspace without any are said to be none', async () => {
    await scene.start();
    const { emoji, answer } = await inIssue('/aic datasets branch=develop');
    expect(emoji).toBe('white_check_mark');
    expect(answer).toContain('`PIN QA` has no dataset');
  });

  test.each([
    ['/aic datasets', '`/aic datasets branch=develop`'],
    ['/aic tables', '`tables` lacks its dataset'],
    ['/aic tables SALES', '`/aic tables branch=develop`'],
    ['/aic tables SALSE branch=develop', '`PIN QA` has no dataset `SALSE`'],
    ['/aic tables SALSE branch=develop', 'Did you mean `SALES`?'],
    ['/aic tables SALES HISTORY branch=develop', '`tables` does not know what to do with `HISTORY`'],
    ['/aic tables TWICE branch=develop', 'several datasets `TWICE`'],
  ])('%s is refused with: %s', async (command, reason) => {
    await scene.start();
    for (const name of ['SALES', 'TWICE', 'TWICE']) scene.world.aic.addDataset(aicProject, workspace, name);
    const { emoji, answer } = await inIssue(command);
    expect(emoji).toBe('x');
    expect(answer).toContain(reason);
  });

  test('tell what AIC answers when it refuses the key, and to try again when it is away', async () => {
    await scene.start();
    const denied = { kind: 'status', status: 403, body: '{"message":"not your workspace"}' } as const;
    const remove = scene.world.aic.inject({ path: /datasets$/, fault: denied });
    const refused = await inIssue('/aic datasets branch=develop');
    expect(refused.emoji).toBe('x');
    expect(refused.answer).toContain('`403 not your workspace`');
    expect(refused.answer).toContain("Check that the bot's AIC key is valid");
    remove();
    scene.world.aic.inject({ path: /datasets$/, fault: { kind: 'status', status: 502 } });
    const away = await inIssue('/aic datasets branch=develop');
    expect(away.emoji).toBe('x');
    expect(away.answer).toContain('Write the command again in some minutes');
  });
});

describe('branches', () => {
  test('are created with the present config, listed and deleted', async () => {
    await scene.start();
    setPipeline('daily load', 'select 1');
    setPipeline('orders', 'select 2');
    scene.world.aic.addBranch(aicProject, workspace, 'orders', 'by hand');
    const iid = await scene.open('develop', sqlFile('orders', 'select 3'));
    const thread = onMergeRequest(scene, iid);
    const created = await say(scene, thread, '/aic branches create "daily load" orders', withLevel(30));
    expect(created.emoji).toBe('white_check_mark');
    expect(created.answer).toContain('Created 2 interactive branches in `PIN QA`');
    const [made] = branchesOf('daily load');
    expect(made?.name).toMatch(/^PUSH_\d{14}$/);
    expect(JSON.parse(made?.config ?? '')).toMatchObject({ title: 'daily load', ...sqlContent('select 1') });

    const listed = await say(scene, thread, '/aic branches LIST');
    expect(listed.emoji).toBe('white_check_mark');
    expect(listed.answer).toContain('There are 3 interactive branches');
    expect(listed.answer).toMatch(new RegExp(String.raw`\`orders\` *\| \`by hand\`, \`PUSH_\d{14}\``));

    const deleted = await say(scene, thread, '/aic branches delete orders');
    expect(deleted.emoji).toBe('white_check_mark');
    expect(deleted.answer).toContain('Deleted 2 interactive branches');
    expect(branchesOf('orders')).toEqual([]);
    expect(branchesOf('daily load')).toHaveLength(1);
    const again = await say(scene, thread, '/aic branches delete orders');
    expect(again.emoji).toBe('white_check_mark');
    expect(again.answer).toContain('There was no interactive branch to delete');
    expect(scene.world.aic.writes).toEqual([]);
  });

  test('are made once though the answer of AIC is lost', async () => {
    await scene.start();
    setPipeline('orders', 'select 1');
    const lost = { kind: 'status-after-work', status: 502 } as const;
    scene.world.aic.inject({ method: 'PUT', path: /branches$/, times: 1, fault: lost });
    const { emoji } = await inIssue('/aic branches create orders branch=develop');
    expect(emoji).toBe('white_check_mark');
    expect(branchesOf('orders')).toHaveLength(1);
  });

  test('of pipelines of any name are made and deleted', async () => {
    await scene.start();
    for (const name of oddNames) setPipeline(name, 'select 1');
    const named = oddNames.map((name) => `"${name}"`).join(' ');
    const created = await inIssue(`/aic branches create ${named} branch=develop`);
    expect(created.emoji).toBe('white_check_mark');
    for (const name of oddNames) {
      expect(JSON.parse(branchesOf(name)[0]?.config ?? '')).toMatchObject({ title: name });
    }
    const deleted = await inIssue(`/aic branches delete ${named} branch=develop`);
    expect(deleted.emoji).toBe('white_check_mark');
    for (const name of oddNames) expect(branchesOf(name)).toEqual([]);
    expect(scene.world.gitlab.quickActions).toEqual([]);
  });

  test('that AIC does not delete are told, and the others are gone', async () => {
    await scene.start();
    setPipeline('orders', 'select 1');
    const { id } = scene.world.aic.addBranch(aicProject, workspace, 'orders', 'first');
    scene.world.aic.addBranch(aicProject, workspace, 'orders', 'second');
    const body = '{"message":"it is open in an editor"}';
    scene.world.aic.inject({
      method: 'DELETE',
      path: new RegExp(id),
      fault: { kind: 'status', status: 400, body },
    });
    const { emoji, answer } = await inIssue('/aic branches delete orders branch=develop');
    expect(emoji).toBe('x');
    expect(answer).toContain('Deleted 1 interactive branch in `PIN QA`; 1 pipeline failed');
    expect(answer).toContain('`400 it is open in an editor`');
    expect(branchesOf('orders').map(({ name }) => name)).toEqual(['first']);
  });

  test.each([
    ['/aic branches', '`branches` lacks its action'],
    ['/aic branches remove orders branch=develop', '`branches` knows no action `remove`'],
    ['/aic branches delte orders branch=develop', 'Did you mean `delete`?'],
    ['/aic branches create branch=develop', '`/aic branches create` needs the name of a pipeline'],
    ['/aic branches delete branch=develop', '`/aic branches delete` needs the name of a pipeline'],
    ['/aic branches delete orders', '`/aic branches delete branch=develop`'],
    ['/aic branches create ordres branch=develop', 'Instead of `ordres`: did you mean `orders`?'],
    ['/aic branches delete orders ordres branch=develop', '`PIN QA` has no pipeline `ordres`'],
  ])('%s is refused with: %s', async (command, reason) => {
    await scene.start();
    setPipeline('orders', 'select 1');
    scene.world.aic.addBranch(aicProject, workspace, 'orders', 'by hand');
    const { emoji, answer } = await inIssue(command);
    expect(emoji).toBe('x');
    expect(answer).toContain(reason);
    expect(branchesOf('orders')).toHaveLength(1);
  });

  test('wait for the deployment of their workspace', async () => {
    await scene.start({ AIC_CONCURRENCY: '1' });
    const { aic } = scene.world;
    setPipeline('orders', 'select 1');
    await scene.commit('develop', sqlFile('orders', 'select 1'));
    const iid = await scene.open('develop', sqlFile('orders', 'select 2'));
    aic.setLatency(150);
    await scene.merge(iid);
    const isReading = () => aic.calls.some(({ path }) => path.endsWith('/jobs'));
    await until('the deployment to read', async () => isReading() || undefined, 20_000);
    const { emoji } = await inIssue('/aic branches create orders branch=develop');
    expect(emoji).toBe('white_check_mark');
    expect(branchesOf('orders')[0]?.config).toContain('select 2');
  });
});
