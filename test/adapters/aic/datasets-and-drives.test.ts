import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startAic, type AicServer } from '../../../demo/aic/server.ts';
import type { Fault } from '../../../demo/http-server.ts';
import { neverBreaking } from '../../../src/adapters/http/circuit-breaker.ts';
import { createAic } from '../../../src/adapters/aic/aic.ts';
import { createLog } from '../../../src/adapters/log.ts';
import type { Aic, Workspace } from '../../../src/domain/aic/aic.ts';
import type { Drive, GsPath } from '../../../src/domain/aic/drives.ts';
import type { PipelineId } from '../../../src/domain/shared/ids.ts';
import type { InteractiveBranchId } from '../../../src/domain/aic/interactive-branches.ts';
import { parseConfig, type Content } from '../../../src/domain/pipeline/config.ts';
import type { Result } from '../../../src/domain/shared/result.ts';
import type { UpstreamFailure } from '../../../src/domain/shared/upstream-failure.ts';

const project = 'PIN ANALYTICS';
const place = 'PIN QA';
const key = 'the-key-of-aic';
const config = '{"stages":[{"n":12345678901234567890}],"variables":[],"sourceStage":{},"sinkStage":{}}';

let server: AicServer;
let aic: Aic;
let workspace: Workspace;
let pipeline: PipelineId;
let drive: Drive;
let content: Content;

function connect(retry = { firstPauseMs: 1, longestPauseMs: 5, totalMs: 300 }, timeoutMs = 5_000): Aic {
  const clock = { now: () => Date.now() };
  const mask = (text: string) => text.replaceAll(key, '[hidden]');
  const url = new URL(`${server.url}/apis/core/v1`);
  return createAic({
    hosts: new Map([['prod', { url, key }]]),
    concurrency: 8,
    clock,
    stop: new AbortController().signal,
    mask,
    retry,
    breaking: neverBreaking,
    timeoutMs,
  })(createLog({ level: 'silent', clock, mask, write: () => {} }));
}

function valueOf<Value>(result: Result<Value, unknown>): Value {
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value;
}

async function workspaceOf(connected: Aic): Promise<Workspace> {
  return valueOf(await connected.workspace({ environment: 'prod', aicProject: project, workspace: place }));
}

beforeEach(async () => {
  server = await startAic({ apiKey: key });
  server.addProject(project);
  server.addWorkspace(project, place);
  pipeline = server.putPipeline(project, place, 'sales', config).id as PipelineId;
  server.addDrive(project, place, 'Backups');
  aic = connect();
  workspace = await workspaceOf(aic);
  drive = valueOf(await workspace.drives())[0] ?? { id: '' as Drive['id'], name: '' };
  content = valueOf(parseConfig(config));
});
afterEach(() => server.close());

const branch = (name = 'PUSH_20260131120000') => ({ name, title: 'sales', content });
const upload = (name: string, text = 'text') => ({
  folder: '.',
  name,
  bytes: new TextEncoder().encode(text),
});
const callsTo = (path: RegExp) => server.calls.filter((call) => path.test(call.path)).length;

describe('lists', () => {
  it('tell projects, and workspaces of a project by its name, each time anew', async () => {
    server.addProject('OTHER');
    expect(valueOf(await aic.projects('prod')).map(({ name }) => name)).toEqual([project, 'OTHER']);
    const names = async () =>
      valueOf(await aic.workspaces({ environment: 'prod', aicProject: project })).map(({ name }) => name);
    expect(await names()).toEqual([place]);
    server.addWorkspace(project, 'PIN DEV');
    expect(await names()).toEqual([place, 'PIN DEV']);
  });

  it('of a project or an environment that is not there are refused by name', async () => {
    expect(await aic.workspaces({ environment: 'prod', aicProject: 'PIN ANALITICS' })).toEqual({
      ok: false,
      failure: { kind: 'unknown-project', wanted: 'PIN ANALITICS', nearest: [project] },
    });
    expect(await aic.projects('qa')).toEqual({ ok: false, failure: { kind: 'no-key', environment: 'qa' } });
    expect(await aic.workspaces({ environment: 'qa', aicProject: project })).toMatchObject({
      failure: { kind: 'no-key' },
    });
  });
});

