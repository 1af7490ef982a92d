import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';

import { startAic } from '../../demo/aic/server.ts';
import { startBotProcess } from '../../demo/bot-process.ts';
import { personAt, until } from '../../demo/person.ts';
import { startWorld, type World } from '../../demo/world.ts';
import { runCli, startCli } from './cli.ts';
import { aicProject, sqlFile } from './scene.ts';

const path = 'pin/data/pipelines';
const names = ['--main', 'PIN PROD', '--develop', 'PIN QA', '--sandbox', 'PIN DEV'];
const options = [...names, '--aic-project', aicProject];
const botUrl = 'https://bot.example.com';

let world: World;

beforeEach(async () => {
  world = await startWorld();
  world.gitlab.addGroup('pin/data');
  world.gitlab.addGroupMember('pin', world.bot.id, 40);
  world.aic.addProject(aicProject);
  for (const workspace of ['PIN PROD', 'PIN QA', 'PIN DEV']) world.aic.addWorkspace(aicProject, workspace);
});
afterEach(() => world.close());

async function run(
  args: readonly string[],
  changes: Readonly<Record<string, string>> = { PUBLIC_URL: botUrl },
) {
  const outcome = await runCli({ ...world.settings, ...changes }, world.folder, args);
  const { GITLAB_TOKEN, GITLAB_WEBHOOK_SECRET, AIC_API_KEY } = world.settings;
  for (const secret of [GITLAB_TOKEN, GITLAB_WEBHOOK_SECRET, AIC_API_KEY])
    expect(outcome.stdout + outcome.stderr).not.toContain(secret);
  return outcome;
}

const init = (...more: readonly string[]) => run(['init', path, ...options, ...more]);

/** What was asked of GitLab that could change something. */
function writes(): readonly string[] {
  return world.gitlab.calls
    .filter(({ method }) => method !== 'GET')
    .map((call) => `${call.method} ${call.path}`);
}

const admin = () => personAt(world.gitlab.url, world.gitlab.admin.token);
const project = `/projects/${encodeURIComponent(path)}`;
const rule = z.object({
  name: z.string(),
  push_access_levels: z.array(z.object({ access_level: z.number() })),
  merge_access_levels: z.array(z.object({ access_level: z.number() })),
});
const hookShape = z.object({
  id: z.number(),
  url: z.string(),
  token_present: z.boolean(),
  push_events: z.boolean(),
  merge_requests_events: z.boolean(),
  note_events: z.boolean(),
  confidential_note_events: z.boolean(),
  resource_access_token_events: z.boolean(),
  tag_push_events: z.boolean(),
});
const hooks = async () => z.array(hookShape).parse(await admin().call('GET', `${project}/hooks`));
const protections = async () => {
  const all = z.array(rule).parse(await admin().call('GET', `${project}/protected_branches`));
  return all.map(
    ({ name, push_access_levels: [push], merge_access_levels: [merge] }) =>
      `${name} ${push?.access_level} ${merge?.access_level}`,
  );
};

