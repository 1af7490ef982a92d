import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseLossless } from '../../demo/aic/lossless-json.ts';
import { startAic, type AicServer } from '../../demo/aic/server.ts';

const task = { id: 't1', type: 'SQL', description: '', config: { query: 'select 1' } };
const stage = (id: string): object => ({ stageId: id, description: '', tasks: [task] });
const content = {
  stages: [stage('middle')],
  variables: [{ id: 'QA', value: 'True' }],
  sourceStage: stage('source'),
  sinkStage: stage('sink'),
};

let aic: AicServer;
let project: string;
let workspace: string;
let jobs: string;

beforeEach(async () => {
  aic = await startAic({ apiKey: 'secret' });
  project = aic.addProject('ANALYTICS').id;
  workspace = aic.addWorkspace('ANALYTICS', 'FUSION').id;
  jobs = `/projects/${project}/workspaces/${workspace}/jobs`;
});

afterEach(() => aic.close());

/** A call with the right headers; a body that is no text is sent as JSON. */
function call(method: string, path: string, body?: unknown, headers = {}): Promise<Response> {
  return fetch(`${aic.url}/apis/core/v1${path}`, {
    method,
    headers: {
      accept: '*/*',
      'api-key': 'secret',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

async function refusal(answer: Promise<Response>): Promise<{ status: number; message: string }> {
  const response = await answer;
  expect(response.headers.get('content-type')).toContain('application/json');
  const body: { message: string } = await response.json();
  return { status: response.status, message: body.message };
}

test('refuses a call without a key or with a wrong one', async () => {
  const wrong = { status: 401, message: 'Invalid or missing API key' };
  expect(await refusal(fetch(`${aic.url}/apis/core/v1/projects`))).toEqual(wrong);
  expect(await refusal(call('GET', '/projects', undefined, { 'api-key': 'Secret' }))).toEqual(wrong);
  expect(await refusal(call('POST', jobs, { title: 'p', ...content }, { 'api-key': '' }))).toEqual(wrong);
  expect(await refusal(call('GET', '/nowhere', undefined, { 'api-key': '' }))).toEqual(wrong);
  expect(aic.pipelines('ANALYTICS', 'FUSION')).toEqual([]);
});

test('lists projects and workspaces with their ids', async () => {
  const other = aic.addProject('OTHER').id;
  const qa = aic.addWorkspace('ANALYTICS', 'FUSION QA').id;
  expect(await (await call('GET', '/projects')).json()).toEqual([
    { $id: project, name: 'ANALYTICS' },
    { $id: other, name: 'OTHER' },
  ]);
  expect(await (await call('GET', `/projects/${project}/workspaces`)).json()).toMatchObject([
    { $id: workspace, name: 'FUSION' },
    { $id: qa, name: 'FUSION QA' },
  ]);
  expect(await (await call('GET', `/projects/${other}/workspaces`)).json()).toEqual([]);
});

test('answers 404 for a project, workspace, job or path that does not exist', async () => {
  const { id } = aic.putPipeline('ANALYTICS', 'FUSION', 'p', content);
  const elsewhere = aic.addWorkspace('ANALYTICS', 'FUSION QA').id;
  const foreign = `/projects/${aic.addProject('OTHER').id}/workspaces/${workspace}/jobs`;
  const body = { title: 'q', ...content };
  const job = { status: 404, message: 'Job not found' };
  const noWorkspace = { status: 404, message: 'Workspace not found' };
  const noProject = { status: 404, message: 'Project not found' };
  expect(await refusal(call('GET', '/projects/x/workspaces'))).toEqual(noProject);
  expect(await refusal(call('GET', `/projects/x/workspaces/${workspace}/jobs`))).toEqual(noProject);
  expect(await refusal(call('GET', foreign))).toEqual(noWorkspace);
  expect(await refusal(call('GET', `${foreign}/${id}`))).toEqual(noWorkspace);
  expect(await refusal(call('POST', foreign, body))).toEqual(noWorkspace);
  expect(await refusal(call('PUT', `${foreign}/${id}`, body))).toEqual(noWorkspace);
  expect(await refusal(call('GET', `${jobs}/x`))).toEqual(job);
  expect(await refusal(call('PUT', `${jobs}/x`, body))).toEqual(job);
  expect(await refusal(call('POST', jobs, { $id: 'x', ...body }))).toEqual(job);
  expect(await refusal(call('GET', `/projects/${project}/workspaces/${elsewhere}/jobs/${id}`))).toEqual(job);
  expect(await refusal(call('DELETE', `${jobs}/${id}`))).toMatchObject({ status: 404 });
  expect(aic.pipelines('ANALYTICS', 'FUSION')).toEqual(['p']);
});

test('creates a job and gives it back with what the server owns', async () => {
  const response = await call('POST', jobs, { title: 'p', ...content });
  expect(response.status).toBe(201);
  const created: { jobId: string } = await response.json();
  const { jobConfig } = await (await call('GET', `${jobs}/${created.jobId}`)).json();
  expect(jobConfig).toEqual({
    $id: created.jobId,
    title: 'p',
    ...content,
    version: 1,
    createdAt: expect.any(String),
    updatedAt: expect.any(String),
    lastModifiedBy: 'api',
  });
  expect(await (await call('GET', jobs)).json()).toMatchObject({
    jobs: [{ $id: created.jobId, title: 'p' }],
  });
  expect(aic.pipeline('ANALYTICS', 'FUSION', 'p')).toEqual(jobConfig);
});

test('gives the same title another id in another workspace', async () => {
  aic.addWorkspace('ANALYTICS', 'FUSION QA');
  const one = aic.putPipeline('ANALYTICS', 'FUSION', 'p', content);
  const other = aic.putPipeline('ANALYTICS', 'FUSION QA', 'p', content);
  expect(one.id).not.toBe(other.id);
});

test('updates a job by PUT, and by POST with its id', async () => {
  const { id } = aic.putPipeline('ANALYTICS', 'FUSION', 'p', content);
  const put = await call('PUT', `${jobs}/${id}`, { title: 'p', ...content, stages: [] });
  expect(put.status).toBe(204);
  expect(aic.pipeline('ANALYTICS', 'FUSION', 'p')).toMatchObject({ $id: id, stages: [], version: 2 });
  const post = await call('POST', jobs, { $id: id, title: 'p', ...content, variables: [] });
  expect(post.status).toBe(200);
  expect(await post.json()).toEqual({ jobId: id });
  expect(aic.pipeline('ANALYTICS', 'FUSION', 'p')).toMatchObject({
    $id: id,
    ...content,
    variables: [],
    version: 3,
  });
  expect(aic.pipelines('ANALYTICS', 'FUSION')).toEqual(['p']);
});

test('refuses to create a job of a title that exists', async () => {
  aic.putPipeline('ANALYTICS', 'FUSION', 'p', { ...content, stages: [] });
  const conflict = { status: 409, message: 'A job with title "p" already exists in this workspace' };
  expect(await refusal(call('POST', jobs, { title: 'p', ...content }))).toEqual(conflict);
  expect(aic.pipeline('ANALYTICS', 'FUSION', 'p')).toMatchObject({ stages: [], version: 1 });
  expect((await call('POST', jobs, { title: 'P', ...content })).status).toBe(201);
});

test('renames a job, but not to a title that exists', async () => {
  const { id } = aic.putPipeline('ANALYTICS', 'FUSION', 'p', content);
  aic.putPipeline('ANALYTICS', 'FUSION', 'q', content);
  const conflict = { status: 409, message: 'A job with title "q" already exists in this workspace' };
  expect(await refusal(call('PUT', `${jobs}/${id}`, { title: 'q', ...content }))).toEqual(conflict);
  expect(await refusal(call('POST', jobs, { $id: id, title: 'q', ...content }))).toEqual(conflict);
  expect((await call('PUT', `${jobs}/${id}`, { title: 'r', ...content })).status).toBe(204);
  expect(aic.pipelines('ANALYTICS', 'FUSION')).toEqual(['r', 'q']);
});

test('creates one of two jobs of a title that arrive together', async () => {
  const answers = await Promise.all([1, 2, 3].map(() => call('POST', jobs, { title: 'p', ...content })));
  expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
});

const { sinkStage: _, ...withoutSink } = content;
test.each([
  ['{"title": "p", ', /JSON/],
  ['[]', /^"value" must be of type object$/],
  ['1', /^"value" must be of type object$/],
  [content, /^"title" is required$/],
  [{ title: '', ...content }, /^"title" must be a string that is not empty$/],
  [{ title: 1, ...content }, /^"title" must be a string that is not empty$/],
  [{ title: 'p', ...content, stages: {} }, /^"stages" must be an array of objects$/],
  [{ title: 'p', ...content, stages: [1] }, /^"stages" must be an array of objects$/],
  [{ title: 'p', ...content, variables: { QA: 'True' } }, /^"variables" must be an array of objects$/],
  [{ title: 'p', ...content, sourceStage: [] }, /^"sourceStage" must be an object$/],
  [{ title: 'p', ...withoutSink }, /^"sinkStage" must be an object$/],
  [
    { title: 'p', ...content, version: 3, owner: 'me' },
    /^"version" is not allowed\. "owner" is not allowed$/,
  ],
  [{ $id: 7, title: 'p', ...content }, /^"\$id" is not allowed here or not a string$/],
])('refuses the malformed body %j', async (body, message) => {
  const refused = { status: 400, message: expect.stringMatching(message) };
  const { id } = aic.putPipeline('ANALYTICS', 'FUSION', 'there', content);
  expect(await refusal(call('POST', jobs, body))).toEqual(refused);
  expect(await refusal(call('PUT', `${jobs}/${id}`, body))).toEqual(refused);
  expect(aic.pipelines('ANALYTICS', 'FUSION')).toEqual(['there']);
  expect(aic.writes).toEqual([]);
});

test('refuses an id in the body of a PUT', async () => {
  const { id } = aic.putPipeline('ANALYTICS', 'FUSION', 'p', content);
  const answer = call('PUT', `${jobs}/${id}`, { $id: id, title: 'p', ...content });
  expect(await refusal(answer)).toMatchObject({ status: 400 });
});

test('refuses JSON that does not say so', async () => {
  const answer = call('POST', jobs, { title: 'p', ...content }, { 'content-type': 'text/plain' });
  expect(await refusal(answer)).toEqual({ status: 415, message: 'Content-Type must be application/json' });
  expect(aic.pipelines('ANALYTICS', 'FUSION')).toEqual([]);
});

test('takes a stage that is null, and a content type with a charset', async () => {
  const answer = call(
    'POST',
    jobs,
    { title: 'p', ...content, sourceStage: null },
    { 'content-type': 'application/json; charset=utf-8' },
  );
  expect((await answer).status).toBe(201);
  expect(aic.pipeline('ANALYTICS', 'FUSION', 'p')).toMatchObject({ sourceStage: null });
});

const digits =
  '[{"n":12345678901234567890,"f":1.0,"z":-0.0,"e":1E400,"d":0.1000000000000000055511151231257827}]';

test('gives numbers back to the last digit as they came over the API', async () => {
  const body = (title: string): string =>
    `{"title":"${title}","stages":${digits},"variables":[],"sourceStage":{"n":2.50},"sinkStage":{}}`;
  const { jobId } = await (await call('POST', jobs, body('p'))).json();
  const answer = await (await call('GET', `${jobs}/${jobId}`)).text();
  expect(answer).toContain(`"stages":${digits}`);
  expect(answer).toContain('"sourceStage":{"n":2.50}');
  await call('PUT', `${jobs}/${jobId}`, body('p').replace('2.50', '2.500'));
  expect(await (await call('GET', `${jobs}/${jobId}`)).text()).toContain('"sourceStage":{"n":2.500}');
  expect(aic.pipelineText('ANALYTICS', 'FUSION', 'p')).toContain(`"stages":${digits}`);
});

test('gives numbers back to the last digit as a person put them', async () => {
  const { id } = aic.putPipeline('ANALYTICS', 'FUSION', 'p', `{"stages":${digits}}`);
  expect(await (await call('GET', `${jobs}/${id}`)).text()).toContain(`"stages":${digits}`);
});

test('reads any JSON and writes it as it came', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(JSON.stringify(parseLossless(text))).toBe(text);
    }),
  );
});

