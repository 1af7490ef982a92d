import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startGitLab, type GitLabServer } from '../../demo/gitlab/server.ts';
import { createClient, type Call } from './gitlab-client.ts';

let gitlab: GitLabServer;
let call: Call;

beforeEach(async () => {
  gitlab = await startGitLab();
  call = createClient(gitlab.url, gitlab.admin.token);
});

afterEach(() => gitlab.close());

test('refuses a call without a token or with a wrong one', async () => {
  for (const headers of [{}, { 'private-token': 'wrong' }, { authorization: 'Bearer wrong' }]) {
    const response = await fetch(`${gitlab.url}/api/v4/user`, { headers });
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ message: '401 Unauthorized' });
  }
});

test('takes a token as PRIVATE-TOKEN and as Bearer', async () => {
  const { token } = gitlab.admin;
  for (const headers of [{ 'PRIVATE-TOKEN': token }, { authorization: `Bearer ${token}` }]) {
    const response = await fetch(`${gitlab.url}/api/v4/user`, { headers });
    expect(await response.json()).toMatchObject({ id: gitlab.admin.id, username: 'root', bot: false });
  }
});

test('shows a token to itself, and never its secret', async () => {
  const { id, token } = gitlab.addUser({ username: 'bot', name: 'Bot' });
  gitlab.setTokenExpiry(token, '2999-12-31');
  gitlab.setTokenScopes(token, ['read_api']);
  const answer = await createClient(gitlab.url, token)('GET', '/personal_access_tokens/self');
  expect(answer).toMatchObject({
    status: 200,
    body: {
      id: expect.any(Number),
      name: 'bot token',
      revoked: false,
      active: true,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      last_used_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      scopes: ['read_api'],
      user_id: id,
      expires_at: '2999-12-31',
    },
  });
  expect(JSON.stringify(answer.body)).not.toContain(token);
  gitlab.setTokenExpiry(token, undefined);
  expect(await createClient(gitlab.url, token)('GET', '/personal_access_tokens/self')).toMatchObject({
    body: { expires_at: null },
  });
});

test('refuses a token from the first moment of its last day in UTC, and none but that one', async () => {
  const today = new Date().toISOString().slice(0, 10);
  const { token } = gitlab.addUser({ username: 'bot', name: 'Bot' });
  gitlab.setTokenExpiry(token, today);
  for (const path of ['/personal_access_tokens/self', '/user'])
    expect(await createClient(gitlab.url, token)('GET', path)).toMatchObject({
      status: 401,
      body: { error: 'invalid_token' },
    });
  expect(await call('GET', '/user')).toMatchObject({ status: 200 });
});

test('tells its version', async () => {
  expect(await call('GET', '/version')).toMatchObject({ status: 200, body: { version: '19.1.0' } });
});

test('has no other routes', async () => {
  expect(await call('GET', '/nothing')).toMatchObject({ status: 404, body: { error: '404 Not Found' } });
});

test('shows a project by its number and by its path', async () => {
  const { id } = await gitlab.addProject('team/sub/pipelines', { defaultBranch: 'trunk' });
  for (const name of [id, 'team%2Fsub%2Fpipelines', 'Team%2FSub%2FPipelines']) {
    expect(await call('GET', `/projects/${name}`)).toMatchObject({
      status: 200,
      body: {
        id,
        name: 'pipelines',
        path: 'pipelines',
        path_with_namespace: 'team/sub/pipelines',
        default_branch: 'trunk',
        web_url: `${gitlab.url}/team/sub/pipelines`,
        archived: false,
        empty_repo: true,
        visibility: 'private',
      },
    });
  }
});

test('hides a private project from those who are no members', async () => {
  await gitlab.addProject('team/pipelines');
  const stranger = createClient(gitlab.url, gitlab.addUser({ username: 'eve', name: 'Eve' }).token);
  const refusal = { status: 404, body: { message: '404 Project Not Found' } };
  expect(await stranger('GET', '/projects/1')).toMatchObject(refusal);
  expect(await stranger('GET', '/projects/team%2Fpipelines/repository/branches')).toMatchObject(refusal);
  expect(await stranger('GET', '/projects/99')).toMatchObject(refusal);
  gitlab.addMember('team/pipelines', 'eve', 20);
  expect(await stranger('GET', '/projects/1')).toMatchObject({ status: 200 });
});

test('lists the projects that somebody is a member of, be it by their group', async () => {
  const jane = gitlab.addUser({ username: 'jane', name: 'Jane' });
  await gitlab.addProject('one/own');
  await gitlab.addProject('two/inherited');
  await gitlab.addProject('three/foreign');
  gitlab.addMember('one/own', jane.id, 20);
  gitlab.addGroupMember('two', jane.id, 30);
  const list = await createClient(gitlab.url, jane.token)<{ path_with_namespace: string }[]>(
    'GET',
    '/projects?membership=true',
  );
  expect(list.body.map(({ path_with_namespace: path }) => path)).toEqual(['one/own', 'two/inherited']);
});