describe('init of a project that is not there', () => {
  it('makes it: files, branches, protection and webhook; and a merge through the bot deploys', async () => {
    const bot = await startBotProcess(world.settings, world.folder);
    try {
      const { code, stdout, stderr } = await init('--url', bot.url);
      expect(stderr).toBe('');
      expect(stdout.split('\n')[0]).toBe(`✓ "${path}" is set up, with 7 changes.`);
      expect(code).toBe(0);

      const { gitlab, aic } = world;
      expect(await admin().call('GET', project)).toMatchObject({
        visibility: 'private',
        default_branch: 'main',
      });
      expect(await gitlab.readFile(path, 'main', 'branch_to_workspace.yaml')).toContain('sandbox: PIN DEV');
      expect(await gitlab.readFile(path, 'main', 'README.md')).toContain('/aic deploy');
      for (const file of ['config/.gitkeep', 'code/.gitkeep'])
        expect(await gitlab.readFile(path, 'main', file)).toBe('');
      const main = await gitlab.commitId(path, 'main');
      expect(await gitlab.commitId(path, 'develop')).toBe(main);
      expect(await gitlab.commitId(path, 'sandbox')).toBe(main);
      expect(await admin().call('GET', `${project}/repository/commits`)).toHaveLength(1);
      expect(await protections()).toEqual(['main 40 40', 'develop 40 30', 'sandbox 40 30']);
      expect(await hooks()).toMatchObject([
        {
          url: `${bot.url}/webhooks/gitlab`,
          token_present: true,
          push_events: true,
          merge_requests_events: true,
          note_events: true,
          confidential_note_events: true,
          resource_access_token_events: true,
          tag_push_events: false,
        },
      ]);

      const jane = gitlab.addUser({ username: 'jane', name: 'Jane' });
      gitlab.addMember(path, jane.id, 30);
      const developer = personAt(gitlab.url, jane.token);
      await gitlab.commitFiles(path, 'feature/sales', 'Add', sqlFile('Sales', 'select 1'));
      const request = { source_branch: 'feature/sales', target_branch: 'develop', title: 'Sales' };
      await developer.call('POST', `${project}/merge_requests`, request);
      await developer.call('PUT', `${project}/merge_requests/1/merge`);
      await until(
        'the pipeline',
        () => (aic.pipelines(aicProject, 'PIN QA').includes('Sales') ? true : undefined),
        15_000,
      );
    } finally {
      await bot.end('SIGTERM');
    }
  });

  it('changes nothing when it is run again', async () => {
    await init();
    const before = writes().length;
    const again = await init();
    expect(writes()).toHaveLength(before);
    expect(again.stdout).toContain('needs nothing: all is there already');
    expect(again.stdout).not.toMatch(/^[!✗]/m);
    expect(again.code).toBe(0);
    // Without the options, and without a terminal, just as well: there is nothing to choose.
    expect((await run(['init', path])).code).toBe(0);
    expect(writes()).toHaveLength(before);
  });

  it('writes nothing in a dry run, and tells what it would do', async () => {
    const { code, stdout } = await init('--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain(`Nothing was changed. "${path}" needs 8 changes:`);
    expect(stdout).toContain('create the branch "sandbox" from "main"');
    expect(writes()).toEqual([]);
    await expect(admin().call('GET', project)).rejects.toThrow('404');
    const told = (await init('--dry-run', '--json')).json();
    expect(told).toMatchObject({ ok: true, dryRun: true });
    expect(new Set(told.steps.map(({ status }) => status))).toEqual(new Set(['would']));
  });

  it('prints JSON and nothing else with --json', async () => {
    const { stdout, stderr, json } = await init('--json');
    expect(stderr).toBe('');
    expect(stdout.startsWith('{')).toBe(true);
    expect(json()).toMatchObject({ ok: true, dryRun: false });
    expect(json().steps.map(({ step, status }) => `${step} ${status}`)).toEqual([
      'project done',
      'files done',
      'branch done',
      'branch done',
      'protection there',
      'protection done',
      'protection done',
      'webhook done',
    ]);
  });

  it('reads .env in the folder where it runs', async () => {
    const lines = Object.entries({ ...world.settings, PUBLIC_URL: botUrl }).map(
      ([key, value]) => `${key}='${value}'`,
    );
    const file = join(world.folder, '.env');
    await writeFile(file, lines.join('\n'));
    const { code, stderr } = await runCli({}, world.folder, ['init', path, ...options]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Using .*GITLAB_TOKEN.*GITLAB_URL/);
    expect(stderr).toContain(` from ${file}.\n`);
    for (const value of Object.values(world.settings))
      if (value.length > 5) expect(stderr).not.toContain(value);
  });

  it('names a .env that sends a key of the environment elsewhere, before it is sent', async () => {
    const { GITLAB_URL: _own, ...environment } = world.settings;
    const told =
      /^Using GITLAB_URL from .*\.env\. GITLAB_TOKEN of the environment goes to the GITLAB_URL of that file\./;
    // It answers only once the line is there.
    const stranger = createServer((_request, response) => {
      const isTold = () => (told.test(running.written.stderr) ? true : undefined);
      void until('the line', isTold, 5_000).then(
        () => response.end('{}'),
        () => response.destroy(),
      );
    }).listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const { port } = z.object({ port: z.number() }).parse(stranger.address());
    await writeFile(join(world.folder, '.env'), `GITLAB_URL=http://127.0.0.1:${port}\nNODE_DEBUG=http\n`);
    const running = startCli(environment, world.folder, ['init', path, ...options]);
    const { stderr } = await running.outcome;
    stranger.closeAllConnections();
    stranger.close();
    expect(stderr).toMatch(told);
    expect(stderr).not.toContain(String(port));
  });

  it('gives workspaces that only the QA installation has their environment', async () => {
    const qa = await startAic({ apiKey: 'aic-qa-key' });
    try {
      qa.addProject(aicProject);
      qa.addWorkspace(aicProject, 'PIN ONLY QA');
      const settings = { AIC_QA_URL: `${qa.url}/apis/core/v1`, AIC_QA_API_KEY: 'aic-qa-key' };
      const wishes = ['--main', 'PIN PROD', '--develop', 'PIN ONLY QA', '--sandbox', 'PIN DEV'];
      await run(['init', path, ...wishes], { ...settings, AIC_PROJECT: aicProject });
      expect(await world.gitlab.readFile(path, 'main', 'branch_to_workspace.yaml')).toContain(
        'workspaces:\n  PIN ONLY QA:\n    environment: qa\n',
      );
    } finally {
      await qa.close();
    }
  });
});

describe('init of a project that is there', () => {
  const mapping = 'mapping:\n  main: PIN PROD\n  dev: PIN QA\naic: { project: PIN ANALYTICS }\n';

  async function addProject(files: Readonly<Record<string, string>>, defaultBranch = 'main') {
    await world.gitlab.addProject(path, { defaultBranch });
    await world.gitlab.commitFiles(path, defaultBranch, 'Begin', files);
  }

  it('adds what is missing and leaves files, protections and other hooks as they are', async () => {
    await addProject({ 'readme.rst': 'Ours\n', 'config/a.json': '{}\n' });
    await world.gitlab.commitFiles(path, 'develop', 'Ours', { 'a.txt': 'a' });
    const develop = await world.gitlab.commitId(path, 'develop');
    await admin().call('POST', `${project}/protected_branches?name=dev*&push_access_level=30`);
    const own = {
      url: `${botUrl}/webhooks/gitlab/`,
      token: 'kept',
      push_events: true,
      tag_push_events: true,
    };
    await admin().call('POST', `${project}/hooks`, { url: 'https://other.example.com/webhooks/gitlab' });
    await admin().call('POST', `${project}/hooks`, own);

    const { code, stdout } = await init();
    expect(code).toBe(0);
    expect(stdout).toContain('added "code/.gitkeep", "branch_to_workspace.yaml" to "main"');
    expect(await world.gitlab.readFile(path, 'main', 'readme.rst')).toBe('Ours\n');
    expect(await world.gitlab.readFile(path, 'main', 'README.md')).toBeUndefined();
    expect(await world.gitlab.commitId(path, 'develop')).toBe(develop);
    expect(await protections()).toEqual(['main 40 40', 'dev* 30 40', 'sandbox 40 30']);
    const [other, completed] = await hooks();
    expect(other).toMatchObject({ merge_requests_events: false });
    expect(completed).toMatchObject({
      url: own.url,
      token_present: true,
      merge_requests_events: true,
      note_events: true,
      tag_push_events: true,
    });
    expect(await hooks()).toHaveLength(2);
  });

  it('keeps a mapping, whatever the options say, and makes the branches that it names', async () => {
    await addProject({ 'branch_to_workspace.yaml': mapping });
    const { code, stdout } = await init();
    expect(code).toBe(0);
    expect(await world.gitlab.readFile(path, 'main', 'branch_to_workspace.yaml')).toBe(mapping);
    expect(await world.gitlab.commitId(path, 'dev')).toBeDefined();
    expect(await world.gitlab.commitId(path, 'sandbox')).toBeUndefined();
    expect(stdout).toMatch(/^! mapping .* left as it is/m);
  });

  it('makes no branch from a mapping with mistakes', async () => {
    await addProject({ 'branch_to_workspace.yaml': 'maping: {}\n' });
    const { code, stdout } = await init();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^! mapping .* has mistakes/m);
    expect(await world.gitlab.commitId(path, 'develop')).toBeUndefined();
  });

  it('takes a default branch of another name for production', async () => {
    await addProject({ 'a.txt': 'a' }, 'trunk');
    expect((await init()).code).toBe(0);
    const written = await world.gitlab.readFile(path, 'trunk', 'branch_to_workspace.yaml');
    expect(written).toContain('trunk: PIN PROD');
    expect(written).toContain('production: trunk');
  });

  it('fills a repository that is still empty', async () => {
    await world.gitlab.addProject(path);
    expect((await init()).code).toBe(0);
    expect(await world.gitlab.readFile(path, 'main', 'branch_to_workspace.yaml')).toBeDefined();
  });
});

