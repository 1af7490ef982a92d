import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { startAic, type AicServer } from '../../../demo/aic/server.ts';
import { neverBreaking } from '../../../src/adapters/http/circuit-breaker.ts';
import { createAic } from '../../../src/adapters/aic/aic.ts';
import { createGitLab } from '../../../src/adapters/gitlab/gitlab.ts';
import { createLog } from '../../../src/adapters/log.ts';
import { openSqlite } from '../../../src/adapters/store/engines/sqlite.ts';
import { createStore } from '../../../src/adapters/store/store.ts';
import type { Workspace } from '../../../src/domain/aic/aic.ts';
import { claimsOf } from '../../../src/domain/mapping/claims.ts';
import type { Grant } from '../../../src/domain/mapping/parse-grants.ts';
import { parseCommand, type Command } from '../../../src/domain/commands/parse-command.ts';
import { parseMapping } from '../../../src/domain/mapping/parse-mapping.ts';
import { workspaceNamed } from '../../../src/domain/mapping/mapping.ts';
import type { Order } from '../../../src/domain/deployment/deploy-request.ts';
import { parseConfig, type Content } from '../../../src/domain/pipeline/config.ts';
import { toMailText } from '../../../src/domain/report/text.ts';
import type { Result } from '../../../src/domain/shared/result.ts';
import { backUp } from '../../../src/handlers/aic/back-up.ts';
import { backUpWorkspace } from '../../../src/handlers/commands/verbs/backup.ts';
import { runBranches } from '../../../src/handlers/commands/verbs/branches.ts';
import type { Asker, CommandContext, Ended } from '../../../src/handlers/commands/command-context.ts';
import { preparePush } from '../../../src/handlers/commands/verbs/push.ts';
import { tellDatasets } from '../../../src/handlers/commands/verbs/datasets.ts';
import { tellTables } from '../../../src/handlers/commands/verbs/tables.ts';
import { preparePlan } from '../../../src/handlers/commands/verbs/plan.ts';
import { createBranches, deleteBranches } from '../../../src/handlers/aic/interactive-branches.ts';
import type { BranchPorts } from '../../../src/handlers/shared/ports.ts';
import { pushWorkspace } from '../../../src/handlers/push/push-workspace.ts';
import { orderDeployment } from '../../../src/handlers/deployment/deploy-on-request.ts';
import { readConfigs } from '../../../src/handlers/aic/read-configs.ts';
import { upsertPipeline } from '../../../src/handlers/aic/upsert-pipeline.ts';
import { mergeRequest, project } from '../../domain/samples.ts';

const aicProject = 'PIN ANALYTICS';
const place = 'PIN QA';
/** In UTC the last second of January, and already February in the east. */
const at = Date.UTC(2026, 0, 31, 23, 59, 59);
const clock = { now: () => at };
const log = createLog({ level: 'silent', clock, mask: (text) => text, write: () => {} });

let server: AicServer;
let stopping: AbortController;
let workspace: Workspace;

const deps = () => ({
  clock,
  stop: stopping.signal,
  mask: (text: string) => text,
  retry: { firstPauseMs: 1, longestPauseMs: 2, totalMs: 50 },
  breaking: neverBreaking,
  timeoutMs: 5_000,
});

function connected() {
  const url = new URL(`${server.url}/apis/core/v1`);
  return createAic({
    ...deps(),
    hosts: new Map([['prod', { url, key: server.apiKey }]]),
    concurrency: 8,
  })(log);
}

function valueOf<Value>(result: Result<Value, unknown>): Value {
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value;
}

function content(text: string): Content {
  return valueOf(parseConfig(text));
}

function setPipeline(name: string, n = 1): void {
  server.putPipeline(aicProject, place, name, {
    stages: [{ n }],
    variables: [],
    sourceStage: {},
    sinkStage: {},
  });
}

beforeEach(async () => {
  stopping = new AbortController();
  server = await startAic();
  server.addProject(aicProject);
  server.addWorkspace(aicProject, place);
  workspace = valueOf(await connected().workspace({ environment: 'prod', aicProject, workspace: place }));
});

afterEach(() => server.close());

describe('upserting', () => {
  const wanted = content('{"stages":[{"n":2}]}');

  test('creates what is not there and updates what is, by the id of this workspace', async () => {
    const created = valueOf(await upsertPipeline(workspace, 'sales', wanted));
    expect(created.kind).toBe('created');
    const updated = valueOf(await upsertPipeline(workspace, 'sales', content('{"stages":[{"n":3}]}')));
    expect(updated).toEqual({ kind: 'updated', id: created.id });
    expect(server.pipeline(aicProject, place, 'sales')?.stages).toEqual([{ n: 3 }]);
    expect(server.writes.map(({ kind }) => kind)).toEqual(['create', 'update']);
  });

  test('turns a conflict into an update of what appeared meanwhile', async () => {
    server.inject({ path: /\/jobs$/, times: 1, fault: { kind: 'status', status: 200, body: '{"jobs":[]}' } });
    setPipeline('sales');
    expect(valueOf(await upsertPipeline(workspace, 'sales', wanted)).kind).toBe('updated');
    expect(server.pipeline(aicProject, place, 'sales')?.stages).toEqual([{ n: 2 }]);
    expect(server.pipelines(aicProject, place)).toEqual(['sales']);
  });

  test('makes one pipeline though the answer is lost', async () => {
    server.inject({ method: 'POST', times: 1, fault: { kind: 'status-after-work', status: 502 } });
    valueOf(await upsertPipeline(workspace, 'sales', wanted));
    expect(server.pipelines(aicProject, place)).toEqual(['sales']);
  });

  test('touches none of several pipelines of one title', async () => {
    setPipeline('sales');
    server.addPipeline(aicProject, place, 'sales', {});
    expect(await upsertPipeline(workspace, 'sales', wanted)).toEqual({
      ok: false,
      failure: { kind: 'ambiguous-title', count: 2 },
    });
    expect(server.writes).toEqual([]);
  });
});