test('keeps the digits of any number', () => {
  const number = fc.stringMatching(/^-?(0|[1-9]\d{0,30})(\.\d{1,30})?([eE][+-]?\d{1,4})?$/);
  fc.assert(
    fc.property(fc.array(number), (numbers) => {
      const text = `{"a":[${numbers.join(',')}]}`;
      expect(JSON.stringify(parseLossless(text))).toBe(text);
    }),
  );
});

test('gives back a config that lacks fields as it is', async () => {
  const { id } = aic.putPipeline('ANALYTICS', 'FUSION', 'p', {
    $id: 'old',
    title: 'old',
    stages: [],
    version: 9,
  });
  const { jobConfig } = await (await call('GET', `${jobs}/${id}`)).json();
  expect(Object.keys(jobConfig).toSorted()).toEqual([
    '$id',
    'createdAt',
    'lastModifiedBy',
    'stages',
    'title',
    'updatedAt',
    'version',
  ]);
  expect(jobConfig).toMatchObject({ $id: id, title: 'p', version: 1 });
});

test('replaces the whole content when a person edits a pipeline', () => {
  const { id } = aic.putPipeline('ANALYTICS', 'FUSION', 'p', content);
  expect(aic.putPipeline('ANALYTICS', 'FUSION', 'p', { stages: [] }).id).toBe(id);
  const config = aic.pipeline('ANALYTICS', 'FUSION', 'p');
  expect(config).toMatchObject({ $id: id, stages: [], version: 2, lastModifiedBy: 'a.person@example.com' });
  expect(config).not.toHaveProperty('variables');
});

