import { afterEach, beforeEach, expect, test } from 'vitest';
import { startGitLab, type GitLabServer } from '../../demo/gitlab/server.ts';
import { createClient, type Call } from './gitlab-client.ts';

let gitlab: GitLabServer;
let call: Call;
let first: string;

beforeEach(async () => {
  gitlab = await startGitLab();
  call = createClient(gitlab.url, gitlab.admin.token);
  await gitlab.addProject('team/pipelines');
  first = await gitlab.commitFiles(1, 'main', 'First', { 'config/a.json': '1\n' });
  await gitlab.commitFiles(1, 'side', 'Side', { 'config/a.json': '2\n' });
});

afterEach(() => gitlab.close());

const status = (fields: object, sha = first) => call('POST', `/projects/1/statuses/${sha}`, fields);

test('a commit status that runs already cannot run again, and a new one takes the place of one that has ended', async () => {
  expect(await status({ state: 'running', name: 'x' })).toMatchObject({ status: 201 });
  expect(await status({ state: 'running', name: 'x' })).toMatchObject({
    status: 400,
    body: { message: 'Cannot transition status via :run from :running' },
  });
  expect(await status({ state: 'failed', name: 'x' })).toMatchObject({
    status: 201,
    body: { status: 'failed' },
  });
  expect(await status({ state: 'success', name: 'x' })).toMatchObject({
    status: 201,
    body: { status: 'success' },
  });
  const path = `/projects/1/repository/commits/${first}/statuses`;
  expect(await call('GET', path)).toMatchObject({ body: [{ status: 'success', name: 'x', ref: 'main' }] });
  expect((await call('GET', `${path}?all=true`)).body).toHaveLength(2);
});

test('a commit status is refused for an unknown commit, a long description, and while another update is under way', async () => {
  expect(await status({ state: 'success' }, '0123456789012345678901234567890123456789')).toMatchObject({
    status: 404,
  });
  expect(await status({ state: 'success', description: 'x'.repeat(256) })).toMatchObject({ status: 400 });
  gitlab.refuseStatuses(1);
  expect(await status({ state: 'success' })).toMatchObject({ status: 409 });
  expect(await status({ state: 'success' })).toMatchObject({ status: 201 });
});

test('a deployment makes its environment, ends once, and runs no more after that', async () => {
  const fields = { environment: 'PIN QA', sha: first, ref: 'main', tag: false, status: 'running' };
  const made = await call<{ id: number }>('POST', '/projects/1/deployments', fields);
  expect(made).toMatchObject({ status: 201, body: { status: 'running', environment: { name: 'PIN QA' } } });
  const path = `/projects/1/deployments/${made.body.id}`;
  expect(await call('PUT', path, { status: 'success' })).toMatchObject({
    status: 200,
    body: { status: 'success' },
  });
  expect(await call('PUT', path, { status: 'running' })).toMatchObject({ status: 400 });
  expect(await call('PUT', path, { status: 'success' })).toMatchObject({ status: 400 });
  expect((await call('GET', '/projects/1/deployments?environment=PIN%20QA')).body).toHaveLength(1);
  expect((await call('GET', '/projects/1/deployments?environment=other')).body).toEqual([]);
  expect(await call('POST', '/projects/1/deployments', { ...fields, environment: 'a|b' })).toMatchObject({
    status: 400,
  });
  expect(await call('POST', '/projects/1/environments', { name: 'PIN QA' })).toMatchObject({ status: 400 });
});

test('a merge request tells what merging would make, unless it is in conflict', async () => {
  const open = { source_branch: 'side', target_branch: 'main', title: 'Side' };
  await call('POST', '/projects/1/merge_requests', open);
  const merged = await call<{ commit_id: string }>('GET', '/projects/1/merge_requests/1/merge_ref');
  expect(merged.status).toBe(200);
  expect(await gitlab.readFile(1, merged.body.commit_id, 'config/a.json')).toBe('2\n');
  expect(await gitlab.commitId(1, 'main')).toBe(first);
  await gitlab.commitFiles(1, 'main', 'Other', { 'config/a.json': '3\n' });
  expect(await call('GET', '/projects/1/merge_requests/1/merge_ref')).toMatchObject({ status: 400 });
});

test('nobody approves their own merge request', async () => {
  await call('POST', '/projects/1/merge_requests', {
    source_branch: 'side',
    target_branch: 'main',
    title: 'Side',
  });
  expect(await call('POST', '/projects/1/merge_requests/1/approve')).toMatchObject({ status: 401 });
  const user = gitlab.addUser({ username: 'rita', name: 'Rita' });
  gitlab.addMember(1, user.id, 30);
  expect(
    await createClient(gitlab.url, user.token)('POST', '/projects/1/merge_requests/1/approve'),
  ).toMatchObject({
    status: 201,
    body: { approved_by: [{ user: { username: 'rita' } }] },
  });
});

test('a page shows a merge request and its comments to who opens its address', async () => {
  await call('POST', '/projects/1/merge_requests', {
    source_branch: 'side',
    target_branch: 'main',
    title: '<b>Side</b>',
  });
  await call('POST', '/projects/1/merge_requests/1/notes', { body: '| a |\n| - |\n| **b** |' });
  const page = await fetch(`${gitlab.url}/team/pipelines/-/merge_requests/1`);
  const text = await page.text();
  expect(text).toContain('<td><strong>b</strong></td>');
  expect(text).toContain('&lt;b&gt;Side&lt;/b&gt;');
  expect((await fetch(`${gitlab.url}/team/pipelines/-/merge_requests/2`)).status).toBe(404);
});