describe('reading configs', () => {
  test('of a hundred pipelines runs side by side, and gives them in the order of their names', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `p${String(index).padStart(3, '0')}`);
    for (const name of names.toReversed()) setPipeline(name);
    server.setLatency(10);
    const { pulled } = valueOf(await readConfigs(workspace, []));
    expect(pulled.map(({ name }) => name)).toEqual(names);
    const [first, last] = [server.calls.at(-100), server.calls.at(-1)];
    if (first === undefined || last === undefined) throw new Error('no calls');
    expect(last.at).toBeLessThan(first.at + 100 * first.ms);
  });

  test('names each one that is not there, with the nearest, and asks for none', async () => {
    setPipeline('orders');
    const before = server.calls.length;
    expect(await readConfigs(workspace, ['ordres', 'orders', 'nothing like it'])).toEqual({
      ok: false,
      failure: {
        kind: 'unknown-pipelines',
        unknown: [
          { name: 'ordres', nearest: ['orders'] },
          { name: 'nothing like it', nearest: [] },
        ],
      },
    });
    expect(server.calls.length - before).toBe(1);
  });
});

describe('what is dated', () => {
  test('is dated by UTC: the folder of a backup and the name of an interactive branch', async () => {
    server.addDrive(aicProject, place, 'Backups');
    setPipeline('sales');
    const backup = valueOf(await backUp(workspace, { pipelines: [], drive: 'backups', at }));
    expect(backup).toEqual({
      drive: 'Backups',
      folder: '20260131',
      items: [{ pipeline: 'sales', kind: 'stored', file: 'sales.json' }],
    });
    const again = valueOf(await backUp(workspace, { pipelines: [], drive: 'backups', at }));
    expect(again.items).toEqual([{ pipeline: 'sales', kind: 'stored', file: 'sales.235959.json' }]);
    valueOf(await createBranches(workspace, { pipelines: ['sales'], at }));
    expect(server.branches(aicProject, place, 'sales').map(({ name }) => name)).toEqual([
      'PUSH_20260131235959',
    ]);
  });

  test('is made once however often it is done in one second', async () => {
    setPipeline('sales');
    valueOf(await createBranches(workspace, { pipelines: ['sales'], at }));
    const [item] = valueOf(await createBranches(workspace, { pipelines: ['sales'], at }));
    expect(item).toEqual({ pipeline: 'sales', branches: ['PUSH_20260131235959'], failure: undefined });
    expect(server.branches(aicProject, place, 'sales')).toHaveLength(1);
  });
});

test('creating and deleting branches of no pipeline does nothing, never everything', async () => {
  setPipeline('sales');
  server.addBranch(aicProject, place, 'sales', 'by hand');
  const before = server.calls.length;
  expect(await deleteBranches(workspace, [])).toEqual({ ok: true, value: [] });
  expect(await createBranches(workspace, { pipelines: [], at })).toEqual({ ok: true, value: [] });
  expect(server.calls.length).toBe(before);
  expect(server.branches(aicProject, place, 'sales')).toHaveLength(1);
});

/** The workspaces that AIC was asked for on behalf of a project. */
let asked: string[] = [];
beforeEach(() => {
  asked = [];
});

/** Somebody at a terminal: without an account in GitLab, a thread or a merge request. */
const operator: Asker = { username: 'ops', name: 'Operator', id: undefined };

async function asOperator(
  run: (context: CommandContext) => Promise<Ended>,
  granted: readonly Grant[] = [{ projects: project.path, aicProject, workspaces: '*' }],
): Promise<Ended> {
  const db = await openSqlite('file::memory:');
  const store = createStore(db, clock, () => {});
  const mapping = valueOf(parseMapping(`mapping: { develop: ${place} }\naic: { project: ${aicProject} }\n`));
  const gitlab = createGitLab({ ...deps(), url: new URL('http://127.0.0.1:9'), token: 'glpat-none' })(log);
  const settings = {
    serves: () => true,
    aicProject: undefined,
    claims: claimsOf(granted),
    itemsAtOnce: 8,
    mailTo: [],
    mailHost: 'example.com',
    commandMaxAgeMs: 1,
  };
  const aic: BranchPorts['aic'] = {
    workspace: (claimed) => {
      asked.push(claimed.workspace);
      return connected().workspace(claimed);
    },
  };
  const ports = { gitlab, aic, store, jobs: store, log, clock, random: () => 0, nonce: () => 'n', settings };
  try {
    return await run({
      ports,
      project,
      mapping,
      asker: operator,
      request: 'cli:1',
      deliveries: [],
      place: undefined,
      on: undefined,
    });
  } finally {
    await db.destroy();
  }
}

