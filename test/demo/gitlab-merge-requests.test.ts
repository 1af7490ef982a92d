import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startGitLab, type GitLabServer } from '../../demo/gitlab/server.ts';
import { createClient, type Answer, type Call } from './gitlab-client.ts';

let gitlab: GitLabServer;
let call: Call;
let first: string;
let side: string;
const at = '/projects/1/merge_requests';

beforeEach(async () => {
  gitlab = await startGitLab();
  call = createClient(gitlab.url, gitlab.admin.token);
  await gitlab.addProject('team/pipelines');
  first = await gitlab.commitFiles(1, 'main', 'First', { 'config/a.json': '1\n', 'config/b.json': '1\n' });
  side = await gitlab.commitFiles(1, 'side', 'Side', { 'config/a.json': '2\n' });
});

afterEach(() => gitlab.close());

interface MergeRequestBody {
  readonly iid: number;
  readonly merge_commit_sha: string | null;
  readonly squash_commit_sha: string | null;
}

function open(fields: object = {}): Promise<Answer<MergeRequestBody>> {
  return call('POST', at, { source_branch: 'side', target_branch: 'main', title: 'Change a', ...fields });
}

function merge(fields: object = {}): Promise<Answer<MergeRequestBody>> {
  return call('PUT', `${at}/1/merge`, fields);
}

const git = (...args: string[]): string =>
  execFileSync('git', ['--git-dir', gitlab.directoryOf(1), ...args], { encoding: 'utf8' }).trim();

test('opens a merge request whose difference is known a moment later', async () => {
  expect(await open({ description: 'Because', labels: 'one,two', squash: true })).toMatchObject({
    status: 201,
    body: {
      iid: 1,
      state: 'opened',
      changes_count: null,
      diff_refs: null,
      detailed_merge_status: 'preparing',
    },
  });
  expect(await call('GET', `${at}/1`)).toMatchObject({
    status: 200,
    body: {
      iid: 1,
      project_id: 1,
      title: 'Change a',
      description: 'Because',
      labels: ['one', 'two'],
      state: 'opened',
      source_branch: 'side',
      target_branch: 'main',
      author: { username: 'root' },
      sha: side,
      merge_commit_sha: null,
      squash: true,
      draft: false,
      changes_count: '1',
      diff_refs: { base_sha: first, head_sha: side, start_sha: first },
      detailed_merge_status: 'mergeable',
      web_url: `${gitlab.url}/team/pipelines/-/merge_requests/1`,
    },
  });
});

test('refuses a second open one for the same branches with 409', async () => {
  await open();
  expect(await open()).toMatchObject({
    status: 409,
    body: { message: ['Another open merge request already exists for this source branch: !1'] },
  });
  await call('PUT', `${at}/1`, { state_event: 'close' });
  expect(await open()).toMatchObject({ status: 201, body: { iid: 2 } });
});

test('refuses the same branch twice, missing branches and missing parameters', async () => {
  expect(await open({ source_branch: 'main' })).toMatchObject({ status: 422 });
  expect(await open({ source_branch: 'none' })).toMatchObject({
    status: 422,
    body: { message: ['Source branch "none" does not exist'] },
  });
  expect(await call('POST', at, { title: 'x' })).toMatchObject({
    status: 400,
    body: { error: 'source_branch is missing' },
  });
});

test('makes one without changes a draft', async () => {
  await call('POST', '/projects/1/repository/branches', { branch: 'same', ref: 'main' });
  expect(await open({ source_branch: 'same' })).toMatchObject({
    status: 201,
    body: { title: 'Draft: Change a', draft: true },
  });
  expect(await merge()).toMatchObject({ status: 405 });
});