test('holds two pipelines of one title only when set up so', async () => {
  const one = aic.putPipeline('ANALYTICS', 'FUSION', 'p', content);
  const two = aic.addPipeline('ANALYTICS', 'FUSION', 'p', { ...content, stages: [] });
  expect((await (await call('GET', jobs)).json()).jobs).toMatchObject([
    { $id: one.id, title: 'p' },
    { $id: two.id, title: 'p' },
  ]);
  expect(aic.pipelines('ANALYTICS', 'FUSION')).toEqual(['p', 'p']);
  expect((await call('PUT', `${jobs}/${two.id}`, { title: 'p', ...content })).status).toBe(204);
  aic.removePipeline('ANALYTICS', 'FUSION', 'p');
  expect(aic.pipelines('ANALYTICS', 'FUSION')).toEqual([]);
});

test('lists an untitled job without a title', async () => {
  const { id } = aic.addUntitledPipeline('ANALYTICS', 'FUSION', content);
  const list = await (await call('GET', jobs)).json();
  expect(list.jobs).toEqual([{ $id: id, updatedAt: expect.any(String) }]);
  expect((await (await call('GET', `${jobs}/${id}`)).json()).jobConfig).not.toHaveProperty('title');
  expect(aic.pipelines('ANALYTICS', 'FUSION')).toEqual([]);
});

