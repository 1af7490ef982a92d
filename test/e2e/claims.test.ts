import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { personAt, until, type Person } from '../../demo/person.ts';
import { aicProject, isFinal, mapping, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { issue, say, type Thread } from './thread.ts';

const own = `pin/pipelines=${aicProject}/PIN *`;
const granted = { AIC_WORKSPACES: `${own}; pin/playground=${aicProject}/PIN B` };
const patienceMs = 20_000;

let scene: Scene;
beforeEach(async () => {
  scene = await setScene();
  scene.world.aic.addWorkspace(aicProject, 'PIN B');
  scene.world.aic.putPipeline(aicProject, 'PIN PROD', 'Payroll', sqlContent('select salary from hr'));
});
afterEach(() => scene.close());

const number = z.object({ iid: z.number() });

/** A second project, whose owner has no right in the first; as a scene of its own. */
async function playground(mappingText: string): Promise<Scene & { readonly owner: Person }> {
  const { gitlab, bot } = scene.world;
  const user = gitlab.addUser({ username: 'mallory', name: 'Mallory' });
  const project = await gitlab.addProject('pin/playground', { defaultBranch: 'main' });
  gitlab.addMember(project.id, user.id, 50);
  gitlab.addMember(project.id, bot.id, 40);
  await gitlab.commitFiles(project.id, 'main', 'Begin', { 'branch_to_workspace.yaml': mappingText });
  const owner = personAt(gitlab.url, user.token);
  return { ...scene, projectId: project.id, maintainer: owner, owner };
}

async function hook(there: Scene, url: string): Promise<void> {
  await there.maintainer.call('POST', `/projects/${there.projectId}/hooks`, {
    url: `${url}/webhooks/gitlab`,
    token: scene.world.webhookSecret,
    push_events: true,
    merge_requests_events: true,
    note_events: true,
  });
}

async function open(there: Scene, source: string, files: Readonly<Record<string, string>>): Promise<number> {
  const path = `/projects/${there.projectId}`;
  await there.maintainer.call('POST', `${path}/repository/branches?branch=${source}&ref=main`);
  await scene.world.gitlab.commitFiles(there.projectId, source, 'Change', files);
  const request = { source_branch: source, target_branch: 'main', title: source };
  return number.parse(await there.maintainer.call('POST', `${path}/merge_requests`, request)).iid;
}

async function mergeInto(...opening: Parameters<typeof open>): Promise<number> {
  const [there] = opening;
  const iid = await open(...opening);
  await there.maintainer.call('PUT', `/projects/${there.projectId}/merge_requests/${iid}/merge`);
  return iid;
}

const notes = z.array(z.object({ body: z.string() }));
function commentOn(there: Scene, iid: number, text: string): Promise<string> {
  const path = `/projects/${there.projectId}/merge_requests/${iid}/notes?per_page=100`;
  return until(
    `a comment with ${text}`,
    async () =>
      notes.parse(await there.maintainer.call('GET', path)).find(({ body }) => body.includes(text))?.body,
    patienceMs,
  );
}

const refusals = () =>
  scene.world.mail.mails.filter(({ subject }) => subject.includes('was refused an AIC workspace'));
const theirs = (workspace: string) => `mapping:\n  main: ${workspace}\naic:\n  project: ${aicProject}\n`;

describe('a project that names the workspace of another one', () => {
  it('gets nothing of it by any command, nor to know whether it exists, and the operator gets one mail', async () => {
    const bot = await scene.start(granted);
    const there = await playground(theirs('PIN PROD'));
    await hook(there, bot.url);
    await scene.settle();
    const thread = await issue(there);
    const { aic, gitlab } = scene.world;
    const before = aic.calls.length;
    const answers = new Map<string, string>();
    for (const command of [
      'adopt branch=main',
      'push workspace="PIN PROD" force',
      'diff branch=main',
      'plan branch=main',
      'plan Payroll branch=main',
      'deploy branch=main force',
      'deploy Payroll branch=hotfix/x force',
      'backup branch=main',
      'datasets branch=main',
      'tables hr branch=main',
      'branches list branch=main',
      'branches create Payroll branch=main',
      'branches delete Payroll branch=main',
      'hotfix fix Payroll force',
    ]) {
      const { emoji, answer } = await say(there, thread, `/aic ${command}`);
      expect([command, emoji]).toEqual([command, 'x']);
      answers.set(command, answer);
    }
    expect(aic.calls.slice(before).filter((call) => call.path.includes('/workspaces'))).toEqual([]);
    expect(await gitlab.readFile(there.projectId, 'main', 'config/Payroll.json')).toBeUndefined();
    for (const [command, answer] of answers)
      if (!answer.includes('does not exist'))
        expect([command, answer]).toEqual([
          command,
          expect.stringContaining('project may not use the workspace `PIN PROD`'),
        ]);
    const status = (await say(there, thread, '/aic status')).answer;
    expect(status).toContain('the project may not use the workspace of `main`');
    expect(status).toContain('not looked at');
    const told = [...answers.values(), status].join();
    expect(told).not.toMatch(/pin\/pipelines|AIC_WORKSPACES|Did you mean|PIN QA/);

    const [mail, ...more] = refusals();
    expect(more).toEqual([]);
    expect(mail?.to).toEqual(['data-team@example.com']);
    expect(mail?.text).toContain(`pin/playground=${aicProject}/PIN PROD`);
  });

  it('is answered the same for a workspace that AIC does not have', async () => {
    const bot = await scene.start(granted);
    const there = await playground(theirs('PIN PROD'));
    await hook(there, bot.url);
    const thread = await issue(there);
    const real = (await say(there, thread, '/aic datasets branch=main')).answer;
    await scene.world.gitlab.commitFiles(there.projectId, 'main', 'Guess', {
      'branch_to_workspace.yaml': theirs('PIN PROF'),
    });
    const guessed = (await say(there, thread, '/aic datasets branch=main')).answer;
    const plain = (text: string) =>
      text.replaceAll(/<!--.*?-->|note_\d+/g, '').replaceAll('PIN PROF', 'PIN PROD');
    expect(plain(guessed)).toBe(plain(real));
  });

  it('is told on its merge request and its commit; once it is granted, what was merged is deployed', async () => {
    const bot = await scene.start(granted);
    const there = await playground(theirs('PIN PROD'));
    await hook(there, bot.url);
    const iid = await mergeInto(there, 'evil', sqlFile('Payroll', 'drop table hr'));
    const comment = await commentOn(there, iid, 'Nothing was deployed');
    expect(comment).toContain('this project may not use the workspace `PIN PROD`');
    expect(comment).not.toMatch(/pin\/pipelines|AIC_WORKSPACES/);
    const other = await open(there, 'more', sqlFile('Other', 'select 1'));
    expect(await commentOn(there, other, 'aic-bot:plan')).toContain(
      'Merging deploys nothing: this project may not use the workspace `PIN PROD`',
    );
    await until('the mail', () => refusals()[0], patienceMs);

    await bot.stop();
    const again = await scene.start(granted);
    await scene.settle();
    expect(refusals()).toHaveLength(1);
    expect(scene.world.aic.writes).toEqual([]);
    await again.stop();

    const entry = /pin\/playground=[^,\n]*PIN PROD/.exec(refusals()[0]?.text ?? '')?.[0];
    scene.world.aic.putPipeline(aicProject, 'PIN PROD', 'Payroll', sqlContent('select 0'));
    await scene.start({ AIC_WORKSPACES: `${own}; ${entry}` });
    expect(await commentOn(there, iid, 'aic-bot:deployment')).toBeDefined();
  });

  it('is told of a push without a merge request on its commit', async () => {
    const bot = await scene.start(granted);
    const there = await playground(theirs('PIN PROD'));
    await hook(there, bot.url);
    await scene.settle();
    const actions = [
      {
        action: 'create',
        file_path: 'config/Payroll.json',
        content: sqlFile('Payroll', 'drop')['config/Payroll.json'],
      },
    ];
    const made = await there.maintainer.call('POST', `/projects/${there.projectId}/repository/commits`, {
      branch: 'main',
      commit_message: 'Push',
      actions,
    });
    const { id } = z.object({ id: z.string() }).parse(made);
    await scene.world.gitlab.deliveriesSettled();
    await scene.advance(16_000);
    const said = await until(
      'a comment on the commit',
      async () => {
        const path = `/projects/${there.projectId}/repository/commits/${id}/comments`;
        return z.array(z.object({ note: z.string() })).parse(await there.maintainer.call('GET', path))[0]
          ?.note;
      },
      patienceMs,
    );
    expect(said).toContain('this project may not use the workspace `PIN PROD`');
    expect(scene.world.aic.writes).toEqual([]);
  });

  it('gets nothing of it by the sweep either, without any webhook', async () => {
    const there = await playground(`${theirs('PIN PROD')}workspaces:\n  PIN PROD: { drift: overwrite }\n`);
    await scene.start({ ...granted, SWEEP_MINUTES: '0.02', DRIFT_MINUTES: '1' });
    await scene.settle();
    const iid = await mergeInto(there, 'evil', sqlFile('Payroll', 'drop table hr'));
    await until(
      'the refusal',
      async () => {
        await scene.advance(5_000);
        const path = `/projects/${there.projectId}/merge_requests/${iid}/notes`;
        return (
          notes
            .parse(await there.maintainer.call('GET', path))
            .some(({ body }) => body.includes('may not use')) || undefined
        );
      },
      patienceMs,
    );
    expect(scene.world.aic.writes).toEqual([]);
    expect(scene.rows(`select 1 from drift where project_id = ${there.projectId}`)).toEqual([]);
  });

  it('keeps nobody waiting who may use it', async () => {
    const bot = await scene.start(granted);
    const there = await playground(theirs('PIN PROD'));
    await hook(there, bot.url);
    await mergeInto(there, 'evil', sqlFile('Payroll', 'drop table hr'));
    await scene.settle();
    const calls = bot.log.filter((line) => line.includes(`/projects/${there.projectId}/`));
    expect(calls.length).toBeGreaterThan(0);
    expect(calls.filter((line) => line.includes('"lane":"workspace:'))).toEqual([]);
  });
});

it('a project that may use some workspaces is told the names of no others', async () => {
  scene.world.aic.addWorkspace(aicProject, 'PIN C1');
  const bot = await scene.start({ AIC_WORKSPACES: `${own}; pin/playground=${aicProject}/PIN C2` });
  const there = await playground(theirs('PIN C2'));
  await hook(there, bot.url);
  const { answer } = await say(there, await issue(there), '/aic datasets branch=main');
  expect(answer).toContain('has no workspace named `PIN C2`');
  expect(answer).not.toContain('PIN C1');
  expect(refusals()).toEqual([]);
});

describe('one project alone', () => {
  const alone = { GITLAB_PROJECTS: 'pin/pipelines', AIC_WORKSPACES: '' };

  it('uses all workspaces of AIC_PROJECT, and no mapping leads to another AIC project', async () => {
    await scene.start({ ...alone, AIC_PROJECT: 'ANOTHER' });
    const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
    await scene.merge(iid);
    expect(await scene.comment(iid, (body) => body.includes('Nothing was deployed'))).toContain(
      'may not use',
    );
    const mail = await until('the mail', () => refusals()[0], patienceMs);
    for (const entry of ['pin/pipelines=ANOTHER/*', `pin/pipelines=${aicProject}/PIN QA`])
      expect(mail.text).toContain(entry);
    expect(scene.world.aic.writes).toEqual([]);
  });

  it('uses what its mapping names where AIC_PROJECT is not set', async () => {
    await scene.start(alone);
    const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
    await scene.merge(iid);
    expect(await scene.comment(iid, isFinal)).toContain('1 created');
  });
});

describe('workspace="…" in a command', () => {
  const secret = async (thread: Thread, command: string) => (await say(scene, thread, command)).answer;

  it('names a workspace of the mapping file or none', async () => {
    scene.world.aic.putPipeline(aicProject, 'PIN B', 'Payroll', sqlContent('select salary from hr'));
    await scene.start();
    const thread = await issue(scene);
    for (const command of [
      '/aic push workspace="PIN B"',
      '/aic backup workspace="PIN B"',
      '/aic datasets workspace="PIN B"',
      '/aic branches list workspace="PIN B"',
    ])
      expect(await secret(thread, command)).toContain('does not name the workspace `PIN B`');
    expect(
      await scene.world.gitlab.readFile(scene.projectId, 'pin-b', 'config/Payroll.json'),
    ).toBeUndefined();
  });

  it('names one of also:, which is pushed to the branch of its name', async () => {
    scene.world.aic.putPipeline(aicProject, 'PIN B', 'Payroll', sqlContent('select salary from hr'));
    await scene.commit('main', { 'branch_to_workspace.yaml': `${mapping}also: [PIN B]\n` });
    await scene.start();
    const thread = await issue(scene);
    expect(await secret(thread, '/aic push workspace="PIN B"')).toContain('`pin-b`');
    expect(await scene.world.gitlab.readFile(scene.projectId, 'pin-b', 'config/Payroll.json')).toContain(
      'salary',
    );
    expect((await say(scene, thread, '/aic datasets workspace="PIN B"')).emoji).toBe('white_check_mark');
  });
});

it('deployments of two projects to one workspace wait for one another', async () => {
  const bot = await scene.start({ AIC_WORKSPACES: `pin/*=${aicProject}/*` });
  const there = await playground(theirs('PIN QA'));
  await hook(there, bot.url);
  await scene.settle();
  scene.world.aic.setLatency(100);
  const one = await scene.open('develop', sqlFile('A', 'select develop'));
  await Promise.all([scene.merge(one), mergeInto(there, 'work', sqlFile('B', 'select theirs'))]);
  const rows = await until(
    'both deployments',
    async () => {
      await scene.advance(5_000);
      const all = scene.rows(
        'select started_at, finished_at from deployments where finished_at is not null order by started_at',
      );
      return all.length === 2 ? all : undefined;
    },
    patienceMs,
  );
  const [first, second] = z.array(z.object({ started_at: z.number(), finished_at: z.number() })).parse(rows);
  expect(second?.started_at).toBeGreaterThanOrEqual(first?.finished_at ?? Infinity);
}, 60_000);

it('two keys with one workspace are refused with both lines, a prefix too', async () => {
  await scene.commit('main', { 'branch_to_workspace.yaml': mapping.replace('PIN TEAM A', 'PIN QA') });
  await scene.start();
  const iid = await scene.open('develop', sqlFile('A', 'select 1'));
  await scene.merge(iid);
  const comment = await scene.comment(iid, (body) => body.includes('Nothing was deployed'));
  expect(comment).toContain('line 4');
  expect(comment).toContain('belongs to `develop` (line 3) and to `team-a/*`');
  expect(scene.world.aic.writes).toEqual([]);
});

it('a mapping that names no AIC project is not told to be refused a workspace', async () => {
  await scene.commit('main', {
    'branch_to_workspace.yaml': 'mapping: { main: PIN PROD, develop: PIN QA }\n',
  });
  await scene.start(granted);
  await scene.settle();
  expect((await say(scene, await issue(scene), '/aic status')).answer).not.toContain('may not use');
});
