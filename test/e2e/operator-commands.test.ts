import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { startBotProcess, type BotProcess } from '../../demo/bot-process.ts';
import { until } from '../../demo/person.ts';
import { aicProject } from '../../demo/team.ts';
import { runCli, startCli } from './cli.ts';
import { isFinal, mapping, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';

const project = 'pin/pipelines';
const patienceMs = 25_000;
const six = Object.assign({}, ...[1, 2, 3, 4, 5, 6].map((n) => sqlFile(`Pipeline ${n}`, `select ${n}`)));

const printed = z.strictObject({
  ok: z.boolean(),
  outcome: z.string(),
  mood: z.string(),
  rows: z.array(z.record(z.string(), z.string())),
  remedies: z.array(z.string()),
  details: z.array(z.unknown()),
  facts: z.array(z.string()),
});

let scene: Scene;
let bot: BotProcess | undefined;

beforeEach(async () => {
  scene = await setScene({ mapping });
});

afterEach(async () => {
  await bot?.end('SIGKILL');
  bot = undefined;
  await scene.close();
});

async function startBot(): Promise<void> {
  const { world } = scene;
  bot = await startBotProcess(world.settings, world.folder);
}

function cli(...args: readonly string[]) {
  return runCli(scene.world.settings, scene.world.folder, args);
}

function start(...args: readonly string[]) {
  return startCli(scene.world.settings, scene.world.folder, args);
}

async function json(...args: readonly string[]) {
  const { stdout, code } = await cli(...args, '--json');
  return { code, ...printed.parse(JSON.parse(stdout)) };
}

function setPipeline(workspace: string, name: string, query: string): void {
  scene.world.aic.putPipeline(aicProject, workspace, name, sqlContent(query));
}

/** The project has no webhook here, of which the bot tells, too. */
function deploymentMails() {
  return scene.world.mail.mails.filter(({ subject }) => subject.startsWith('[Deploy]'));
}

function live(name: string, workspace = 'PIN QA'): string | undefined {
  return scene.world.aic.pipelineText(aicProject, workspace, name);
}

/** What is due within the minute: the bot looks at its token once a day. */
/** Besides the bot's look at the branches after its start, which waits a while. */
const jobs = () =>
  scene.rows(
    `select id from jobs where due_at < ${Date.now() + 60_000}
      and not (status = 'waiting' and job_json ->> 'kind' = 'deploy')`,
  );
const writes = () => scene.world.aic.writes.length;

function noJobs(): Promise<unknown> {
  return until('the end of all jobs', () => (jobs().length === 0 ? true : undefined), patienceMs);
}

describe.each([
  ['while no bot runs', false],
  ['while a bot runs on the same database', true],
])('%s', (_when, withBot) => {
  beforeEach(async () => {
    if (withBot) await startBot();
  });

  test('deploy deploys the named pipelines of a branch, and tells', async () => {
    await scene.commit('develop', six);
    const { code, stdout } = await cli('deploy', project, 'develop', 'Pipeline 1', 'Pipeline 2');
    expect(stdout).toMatch(/^✅ Deployed 2 pipelines to "PIN QA": 2 created/);
    expect(code).toBe(0);
    expect(scene.world.aic.pipelines(aicProject, 'PIN QA').toSorted()).toEqual(['Pipeline 1', 'Pipeline 2']);
    expect(scene.rows('select branch, status, places_json from deployments')).toEqual([
      { branch: 'develop', status: 'succeeded', places_json: '[]' },
    ]);
    // With a bot, others are at work by now.
    expect(scene.rows(`select * from leases where who like '%aic-bot deploy%'`)).toEqual([]);
    if (withBot) await noJobs();
    else {
      const lanes = scene.rows('select lane from jobs order by lane');
      expect(lanes).toMatchObject([
        { lane: expect.stringMatching(/^comment:/) },
        { lane: 'mail' },
        { lane: 'record:1:develop' },
        { lane: expect.stringMatching(/^status:/) },
      ]);
    }
    expect(deploymentMails()).toHaveLength(withBot ? 1 : 0);
  });

  test('deploy stops at drift, and with --force writes over it', async () => {
    await scene.commit('develop', sqlFile('orders', 'select 1'));
    setPipeline('PIN QA', 'orders', 'select by hand');
    const plan = await cli('plan', project, 'develop', 'orders');
    expect(plan.stdout).toContain('A deployment would bring nothing to "PIN QA": 1 blocked');
    expect(plan.code).toBe(0);
    const blocked = await json('deploy', project, 'develop', 'orders');
    expect(blocked).toMatchObject({ code: 1, ok: false, mood: 'held' });
    expect(blocked.rows).toMatchObject([{ pipeline: 'orders', result: expect.stringContaining('blocked') }]);
    expect(live('orders')).toContain('select by hand');
    const forced = await json('deploy', project, 'develop', 'orders', '--force', '--reason', 'undo "it"');
    expect(forced).toMatchObject({ code: 0, ok: true });
    expect(forced.facts.join()).toContain('undo "it"');
    expect(live('orders')).toContain('select 1');
    expect(scene.rows('select count(*) as kept from snapshots')).toEqual([{ kept: 1 }]);
  });

  test('push writes a workspace to its branch in one commit, and a second one nothing', async () => {
    setPipeline('PIN QA', 'orders', 'select 1');
    setPipeline('PIN QA', 'sales', 'select 2');
    const before = await scene.world.gitlab.commitId(scene.projectId, 'develop');
    const pushed = await cli('push', project, '--workspace', 'PIN QA');
    expect(pushed.stdout).toMatch(/^✅ .*2 new/);
    expect(pushed.code).toBe(0);
    expect(await scene.world.gitlab.commitId(scene.projectId, 'develop~1')).toBe(before);
    expect(await scene.world.gitlab.readFile(scene.projectId, 'develop', 'config/sales.json')).toContain(
      'select 2',
    );
    const head = await scene.world.gitlab.commitId(scene.projectId, 'develop');
    const again = await json('push', project, 'orders', '--branch', 'develop');
    expect(again).toMatchObject({ code: 0, ok: true });
    expect(await scene.world.gitlab.commitId(scene.projectId, 'develop')).toBe(head);
  });

  test('status tells of one branch or of all', async () => {
    await scene.commit('develop', sqlFile('orders', 'select 1'));
    await cli('deploy', project, 'develop', 'orders');
    const all = await json('status', project);
    expect(all).toMatchObject({ code: 0, ok: true });
    expect(all.rows.map((row) => row['branch'])).toEqual(expect.arrayContaining(['main', 'develop']));
    const one = await cli('status', project, 'develop');
    expect(one.stdout).toContain('PIN QA');
    expect(one.stdout).not.toContain('PIN PROD');
  });

  test('backup stores a workspace on its drive', async () => {
    scene.world.aic.addDrive(aicProject, 'PIN QA', 'Backups', { overwrites: false });
    setPipeline('PIN QA', 'orders', 'select 1');
    const { code, stdout } = await cli('backup', project, '--branch', 'develop');
    expect(stdout).toMatch(/^✅/);
    expect(code).toBe(0);
    expect(scene.world.aic.driveFiles(aicProject, 'PIN QA', 'Backups')).toHaveLength(1);
  });
});

describe('a command is refused', () => {
  const refusals: readonly (readonly [string, readonly string[], string, string])[] = [
    [
      'for an unknown project',
      ['status', 'pin/nothing'],
      'there is no project "pin/nothing" in GitLab',
      'Correct the path',
    ],
    ['for an unknown branch', ['deploy', project, 'nowhere'], 'the branch does not exist', 'Check the name'],
    [
      'for an unknown pipeline',
      ['deploy', project, 'develop', 'ordrs'],
      '"develop" has no pipeline "ordrs"',
      'Correct "ordrs"',
    ],
    [
      'for the production branch',
      ['push', project, '--branch', 'main'],
      '"main" is the production branch',
      'force',
    ],
    [
      'for no branch to push to',
      ['push', project],
      'it is not clear which workspace to push',
      'Branches with a workspace: "develop"',
    ],
    [
      'for a workspace of another branch',
      ['push', project, '--branch', 'develop', '--workspace', 'PIN X'],
      'does not name the workspace "PIN X"',
      'also: [WORKSPACE NAME]',
    ],
  ];
  test.each(refusals)('%s', async (_why, args, what, remedy) => {
    const { code, stdout } = await cli(...args);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^❌ Nothing was/);
    expect(stdout).toContain(what);
    expect(stdout).toContain(remedy);
    expect(jobs()).toEqual([]);
    expect(writes()).toBe(0);
  });

  test('for a project that the bot does not serve', async () => {
    const settings = { ...scene.world.settings, GITLAB_PROJECTS: 'other/**' };
    const { code, stdout } = await runCli(settings, scene.world.folder, ['deploy', project, 'develop']);
    expect(code).toBe(1);
    expect(stdout).toContain('"GITLAB_PROJECTS" does not name "pin/pipelines"');
  });

  test('for a workspace that the project may not use', async () => {
    const settings = { ...scene.world.settings, AIC_WORKSPACES: `${project}=${aicProject}/PIN PROD` };
    for (const args of [
      ['deploy', project, 'develop', '--force'],
      ['push', project, '--branch', 'develop'],
    ]) {
      const { code, stdout } = await runCli(settings, scene.world.folder, args);
      expect(code).toBe(1);
      expect(stdout).toContain('may not use the workspace "PIN QA"');
    }
    expect(writes()).toBe(0);
  });

  test('while the mapping cannot be followed, with every mistake', async () => {
    await scene.commit('main', { 'branch_to_workspace.yaml': 'mapping: 7\n' });
    const { code, stdout } = await cli('deploy', project, 'develop');
    expect(code).toBe(1);
    expect(stdout).toContain('branch_to_workspace.yaml');
  });

  test('while settings are missing, all at once', async () => {
    const { GITLAB_TOKEN: _token, MAIL_FROM: _from, ...settings } = scene.world.settings;
    const { code, stdout } = await runCli(settings, scene.world.folder, ['status', project]);
    expect(code).toBe(1);
    expect(stdout).toContain('GITLAB_TOKEN is not set');
    expect(stdout).toContain('MAIL_FROM is not set');
  });

  test('where the database cannot be used', async () => {
    const settings = { ...scene.world.settings, DATABASE_URL: `file:${scene.world.folder}` };
    const { code, stdout } = await runCli(settings, scene.world.folder, ['status', project]);
    expect(code).toBe(1);
    expect(stdout).toContain('set "DATABASE_URL" to the database of the bot');
  });

  test.each([
    ['deploy', project],
    ['deploy', 'pipelines', 'develop'],
    ['deploy', project, 'develop', ''],
    ['deploy', project, 'develop', '--wait', 'long'],
    ['status', project, 'develop', 'main'],
  ])('with exit code 2 for wrong usage: %s %s', async (...args) => {
    const { code, stdout, stderr } = await cli(...args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('error:');
  });
});

describe('a lane that is busy', () => {
  async function longDeployment(): Promise<number> {
    await scene.start({ AIC_CONCURRENCY: '1' });
    const iid = await scene.open('develop', six);
    scene.world.aic.setLatency(250);
    await scene.merge(iid);
    await until('the first write', () => (writes() > 0 ? true : undefined), patienceMs);
    // So that it lasts longer than a command takes on a slow machine.
    scene.world.aic.setLatency(8_000);
    return iid;
  }

  test('is waited for, and it is told who works there', async () => {
    const iid = await longDeployment();
    const waiting = start('deploy', project, 'develop', 'Pipeline 1');
    const said = /Waiting: "the bot" on ".+" \(process \d+\) has worked on this workspace since 20/;
    await until('waiting', () => said.test(waiting.written.stderr) || undefined, patienceMs);
    scene.world.aic.setLatency(0);
    const { code, stdout } = await waiting.outcome;
    expect(code).toBe(0);
    expect(stdout).toContain('Pipeline 1');
    expect(await scene.comment(iid, isFinal)).toContain('6 created');
    expect(writes()).toBe(6);
    expect(scene.rows('select status from deployments order by id').slice(0, 1)).toEqual([
      { status: 'succeeded' },
    ]);
  });

  test('is waited for no longer than told', async () => {
    await longDeployment();
    const { code, stdout } = await cli('push', project, '--branch', 'develop', '--wait', '0');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^❌ Nothing was done: "the bot" on ".+" .* longer than the 0 s/);
    expect(stdout).toContain('--wait SECONDS');
    expect(
      scene.rows(`select entry ->> '$.what' as what, entry ->> '$.result' as result from audit`),
    ).toEqual([
      { what: 'push branch=develop', result: expect.stringMatching(/^not done: Nothing was done: /) },
    ]);
  });

  test('does not keep what only tells', async () => {
    await longDeployment();
    const { code, stderr } = await cli('status', project);
    expect(code).toBe(0);
    expect(stderr).toBe('');
  });

  test('and an operator who stops waiting leaves nothing behind', async () => {
    await longDeployment();
    const waiting = start('deploy', project, 'develop', '--force');
    await until('waiting', () => (waiting.written.stderr.includes('Waiting') ? true : undefined), patienceMs);
    waiting.signal('SIGINT');
    const { code, stdout } = await waiting.outcome;
    expect(code).toBe(1);
    expect(stdout).toContain('Nothing was done: the command was stopped before it began');
    expect(scene.rows("select 1 from jobs where job_json like '%operator%'")).toEqual([]);
  });
});

