import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startAic, type AicServer } from '../../demo/aic/server.ts';

const content = { stages: [], variables: [], sourceStage: {}, sinkStage: {} };
let aic: AicServer;
let workspace: string;

beforeEach(async () => {
  aic = await startAic({ apiKey: 'secret' });
  const project = aic.addProject('ANALYTICS').id;
  workspace = `/projects/${project}/workspaces/${aic.addWorkspace('ANALYTICS', 'FUSION').id}`;
});

afterEach(() => aic.close());

function call(method: string, path: string, body?: string | object, type?: string): Promise<Response> {
  const contentType = type ?? (typeof body === 'object' ? 'application/json' : undefined);
  return fetch(`${aic.url}/apis/core/v1${workspace}${path}`, {
    method,
    headers: {
      'api-key': 'secret',
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    },
    ...(body === undefined
      ? {}
      : { body: typeof body === 'string' ? new TextEncoder().encode(body) : JSON.stringify(body) }),
  });
}

async function answer(answering: Promise<Response>): Promise<unknown> {
  const response = await answering;
  const body: { readonly message?: string } = await response.json();
  return response.ok ? body : { status: response.status, message: body.message };
}

describe('interactive branches', () => {
  it('are made, listed and deleted, each pipeline having its own', async () => {
    const { id } = aic.putPipeline('ANALYTICS', 'FUSION', 'sales', content);
    const other = aic.putPipeline('ANALYTICS', 'FUSION', 'stock', content).id;
    const config = { $id: id, title: 'sales', ...content };
    const made = await call('PUT', `/interactive-pipeline/${id}/branches`, { name: 'PUSH_1', config });
    expect(made.status).toBe(204);
    const [branch] = aic.branches('ANALYTICS', 'FUSION', 'sales');
    expect(branch).toMatchObject({ name: 'PUSH_1', config: JSON.stringify(config) });
    expect(await answer(call('GET', `/interactive-pipeline/${id}/branches`))).toEqual([
      { $id: branch?.id, name: 'PUSH_1' },
    ]);
    expect(await answer(call('GET', `/interactive-pipeline/${other}/branches`))).toEqual([]);
    expect((await call('DELETE', `/interactive-pipeline/${other}/branches/${branch?.id}`)).status).toBe(404);
    expect((await call('DELETE', `/interactive-pipeline/${id}/branches/${branch?.id}`)).status).toBe(204);
    expect(aic.branches('ANALYTICS', 'FUSION', 'sales')).toEqual([]);
    // What the server keeps besides the config is no part of a pipeline.
    expect(aic.pipeline('ANALYTICS', 'FUSION', 'sales')).not.toHaveProperty('branches');
  });

  it('refuse a second one of a name, a foreign config and an incomplete request', async () => {
    const { id } = aic.putPipeline('ANALYTICS', 'FUSION', 'sales', content);
    aic.addBranch('ANALYTICS', 'FUSION', 'sales', 'PUSH_1');
    const config = { $id: id, title: 'sales', ...content };
    const put = (body: object) => answer(call('PUT', `/interactive-pipeline/${id}/branches`, body));
    expect(await put({ name: 'PUSH_1', config })).toMatchObject({ status: 409 });
    expect(await put({ name: 'PUSH_2', config: { ...config, $id: 'another' } })).toEqual({
      status: 400,
      message: '"config.$id" must be the id of the pipeline',
    });
    expect(await put({ name: 'PUSH_2', config: { $id: id, title: 'sales' } })).toMatchObject({
      message: expect.stringContaining('"config.stages"'),
    });
    expect(await put({ config })).toEqual({ status: 400, message: '"name" is required' });
    expect(await put({ name: '', config })).toMatchObject({ status: 400 });
    expect(await answer(call('PUT', '/interactive-pipeline/none/branches', { name: 'a', config }))).toEqual({
      status: 404,
      message: 'Job not found',
    });
    expect(aic.branches('ANALYTICS', 'FUSION', 'sales')).toHaveLength(1);
  });
});

it('datasets and their tables are listed', async () => {
  const { id } = aic.addDataset('ANALYTICS', 'FUSION', 'SALES');
  const table = aic.addTable('ANALYTICS', 'FUSION', 'SALES', 'orders').id;
  expect(await answer(call('GET', '/datasets'))).toEqual([{ $id: id, name: 'SALES' }]);
  expect(await answer(call('GET', `/datasets/${id}/tables`))).toMatchObject([{ $id: table, name: 'orders' }]);
  expect(await answer(call('GET', '/datasets/none/tables'))).toEqual({
    status: 404,
    message: 'Dataset not found',
  });
});