describe('interactive branches', () => {
  it('hold the config to the last digit, are listed and deleted', async () => {
    expect(await workspace.createBranch(pipeline, branch())).toEqual({ ok: true, value: undefined });
    const [made] = server.branches(project, place, 'sales');
    expect(made?.config).toContain('12345678901234567890');
    expect(JSON.parse(made?.config ?? '')).toMatchObject({ $id: pipeline, title: 'sales' });
    const listed = valueOf(await workspace.branches(pipeline));
    expect(listed).toEqual([{ id: made?.id, name: 'PUSH_20260131120000' }]);
    for (const { id } of listed) valueOf(await workspace.deleteBranch(pipeline, id));
    expect(server.branches(project, place, 'sales')).toEqual([]);
  });

  it.each<Fault>([{ kind: 'status-after-work', status: 502 }, { kind: 'half-body' }])(
    'are made and deleted once, though the answer is lost: %j',
    async (fault) => {
      server.inject({ method: 'PUT', times: 1, fault });
      valueOf(await workspace.createBranch(pipeline, branch()));
      const listed = valueOf(await workspace.branches(pipeline));
      expect(listed).toHaveLength(1);
      server.inject({ method: 'DELETE', times: 1, fault });
      for (const { id } of listed) valueOf(await workspace.deleteBranch(pipeline, id));
      expect(server.branches(project, place, 'sales')).toEqual([]);
    },
  );

  it('of a pipeline that is gone are neither made nor deleted', async () => {
    const gone = 'gone' as PipelineId;
    expect(await workspace.createBranch(gone, branch())).toMatchObject({ failure: { reason: 'missing' } });
    expect(await workspace.deleteBranch(gone, 'b' as InteractiveBranchId)).toMatchObject({
      failure: { reason: 'missing' },
    });
    expect(await workspace.deleteBranch(pipeline, 'b' as InteractiveBranchId)).toMatchObject({ ok: true });
  });

  it('are not said to be made when a conflict was about something else', async () => {
    server.inject({ method: 'PUT', times: 1, fault: { kind: 'status', status: 409 } });
    expect(await workspace.createBranch(pipeline, branch())).toMatchObject({
      failure: { reason: 'conflict' },
    });
  });
});

describe('datasets', () => {
  it('and their tables are listed, without those that have no name', async () => {
    server.addDataset(project, place, 'SALES');
    server.addTable(project, place, 'SALES', 'orders');
    const [dataset] = valueOf(await workspace.datasets());
    expect(dataset?.name).toBe('SALES');
    if (dataset === undefined) return;
    expect(valueOf(await workspace.tables(dataset.id))).toMatchObject([{ name: 'orders' }]);
    const body = '[{"$id":"1"},{"$id":"2","name":null},{"$id":"3","name":"kept"}]';
    server.inject({ path: /datasets$/, times: 1, fault: { kind: 'status', status: 200, body } });
    expect(valueOf(await workspace.datasets())).toEqual([{ id: '3', name: 'kept' }]);
  });
});

describe('drives', () => {
  it('hold folders that can be made again, and files of any bytes and name', async () => {
    valueOf(await workspace.createFolder(drive.id, './20260131'));
    valueOf(await workspace.createFolder(drive.id, './20260131'));
    const names = ['a%2Fb.json', '名前.json', 'weird %7C name & + ?.json', `${'x'.repeat(200)}.json`];
    for (const name of names) {
      valueOf(await workspace.upload(drive.id, { ...upload(name, `of ${name}`), folder: './20260131' }));
    }
    expect(server.driveFiles(project, place, 'Backups')).toEqual(names.map((name) => `20260131/${name}`));
    expect(server.driveFile(project, place, 'Backups', '20260131/名前.json')).toBe('of 名前.json');
    const look = { folder: './20260131', pattern: '*.json' };
    const files = valueOf(await workspace.files(drive.id, look));
    expect(files).toHaveLength(names.length);
    valueOf(await workspace.deleteFiles(drive.id, files));
    expect(valueOf(await workspace.files(drive.id, look))).toEqual([]);
  });

  it('say that a file exists, also when this very call stored it', async () => {
    server.inject({ path: /upload-file$/, times: 1, fault: { kind: 'status-after-work', status: 502 } });
    expect(await workspace.upload(drive.id, upload('f'))).toMatchObject({ failure: { reason: 'conflict' } });
    expect(server.driveFile(project, place, 'Backups', 'f')).toBe('text');
  });

  it('that overwrite take a file twice', async () => {
    server.addDrive(project, place, 'Shared', { overwrites: true });
    const shared = valueOf(await workspace.drives()).find(({ name }) => name === 'Shared');
    if (shared === undefined) throw new Error('The drive is not listed.');
    server.inject({ path: /upload-file$/, times: 1, fault: { kind: 'status-after-work', status: 502 } });
    valueOf(await workspace.upload(shared.id, upload('f', 'first')));
    valueOf(await workspace.upload(shared.id, upload('f', 'second')));
    expect(server.driveFile(project, place, 'Shared', 'f')).toBe('second');
  });

  it('say what is missing', async () => {
    expect(await workspace.files(drive.id, { folder: './no', pattern: '*' })).toMatchObject({
      failure: { reason: 'missing', said: 'Folder not found' },
    });
    expect(await workspace.deleteFiles(drive.id, ['gs://no/file' as GsPath])).toMatchObject({
      failure: { reason: 'missing' },
    });
  });
});