function planOf(branch: string | undefined): Command {
  const options = branch === undefined ? {} : { branch };
  return { verb: 'plan', subject: undefined, pipelines: [], options, words: new Set() };
}

const everything: Order = {
  kind: 'deploy',
  pipelines: [],
  force: false,
  reason: undefined,
  request: 'cli:1',
  by: 'ops',
  byId: undefined,
  deliveries: [],
  place: undefined,
};

const target = ({ mapping }: CommandContext) => workspaceNamed(mapping, place);

function textOf(ended: Ended): string {
  return ended.kind === 'stopped' ? 'stopped' : toMailText(ended.report);
}

test('a push on a merge request from a fork goes to no branch of the same name here', async () => {
  const parsed = parseCommand('/aic push');
  if (!parsed.ok) throw new Error(parsed.failure.kind);
  const on = { ...mergeRequest(1), source: 'hotfix/theirs', fromFork: true };
  const ended = await asOperator((context) => preparePush({ ...context, on }, parsed.value).run());
  expect(textOf(ended)).toContain('it is not clear which workspace to push');
});

describe('an operator', () => {
  beforeEach(() => {
    setPipeline('sales');
    server.addDrive(aicProject, place, 'Backups');
    server.addDataset(aicProject, place, 'SALES');
    server.addTable(aicProject, place, 'SALES', 'orders');
  });

  test('backs up, and looks at branches, datasets and tables, with the code of the comments', async () => {
    const backup = await asOperator((context) =>
      backUpWorkspace(context, target(context), { pipelines: ['sales'], drive: 'backups' }),
    );
    expect(textOf(backup)).toContain('Backed up 1 pipeline of "PIN QA"');
    expect(textOf(backup)).toContain('by "ops"');
    const branches = await asOperator((context) =>
      runBranches(context, target(context), { action: 'create', pipelines: ['sales'] }),
    );
    expect(textOf(branches)).toContain('Created 1 interactive branch in "PIN QA"');
    const datasets = await asOperator((context) => tellDatasets(context, target(context)));
    expect(textOf(datasets)).toContain('- SALES – ');
    const tables = await asOperator((context) => tellTables(context, target(context), 'SALES'));
    expect(textOf(tables)).toContain('- orders – ');
  });

  test('is told that the bot stopped instead of a failure', async () => {
    stopping.abort();
    for (const run of [
      (context: CommandContext) =>
        backUpWorkspace(context, target(context), { pipelines: [], drive: 'backups' }),
      (context: CommandContext) => runBranches(context, target(context), { action: 'list', pipelines: [] }),
      (context: CommandContext) => tellDatasets(context, target(context)),
      (context: CommandContext) => tellTables(context, target(context), 'SALES'),
      (context: CommandContext) => preparePlan(context, planOf('develop')).run(),
      (context: CommandContext) =>
        preparePlan({ ...context, on: { ...mergeRequest(3), state: 'opened' } }, planOf(undefined)).run(),
      (context: CommandContext) => orderDeployment(context, 'develop', everything),
    ]) {
      expect(await asOperator(run)).toEqual({ kind: 'stopped' });
    }
  });

  test.each<readonly Grant[]>([
    [],
    [{ projects: 'data/others', aicProject, workspaces: '*' }],
    [{ projects: '**', aicProject: 'OTHER', workspaces: '*' }],
    [{ projects: '**', aicProject, workspaces: 'PIN PROD' }],
  ])('is kept out of a workspace by whatever way, without a claim', async (...granted) => {
    for (const run of [
      (context: CommandContext) =>
        backUpWorkspace(context, target(context), { pipelines: [], drive: 'backups' }),
      ...(['create', 'list', 'delete'] as const).map(
        (action) => (context: CommandContext) =>
          runBranches(context, target(context), { action, pipelines: ['sales'] }),
      ),
      (context: CommandContext) => tellDatasets(context, target(context)),
      (context: CommandContext) => tellTables(context, target(context), 'SALES'),
      (context: CommandContext) =>
        pushWorkspace(
          context,
          { workspace: target(context), branch: 'develop', cutFrom: undefined, forced: true },
          { pipelines: [], prune: false },
        ),
    ]) {
      const ended = await asOperator(run, granted);
      expect(textOf(ended)).toContain('This project may not use the workspace "PIN QA"');
    }
    expect(asked).toEqual([]);
  });

  test('is told that no AIC project is named', async () => {
    const ended = await asOperator((context) =>
      tellDatasets({ ...context }, { ...target(context), aicProject: undefined }),
    );
    expect(textOf(ended)).toContain('No AIC project is named');
  });
});