describe('drives', () => {
  const upload = (drive: string, query: string, type?: string) =>
    call('POST', `/drives/${drive}/upload-file?${query}`, 'text', type);

  it('hold folders and files, which can be listed and deleted', async () => {
    const { id } = aic.addDrive('ANALYTICS', 'FUSION', 'Backups');
    expect(await answer(call('GET', '/drives'))).toEqual([{ $id: id, name: 'Backups' }]);
    expect((await call('POST', `/drives/${id}/create-folder`, { path: './20260131' })).status).toBe(201);
    expect((await upload(id, 'path=./20260131&fileName=a%252Fb.json')).status).toBe(201);
    expect((await upload(id, 'path=./20260131&fileName=notes.txt')).status).toBe(201);
    expect(aic.driveFiles('ANALYTICS', 'FUSION', 'Backups')).toEqual([
      '20260131/a%2Fb.json',
      '20260131/notes.txt',
    ]);
    expect(aic.driveFile('ANALYTICS', 'FUSION', 'Backups', '20260131/notes.txt')).toBe('text');
    const listed = await answer(call('GET', `/drives/${id}/files?path=./20260131&filePattern=*.json`));
    expect(listed).toMatchObject({ items: [{ gsPath: `gs://${id}/20260131/a%2Fb.json` }] });
    const fileIds = [`gs://${id}/20260131/a%2Fb.json`];
    expect((await call('POST', `/drives/${id}/delete-files`, { fileIds })).status).toBe(200);
    expect(aic.driveFiles('ANALYTICS', 'FUSION', 'Backups')).toEqual(['20260131/notes.txt']);
    expect(await answer(call('POST', `/drives/${id}/delete-files`, { fileIds }))).toMatchObject({
      status: 404,
    });
  });

  it('refuse what exists, what has no folder, odd paths and a wrong content type', async () => {
    const { id } = aic.addDrive('ANALYTICS', 'FUSION', 'Backups');
    const folder = (path: unknown) => answer(call('POST', `/drives/${id}/create-folder`, { path }));
    await call('POST', `/drives/${id}/create-folder`, { path: './a' });
    expect(await folder('./a')).toEqual({ status: 409, message: 'The folder "a" already exists' });
    expect(await folder('./b/c')).toMatchObject({ status: 404 });
    for (const path of ['a', '/a', './a/../b', './a//b', '', 7]) {
      expect(await folder(path)).toMatchObject({ status: 400 });
    }
    await upload(id, 'path=./a&fileName=f');
    expect(await answer(upload(id, 'path=./a&fileName=f'))).toMatchObject({ status: 409 });
    expect(await answer(upload(id, 'path=./b&fileName=f'))).toMatchObject({ status: 404 });
    expect(await answer(upload(id, 'path=./a&fileName=a%2Fb'))).toMatchObject({ status: 400 });
    expect(await answer(upload(id, 'path=./a&fileName=g', 'application/json'))).toMatchObject({
      status: 415,
    });
    expect(await answer(upload('none', 'path=./a&fileName=g'))).toMatchObject({ status: 404 });
    expect(await answer(call('GET', `/drives/${id}/files?path=./a`))).toMatchObject({ status: 400 });
    expect(aic.driveFiles('ANALYTICS', 'FUSION', 'Backups')).toEqual(['a/f']);
  });

  it('overwrite when they were made to', async () => {
    const { id } = aic.addDrive('ANALYTICS', 'FUSION', 'Backups', { overwrites: true });
    await upload(id, 'path=.&fileName=f');
    expect((await upload(id, 'path=.&fileName=f')).status).toBe(201);
  });
});

it('names of what does not exist are mistakes of the caller', () => {
  expect(() => aic.addTable('ANALYTICS', 'FUSION', 'NONE', 't')).toThrow('no dataset NONE');
  expect(() => aic.driveFiles('ANALYTICS', 'FUSION', 'none')).toThrow('no drive none');
  expect(() => aic.branches('ANALYTICS', 'FUSION', 'none')).toThrow('no pipeline none');
});
