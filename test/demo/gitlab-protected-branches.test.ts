import { afterEach, beforeEach, expect, test } from 'vitest';
import { startGitLab, type GitLabServer } from '../../demo/gitlab/server.ts';
import { createClient, type Call } from './gitlab-client.ts';

const rules = '/projects/1/protected_branches';
let gitlab: GitLabServer;
let call: Call;
let developer: Call;

beforeEach(async () => {
  gitlab = await startGitLab();
  call = createClient(gitlab.url, gitlab.admin.token);
  await gitlab.addProject('team/pipelines');
  await gitlab.commitFiles(1, 'main', 'First', { a: '1\n' });
  await gitlab.commitFiles(1, 'develop', 'Second', { b: '1\n' });
  const dev = gitlab.addUser({ username: 'dev', name: 'Dev' });
  gitlab.addMember(1, 'dev', 30);
  developer = createClient(gitlab.url, dev.token);
});

afterEach(() => gitlab.close());

const push = (as: Call, branch: string) =>
  as('POST', '/projects/1/repository/commits', {
    branch,
    commit_message: 'Push',
    actions: [{ action: 'create', file_path: `new-${branch}`, content: 'x' }],
  });

test('protects a branch: its rule is listed, shown, and seen on the branch', async () => {
  const levels = { push_access_level: 40, merge_access_level: 30 };
  const rule = {
    name: 'develop',
    push_access_levels: [{ access_level: 40, access_level_description: 'Maintainers' }],
    merge_access_levels: [{ access_level: 30, access_level_description: 'Developers + Maintainers' }],
    allow_force_push: false,
  };
  expect(
    await call('POST', `${rules}?name=develop&push_access_level=40&merge_access_level=30`),
  ).toMatchObject({ status: 201, body: rule });
  expect(await call('GET', rules)).toMatchObject({ body: [{ name: 'main' }, rule] });
  expect(await call('GET', `${rules}/develop`)).toMatchObject({ status: 200, body: rule });
  expect(await call('GET', '/projects/1/repository/branches/develop')).toMatchObject({
    body: { protected: true, developers_can_push: false, developers_can_merge: true },
  });
  expect(await call('POST', rules, { name: 'develop', ...levels })).toMatchObject({
    status: 409,
    body: { message: "Protected branch 'develop' already exists" },
  });
  expect(await call('DELETE', `${rules}/develop`)).toMatchObject({ status: 204 });
  expect(await call('GET', `${rules}/develop`)).toMatchObject({ status: 404 });
});

test('lets developers merge where the rule says so, and push nowhere that it does not', async () => {
  await call('POST', rules, { name: 'dev*', push_access_level: 40, merge_access_level: 30 });
  expect(await push(developer, 'develop')).toMatchObject({ status: 403 });
  expect(await push(call, 'develop')).toMatchObject({ status: 201 });
  for (const [source, target] of [
    ['one', 'develop'],
    ['two', 'main'],
  ] as const) {
    await gitlab.commitFiles(1, source, 'Change', { [source]: 'x' }, { startBranch: target });
    await developer('POST', '/projects/1/merge_requests', {
      source_branch: source,
      target_branch: target,
      title: source,
    });
  }
  expect(await developer('PUT', '/projects/1/merge_requests/1/merge')).toMatchObject({ status: 200 });
  expect(await developer('PUT', '/projects/1/merge_requests/2/merge')).toMatchObject({ status: 401 });
});

test('lets nobody push where the rule says nobody', async () => {
  await call('POST', rules, { name: 'develop', push_access_level: 0 });
  expect(await push(call, 'develop')).toMatchObject({ status: 403 });
});

test('refuses a rule without a name, a level that GitLab does not have, and who is no maintainer', async () => {
  expect(await call('POST', rules, {})).toMatchObject({ status: 422 });
  expect(await call('POST', rules, { name: 'x', push_access_level: 35 })).toMatchObject({ status: 400 });
  expect(await developer('POST', rules, { name: 'x' })).toMatchObject({ status: 403 });
});