describe('a command line that ends in the middle', () => {
  const creates = () => scene.world.aic.writes.filter(({ kind }) => kind === 'create').length;

  async function cutOff(signal: NodeJS.Signals) {
    await scene.commit('develop', six);
    setPipeline('PIN QA', 'Pipeline 6', 'select by hand');
    scene.world.aic.setLatency(150);
    const command = startCli({ ...scene.world.settings, AIC_CONCURRENCY: '1' }, scene.world.folder, [
      'deploy',
      project,
      'develop',
      '--force',
    ]);
    await until('the first write', () => (writes() > 0 ? true : undefined), patienceMs);
    command.signal(signal);
    const outcome = await command.outcome;
    expect(writes()).toBeLessThan(6);
    return outcome;
  }

  async function finished(): Promise<void> {
    await until(
      'the end of the deployment',
      () =>
        scene.rows("select 1 from deployments where status = 'succeeded'").length > 0 ? true : undefined,
      patienceMs,
    );
    await noJobs();
    expect(creates()).toBe(5);
    expect(writes()).toBe(6);
    expect(live('Pipeline 6')).toContain('select 6');
    expect(scene.rows('select id, ordered_by is not null as known from deployments')).toEqual([
      { id: 1, known: 1 },
    ]);
    await scene.world.mail.waitForMail(() => true, 30_000);
    expect(deploymentMails()).toHaveLength(1);
  }

  test('by kill -9 leaves the rest to the running bot, which does it exactly once', async () => {
    await startBot();
    await cutOff('SIGKILL');
    await finished();
  });

  test('by kill -9 leaves the rest to the next start of the bot', async () => {
    await cutOff('SIGKILL');
    expect(scene.rows('select status from deployments')).toEqual([{ status: 'running' }]);
    await startBot();
    await finished();
  });

  test('by Ctrl-C lets the call at hand end, says what becomes of the rest, and leaves it to the bot', async () => {
    const { code, stdout, stderr } = await cutOff('SIGINT');
    expect(code).toBe(1);
    expect(stderr).toContain('Stopping');
    expect(stdout).toMatch(/^❌ Stopped before it was done/);
    expect(scene.rows('select status, lane from jobs')).toMatchObject([
      { status: 'waiting', lane: `workspace:${JSON.stringify(['prod', aicProject, 'PIN QA'])}` },
      { status: 'waiting', lane: 'record:1:develop' },
    ]);
    await startBot();
    await finished();
  });
});