test('lists by state, branches, author and time, newest first', async () => {
  const dev = gitlab.addUser({ username: 'dev', name: 'Dev' });
  gitlab.addMember(1, 'dev', 30);
  await open();
  await merge();
  await gitlab.commitFiles(1, 'other', 'Other', { other: '1' });
  await createClient(gitlab.url, dev.token)('POST', at, {
    source_branch: 'other',
    target_branch: 'main',
    title: 'Other',
  });
  const iids = async (query: string): Promise<number[]> =>
    (await call<{ iid: number }[]>('GET', `${at}?${query}`)).body.map(({ iid }) => iid);
  expect(await iids('')).toEqual([2, 1]);
  expect(await iids('sort=asc&order_by=updated_at')).toEqual([1, 2]);
  expect(await iids('state=opened')).toEqual([2]);
  expect(await iids('state=merged&target_branch=main')).toEqual([1]);
  expect(await iids('source_branch=other')).toEqual([2]);
  expect(await iids('author_username=dev')).toEqual([2]);
  expect(await iids(`author_id=${gitlab.admin.id}`)).toEqual([1]);
  expect(await iids('iids[]=1')).toEqual([1]);
  expect(await iids('updated_after=2001-01-01T00:00:00Z')).toEqual([2, 1]);
  expect(await iids('updated_before=2001-01-01T00:00:00Z')).toEqual([]);
  expect(await call('GET', `${at}?state=odd`)).toMatchObject({
    status: 400,
    body: { error: 'state does not have a valid value' },
  });
});

test('changes title, target and state', async () => {
  await gitlab.commitFiles(1, 'next', 'Next', { next: '1' });
  await open();
  expect(await call('PUT', `${at}/1`, { title: 'Draft: Later', target_branch: 'next' })).toMatchObject({
    status: 200,
    body: {
      title: 'Draft: Later',
      draft: true,
      target_branch: 'next',
      detailed_merge_status: 'draft_status',
    },
  });
  expect(await call('PUT', `${at}/1`, { state_event: 'close' })).toMatchObject({
    body: { state: 'closed', closed_by: { username: 'root' } },
  });
  expect(await call('PUT', `${at}/1`, { state_event: 'reopen' })).toMatchObject({
    body: { state: 'opened' },
  });
  expect(await call('PUT', `${at}/1`, {})).toMatchObject({ status: 400 });
  expect(await call('PUT', `${at}/1`, { target_branch: 'none' })).toMatchObject({ status: 422 });
  expect(await call('PUT', `${at}/9`, { title: 'x' })).toMatchObject({
    status: 404,
    body: { message: '404 Not found' },
  });
});

test('merges with a merge commit that git made', async () => {
  const main = await gitlab.commitFiles(1, 'main', 'Main', { 'config/b.json': '3\n' });
  await open();
  const { status, body } = await merge({ should_remove_source_branch: true });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    state: 'merged',
    sha: side,
    squash_commit_sha: null,
    merge_user: { username: 'root' },
    merged_at: expect.any(String),
    detailed_merge_status: 'not_open',
  });
  expect(git('rev-list', '--parents', '-1', 'main')).toBe(`${body.merge_commit_sha} ${main} ${side}`);
  expect(git('log', '-1', '--format=%B', 'main')).toBe(
    "Merge branch 'side' into 'main'\n\nChange a\n\nSee merge request team/pipelines!1",
  );
  expect(await gitlab.readFile(1, 'main', 'config/a.json')).toBe('2\n');
  expect(await gitlab.readFile(1, 'main', 'config/b.json')).toBe('3\n');
  expect(await gitlab.commitId(1, 'side')).toBeUndefined();
  expect(await merge()).toMatchObject({ status: 405, body: { message: '405 Method Not Allowed' } });
});

test('squashes into one commit below the merge commit', async () => {
  await gitlab.commitFiles(1, 'side', 'Side again', { 'config/a.json': '3\n' });
  await open();
  const { body } = await merge({ squash: true });
  expect(git('rev-list', '--parents', '-1', 'main')).toBe(
    `${body.merge_commit_sha} ${first} ${body.squash_commit_sha}`,
  );
  expect(git('log', '-1', '--format=%P %s', body.squash_commit_sha ?? '')).toBe(`${first} Change a`);
  expect(await gitlab.readFile(1, 'main', 'config/a.json')).toBe('3\n');
});

test('moves the target forward without a merge commit in a project that merges by fast-forward', async () => {
  gitlab.setMergeMethod(1, 'ff');
  await open();
  expect(await merge()).toMatchObject({
    status: 200,
    body: { state: 'merged', merge_commit_sha: null, sha: side },
  });
  expect(await gitlab.commitId(1, 'main')).toBe(side);
});

test('refuses what can no longer be fast-forwarded', async () => {
  gitlab.setMergeMethod(1, 'ff');
  await gitlab.commitFiles(1, 'main', 'Main', { other: '1' });
  await open();
  expect(await call('GET', `${at}/1`)).toMatchObject({ body: { detailed_merge_status: 'need_rebase' } });
  expect(await merge()).toMatchObject({ status: 405 });
  gitlab.setMergeMethod(1, 'rebase_merge');
  expect(await merge()).toMatchObject({ status: 405 });
});