test('makes a project in the namespace of the user', async () => {
  const answer = await call('POST', '/projects', {
    name: 'My Pipelines',
    path: 'my-pipelines',
    initialize_with_readme: true,
    default_branch: 'trunk',
  });
  expect(answer).toMatchObject({
    status: 201,
    body: { path_with_namespace: 'root/my-pipelines', name: 'My Pipelines', empty_repo: false },
  });
  expect(await gitlab.readFile('root/my-pipelines', 'trunk', 'README.md')).toBe('# My Pipelines\n');
  expect(await call('POST', '/projects', { name: 'My Pipelines', path: 'my-pipelines' })).toMatchObject({
    status: 400,
    body: { message: { path: ['has already been taken'] } },
  });
  expect(await call('POST', '/projects', {})).toMatchObject({
    status: 400,
    body: { error: expect.any(String) },
  });
});

test('tells the access level of a member', async () => {
  const { id } = await gitlab.addProject('team/pipelines');
  const dev = gitlab.addUser({ username: 'dev', name: 'Dev' });
  expect(await call('GET', `/projects/${id}/members/all/${dev.id}`)).toMatchObject({
    status: 404,
    body: { message: '404 Not found' },
  });
  gitlab.addMember(id, dev.id, 30);
  expect(await call('GET', `/projects/${id}/members/all/${dev.id}`)).toMatchObject({
    status: 200,
    body: { id: dev.id, username: 'dev', state: 'active', membership_state: 'active', access_level: 30 },
  });
});

test('pages a list by number', async () => {
  const { id } = await gitlab.addProject('team/pipelines');
  await gitlab.commitFiles(id, 'main', 'first', { a: '1' });
  for (let n = 1; n <= 4; n += 1)
    await gitlab.commitFiles(id, `b${n}`, 'more', { a: String(n) }, { hooks: false });
  const list = `/projects/${id}/repository/branches`;
  const second = await call<{ name: string }[]>('GET', `${list}?page=2&per_page=2&search=`);
  expect(second.body.map(({ name }) => name)).toEqual(['b3', 'b4']);
  expect(Object.fromEntries(second.headers)).toMatchObject({
    'x-page': '2',
    'x-per-page': '2',
    'x-next-page': '3',
    'x-prev-page': '1',
    'x-total': '5',
    'x-total-pages': '3',
  });
  const link = second.headers.get('link') ?? '';
  const base = `${gitlab.url}/api/v4${list}`;
  expect(link.split(', ')).toEqual([
    `<${base}?page=1&per_page=2&search=>; rel="prev"`,
    `<${base}?page=3&per_page=2&search=>; rel="next"`,
    `<${base}?page=1&per_page=2&search=>; rel="first"`,
    `<${base}?page=3&per_page=2&search=>; rel="last"`,
  ]);
  const last = await call<unknown[]>('GET', `${list}?page=3&per_page=2`);
  expect(last.body).toHaveLength(1);
  expect(last.headers.get('x-next-page')).toBe('');
  expect(last.headers.get('link')).not.toContain('rel="next"');
  expect((await call('GET', `${list}?per_page=1000`)).headers.get('x-per-page')).toBe('100');
  expect(await call('GET', `${list}?page=0`)).toMatchObject({ status: 400 });
  expect((await call<unknown[]>('GET', `${list}?page=9`)).body).toEqual([]);
});

test('refuses a body that is not JSON', async () => {
  await gitlab.addProject('team/pipelines');
  const response = await fetch(`${gitlab.url}/api/v4/projects/1/issues`, {
    method: 'POST',
    headers: { 'private-token': gitlab.admin.token, 'content-type': 'application/json' },
    body: '{',
  });
  expect(response.status).toBe(400);
});

test('takes parameters from the query and from a form, too', async () => {
  const { id } = await gitlab.addProject('team/pipelines');
  expect(await call('POST', `/projects/${id}/issues?title=from+query`)).toMatchObject({
    status: 201,
    body: { title: 'from query' },
  });
  const response = await fetch(`${gitlab.url}/api/v4/projects/${id}/issues`, {
    method: 'POST',
    headers: { 'private-token': gitlab.admin.token },
    body: new URLSearchParams({ title: 'from form' }),
  });
  expect(await response.json()).toMatchObject({ title: 'from form' });
});

test('keeps its repositories in a folder of its own that goes with it, or in a given one that stays', async () => {
  await gitlab.addProject('team/pipelines');
  const own = gitlab.directoryOf('team/pipelines');
  expect(existsSync(join(own, 'HEAD'))).toBe(true);
  await gitlab.close();
  expect(existsSync(own)).toBe(false);

  const directory = await mkdtemp(join(tmpdir(), 'given-'));
  const other = await startGitLab({ directory });
  await other.addProject('team/pipelines');
  await other.close();
  expect(existsSync(join(directory, '1.git', 'HEAD'))).toBe(true);
  await rm(directory, { recursive: true });
});

test('throws in the set-up for what does not exist or is taken', async () => {
  await gitlab.addProject('team/pipelines');
  expect(() => gitlab.directoryOf('team/none')).toThrow('There is no project team/none.');
  expect(() => gitlab.addMember('team/pipelines', 'nobody', 30)).toThrow('There is no user nobody.');
  expect(() => gitlab.addUser({ username: 'root', name: 'Another' })).toThrow('already');
  await expect(gitlab.addProject('Team/Pipelines')).rejects.toThrow('already');
});