/** Every method, by what it should be: done, whatever the first answer was. */
const methods: readonly (readonly [string, RegExp, () => Promise<Result<unknown, unknown>>])[] = [
  ['projects', /\/projects$/, () => aic.projects('prod')],
  ['workspaces', /\/workspaces$/, () => aic.workspaces({ environment: 'prod', aicProject: project })],
  ['pipelines', /\/jobs$/, () => workspace.pipelines()],
  ['read', /\/jobs\//, () => workspace.read(pipeline)],
  ['create', /\/jobs$/, () => workspace.create('new', content)],
  ['update', /\/jobs\//, () => workspace.update(pipeline, 'sales', content)],
  ['branches', /\/branches$/, () => workspace.branches(pipeline)],
  ['createBranch', /\/branches$/, () => workspace.createBranch(pipeline, branch())],
  [
    'deleteBranch',
    /\/branches\//,
    () => {
      const { id } = server.addBranch(project, place, 'sales', 'by hand');
      return workspace.deleteBranch(pipeline, id as InteractiveBranchId);
    },
  ],
  ['datasets', /\/datasets$/, () => workspace.datasets()],
  [
    'tables',
    /\/tables$/,
    async () => {
      server.addDataset(project, place, 'SALES');
      const [dataset] = valueOf(await workspace.datasets());
      return workspace.tables(dataset?.id ?? ('' as never));
    },
  ],
  ['drives', /\/drives$/, () => workspace.drives()],
  ['createFolder', /\/create-folder$/, () => workspace.createFolder(drive.id, './a')],
  ['upload', /\/upload-file$/, () => workspace.upload(drive.id, upload('f'))],
  ['files', /\/files$/, () => workspace.files(drive.id, { folder: '.', pattern: '*' })],
  [
    'deleteFiles',
    /\/delete-files$/,
    async () => {
      valueOf(await workspace.upload(drive.id, upload('old')));
      return workspace.deleteFiles(drive.id, [`gs://${drive.id}/old` as GsPath]);
    },
  ],
];

const passing: readonly Fault[] = [
  { kind: 'status', status: 429, headers: { 'retry-after': '0' } },
  { kind: 'status', status: 500, body: 'internal' },
  { kind: 'status', status: 503 },
  { kind: 'reset' },
  { kind: 'wrong-json' },
  { kind: 'html' },
];

/** The upstream failure in what a method failed with, whichever way it tells it. */
function upstreamIn(result: Result<unknown, unknown>): UpstreamFailure {
  if (result.ok) throw new Error('It did not fail.');
  const failure = result.failure as UpstreamFailure | { readonly failure: UpstreamFailure };
  return 'failure' in failure ? failure.failure : failure;
}

describe.each(methods)('%s', (_name, path, call) => {
  it.each(passing)('is tried again after %j', async (fault) => {
    server.inject({ path, times: 1, fault });
    expect(await call()).toMatchObject({ ok: true });
  });

  it('is given up when nothing is answered in time', async () => {
    aic = connect({ firstPauseMs: 1, longestPauseMs: 1, totalMs: 60 }, 150);
    workspace = await workspaceOf(aic);
    server.inject({ path, fault: { kind: 'hang' } });
    const failure = upstreamIn(await call());
    expect(failure).toMatchObject({ system: 'AIC', reason: 'passing', status: undefined });
  });

  it.each([
    [401, 'denied'],
    [403, 'denied'],
    [404, 'missing'],
    [400, 'refused'],
  ])('tells a %d as %s, in AIC’s words and without the key, and asks no more', async (status, reason) => {
    const body = JSON.stringify({ message: `not with ${key}` });
    const remove = server.inject({ path, fault: { kind: 'status', status, body } });
    // Looking a branch up anew is how a 404 of its deletion is told from its being gone.
    const before = callsTo(path);
    const failure = upstreamIn(await call());
    expect(failure).toMatchObject({ system: 'AIC', reason, status, said: 'not with [hidden]' });
    expect(callsTo(path) - before).toBe(1);
    remove();
  });
});

it('a call waits as long as a 429 asks', async () => {
  aic = connect({ firstPauseMs: 1, longestPauseMs: 5, totalMs: 3_000 });
  workspace = await workspaceOf(aic);
  const busy = { kind: 'status', status: 429, headers: { 'retry-after': '1' } } as const;
  server.inject({ path: /upload-file$/, times: 1, fault: busy });
  const begun = Date.now();
  valueOf(await workspace.upload(drive.id, upload('f')));
  expect(Date.now() - begun).toBeGreaterThanOrEqual(950);
});