test('makes a merge commit for what could be fast-forwarded in a project that wants both', async () => {
  gitlab.setMergeMethod(1, 'rebase_merge');
  await open();
  const { body } = await merge();
  expect(git('rev-list', '--parents', '-1', 'main')).toBe(`${body.merge_commit_sha} ${first} ${side}`);
});

test('lets only maintainers merge into a branch that was protected later', async () => {
  const dev = gitlab.addUser({ username: 'dev', name: 'Dev' });
  gitlab.addMember(1, 'dev', 30);
  const asDev = createClient(gitlab.url, dev.token);
  await gitlab.commitFiles(1, 'develop', 'Develop', { other: '1' });
  await open({ target_branch: 'develop' });
  gitlab.protectBranch(1, 'develop');
  expect(await asDev('PUT', `${at}/1/merge`)).toMatchObject({ status: 401 });
  gitlab.addMember(1, 'dev', 40);
  expect(await asDev('PUT', `${at}/1/merge`)).toMatchObject({
    status: 200,
    body: { merge_user: { username: 'dev' } },
  });
});

test('refuses a conflict, and leaves the target as it was', async () => {
  const main = await gitlab.commitFiles(1, 'main', 'Main', { 'config/a.json': '9\n' });
  await open();
  expect(await call('GET', `${at}/1`)).toMatchObject({
    body: { has_conflicts: true, detailed_merge_status: 'conflict', merge_status: 'cannot_be_merged' },
  });
  expect(await merge()).toMatchObject({ status: 422, body: { message: 'Branch cannot be merged' } });
  expect(await gitlab.commitId(1, 'main')).toBe(main);
});

test('refuses to merge another head than the expected one', async () => {
  await open();
  expect(await merge({ sha: first })).toMatchObject({
    status: 409,
    body: { message: `SHA does not match HEAD of source branch: ${side}` },
  });
  expect(await merge({ sha: side })).toMatchObject({ status: 200 });
});

test('lets only those merge who may push to the target', async () => {
  const dev = gitlab.addUser({ username: 'dev', name: 'Dev' });
  gitlab.addMember(1, 'dev', 30);
  await open();
  expect(await createClient(gitlab.url, dev.token)('PUT', `${at}/1/merge`)).toMatchObject({
    status: 401,
    body: { message: '401 Unauthorized' },
  });
});

test('merges once when asked twice at the same time', async () => {
  await open();
  const answers = await Promise.all([merge(), merge()]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 405]));
});

test('follows the source branch while it is open', async () => {
  await open();
  const next = await gitlab.commitFiles(1, 'side', 'More', { more: '1' });
  expect(await call('GET', `${at}/1`)).toMatchObject({
    body: { sha: next, changes_count: '2', diff_refs: { head_sha: next, base_sha: first } },
  });
  const commits = await call<{ id: string }[]>('GET', `${at}/1/commits`);
  expect(commits.body.map(({ id }) => id)).toEqual([next, side]);
});

test('shows the difference without a sign of the files beyond the limit', async () => {
  gitlab.setDiffLimits({ files: 20 });
  await gitlab.commitFiles(
    1,
    'side',
    'Many',
    Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`f${n}`, '1'])),
  );
  await open();
  const page = await call<unknown[]>('GET', `${at}/1/diffs?per_page=100`);
  expect(page.body).toHaveLength(20);
  expect(await call('GET', `${at}/1`)).toMatchObject({ body: { changes_count: '20+' } });
  expect((await call<unknown[]>('GET', `${at}/1/diffs?page=2&per_page=15`)).body).toHaveLength(5);
});

test('finds the merge requests of a commit', async () => {
  await open();
  const { body } = await merge();
  for (const id of [side, body.merge_commit_sha])
    expect(await call('GET', `/projects/1/repository/commits/${id}/merge_requests`)).toMatchObject({
      status: 200,
      body: [{ iid: 1, state: 'merged' }],
    });
  const of = `/projects/1/repository/commits/${first}/merge_requests`;
  expect(await call('GET', of)).toMatchObject({ status: 200, body: [] });
  expect(
    await call('GET', `/projects/1/repository/commits/${side}/merge_requests?state=opened`),
  ).toMatchObject({
    body: [],
  });
});