describe('init without the address or a secret', () => {
  it('does the rest and says what is missing for the webhook', async () => {
    const { code, stdout } = await run(['init', path, ...options], {});
    expect(code).toBe(0);
    expect(stdout).toMatch(/^! webhook .*the address of the bot is not known/m);
    const secretless = await run(['init', path], { PUBLIC_URL: botUrl, GITLAB_WEBHOOK_SECRET: '' });
    expect(secretless.stdout).toMatch(/^! webhook .*there is no secret/m);
    expect(await hooks()).toEqual([]);
  });

  it('works without a key of AIC, and says that names were not compared', async () => {
    const { code, stdout } = await run(['init', path, ...options], { AIC_API_KEY: '', AIC_QA_API_KEY: '' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^! workspaces .*"AIC_API_KEY" is not set/m);
  });

  it('warns of a project that the bot does not serve', async () => {
    const { stdout } = await run(['init', path, ...options], { GITLAB_PROJECTS: 'other/**' });
    expect(stdout).toContain('"GITLAB_PROJECTS" does not name it');
  });

  it('proposes the grants that the project lacks, of a new mapping and of one that was there', async () => {
    const settings = { AIC_WORKSPACES: `pin/other=${aicProject}/*` };
    const wanted = ['PIN PROD', 'PIN QA', 'PIN DEV'];
    for (const args of [options, []]) {
      const { code, stdout } = await run(['init', path, ...args], settings);
      expect(code).toBe(0);
      expect(stdout).toMatch(
        /^! claims .*No grant lets "pin\/data\/pipelines" use "PIN PROD", "PIN QA", "PIN DEV"/m,
      );
      for (const workspace of wanted) expect(stdout).toContain(`${path}=${aicProject}/${workspace}`);
    }
  });

  it('proposes them, too, where nothing is granted yet, and not where all is', async () => {
    const none = await run(['init', path, ...options, '--dry-run'], { AIC_WORKSPACES: '' });
    expect(none.stdout).toContain(
      `add to "AIC_WORKSPACES", after a semicolon: "${path}=${aicProject}/PIN PROD; `,
    );
    const alone = { AIC_WORKSPACES: '', GITLAB_PROJECTS: path, AIC_PROJECT: aicProject };
    expect((await run(['init', path, ...options, '--dry-run'], alone)).stdout).not.toContain('claims');
    const another = { ...alone, GITLAB_PROJECTS: 'pin/other' };
    expect((await run(['init', path, ...options, '--dry-run'], another)).stdout).toContain(
      `set "AIC_WORKSPACES" to "pin/other=${aicProject}/*; ${path}=${aicProject}/PIN PROD; `,
    );
  });

  it('suggests no names but those that the project may use, where it has grants', async () => {
    const wishes = ['--main', 'PIN PROT', '--develop', 'PIN QA', '--sandbox', 'PIN DEV'];
    const wished = ['init', path, ...wishes, '--aic-project', aicProject];
    const few = await run(wished, { AIC_WORKSPACES: `${path}=${aicProject}/PIN QA` });
    expect(few.code).toBe(1);
    expect(few.stdout).toContain('has no workspace named "PIN PROT"');
    expect(few.stdout).not.toContain('PIN PROD');
    const all = await run(wished, { AIC_WORKSPACES: `${path}=${aicProject}/*` });
    expect(all.stdout).toContain('Did you mean "PIN PROD"?');
  });

  it('signs where GitLab can', async () => {
    const GITLAB_SIGNING_TOKEN = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
    const { stdout } = await run(['init', path, ...options], { PUBLIC_URL: botUrl, GITLAB_SIGNING_TOKEN });
    expect(await admin().call('GET', `${project}/hooks`)).toMatchObject([{ signing_token_present: true }]);
    expect(stdout).not.toContain(GITLAB_SIGNING_TOKEN);
  });
});

describe('a GitLab that cannot sign webhooks', () => {
  it('is told of, because the bot would refuse all that it sends', async () => {
    const GITLAB_SIGNING_TOKEN = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
    const body = JSON.stringify({ id: 1, url: `${botUrl}/webhooks/gitlab`, push_events: true });
    const older = {
      kind: 'status',
      status: 201,
      body,
      headers: { 'content-type': 'application/json' },
    } as const;
    world.gitlab.inject({ method: 'POST', path: /\/hooks$/, fault: older });
    const { stdout } = await run(['init', path, ...options], { PUBLIC_URL: botUrl, GITLAB_SIGNING_TOKEN });
    expect(stdout).toMatch(/^! webhook .*does not sign webhooks/m);
    expect(stdout).toContain('Remove "GITLAB_SIGNING_TOKEN"');
  });
});

describe('init refuses', () => {
  const refusals: {
    readonly what: string;
    readonly args: readonly string[];
    readonly changes?: Readonly<Record<string, string>>;
    readonly says: readonly string[];
  }[] = [
    {
      what: 'a group that is not there',
      args: ['pin/other/pipelines', ...options],
      says: ['There is no group "pin/other" in GitLab', 'create the group in GitLab'],
    },
    {
      what: 'to guess workspaces without a terminal',
      args: [path, '--develop', 'PIN QA'],
      says: [
        'there is no terminal to ask at',
        'Pass --main "WORKSPACE" --sandbox "WORKSPACE" --aic-project "PROJECT".',
      ],
    },
    {
      what: 'workspaces that AIC does not have, all at once and with the nearest',
      args: [
        path,
        '--main',
        'PIN PROT',
        '--develop',
        'PIN QA',
        '--sandbox',
        'NONE',
        '--aic-project',
        aicProject,
      ],
      says: ['no workspace named "PIN PROT"', 'Did you mean "PIN PROD"', 'no workspace named "NONE"'],
    },
    {
      what: 'one workspace for two branches',
      args: [
        path,
        '--main',
        'PIN QA',
        '--develop',
        'PIN QA',
        '--sandbox',
        'PIN DEV',
        '--aic-project',
        aicProject,
      ],
      says: ['"PIN QA" is named for "main" and for "develop"', 'a workspace of its own'],
    },
    {
      what: 'an AIC project that is not there',
      args: [path, ...names, '--aic-project', 'PIN ANALYTIC'],
      says: ['no project named "PIN ANALYTIC"', 'Did you mean "PIN ANALYTICS"', '--aic-project'],
    },
    {
      what: 'missing settings, all at once',
      args: [path, ...options],
      changes: { GITLAB_URL: '', GITLAB_TOKEN: '', AIC_URL: 'no address' },
      says: ['GITLAB_URL is not set', 'GITLAB_TOKEN is not set', 'AIC_URL is not an http'],
    },
    {
      what: 'a token that GitLab does not know',
      args: [path, ...options],
      changes: { GITLAB_TOKEN: 'glpat-of-somebody-else' },
      says: ['GitLab answered "401', 'Check "GITLAB_TOKEN"'],
    },
    {
      what: 'a GitLab that does not answer',
      args: [path, ...options],
      changes: { GITLAB_URL: 'http://127.0.0.1:1' },
      says: ['GitLab gave no usable answer', 'GITLAB_URL'],
    },
  ];
  it.each(refusals)('$what', async ({ args, changes, says }) => {
    const outcome = await run(['init', ...args], changes);
    for (const said of says) expect(outcome.stdout).toContain(said);
    expect(outcome.code).toBe(1);
    expect(writes()).toEqual([]);
    const { json } = await run(['init', ...args, '--json'], changes);
    expect(json().ok).toBe(false);
    expect(json().obstacles.length).toBeGreaterThan(0);
  });

  it('a token without the rights, naming the step', async () => {
    world.gitlab.addGroupMember('pin', world.bot.id, 20);
    const inGroup = await init();
    expect(inGroup.code).toBe(1);
    expect(inGroup.stdout).toMatch(/^✗ project .*could not create the private project/m);
    expect(inGroup.stdout).toContain('the role Maintainer in the group "pin/data"');
    expect(inGroup.stdout).toMatch(/^· files .*not begun/m);

    await world.gitlab.addProject(path);
    world.gitlab.addMember(path, world.bot.id, 30);
    const inProject = await init();
    expect(inProject.code).toBe(1);
    expect(inProject.stdout).toContain('could not see which branches are protected');
    expect(inProject.stdout).toContain('the role Maintainer');
  });

  it('to go on after a step that failed, and goes on when run again', async () => {
    const denied = { kind: 'status', status: 403, body: '{"message":"403 Forbidden"}' } as const;
    world.gitlab.inject({ method: 'POST', path: /protected_branches/, times: 1, fault: denied });
    const first = await init();
    expect(first.code).toBe(1);
    expect(first.stdout.split('\n')[0]).toContain('a step failed');
    expect(first.stdout).toMatch(/^✗ protection .*could not protect "main".*403/m);
    expect(first.stdout).toMatch(/^· webhook .*not begun/m);
    const second = await init();
    expect(second.code).toBe(0);
    expect(await hooks()).toHaveLength(1);
  });
});

describe('wrong usage', () => {
  it.each([
    [[], 'Usage: aic-bot'],
    [['init'], "missing required argument 'project'"],
    [['init', 'pipelines'], 'Write it as group/project'],
    [['init', 'https://gitlab.example.com/pin/data'], 'Write it as group/project'],
    [['init', path, '--url', 'bot.example.com'], 'https://bot.example.com'],
    [['init', path, '--colour'], "unknown option '--colour'"],
    [['inti', path], "unknown command 'inti'"],
    [['doctor', path, 'more'], 'too many arguments'],
  ])('%j ends with 2, and says why on standard error', async (args, said) => {
    const { code, stdout, stderr } = await run([...args]);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(said);
  });

  it('is none to ask for help', async () => {
    const { code, stdout } = await run(['init', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('--sandbox <workspace>');
  });
});