test('logs the writes that came over the API and took effect', async () => {
  const before = Date.now();
  aic.putPipeline('ANALYTICS', 'FUSION', 'by hand', content);
  const { jobId } = await (await call('POST', jobs, { title: 'p', ...content })).json();
  await call('POST', jobs, { title: 'p', ...content });
  await call('PUT', `${jobs}/${jobId}`, { title: 'p', ...content });
  const write = { at: expect.any(Number), project: 'ANALYTICS', workspace: 'FUSION', title: 'p' };
  expect(aic.writes).toEqual([
    { ...write, kind: 'create' },
    { ...write, kind: 'update' },
  ]);
  expect(aic.writes[0]?.at).toBeGreaterThanOrEqual(before);
});

test('keeps what it wrote when the answer is lost', async () => {
  aic.inject({
    method: 'POST',
    path: /\/jobs$/,
    times: 1,
    fault: { kind: 'status-after-work', status: 504 },
  });
  expect((await call('POST', jobs, { title: 'p', ...content })).status).toBe(504);
  expect((await call('POST', jobs, { title: 'p', ...content })).status).toBe(409);
  expect(aic.writes).toHaveLength(1);
});

test('throws at a name that was not set up, or twice', () => {
  expect(() => aic.pipelines('ANALYTICS', 'FUSSION')).toThrow('There is no workspace FUSSION');
  expect(() => aic.addWorkspace('ANALYTIC', 'FUSION')).toThrow('There is no project ANALYTIC');
  expect(() => aic.addProject('ANALYTICS')).toThrow('The project ANALYTICS exists');
  expect(() => aic.addWorkspace('ANALYTICS', 'FUSION')).toThrow('The workspace FUSION exists');
});
