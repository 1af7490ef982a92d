import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startGitLab, type GitLabServer } from '../../demo/gitlab/server.ts';
import { createClient, type Call } from './gitlab-client.ts';

let gitlab: GitLabServer;
let call: Call;
let first: string;
const at = '/projects/1/repository';

beforeEach(async () => {
  gitlab = await startGitLab();
  call = createClient(gitlab.url, gitlab.admin.token);
  await gitlab.addProject('team/pipelines');
  first = await gitlab.commitFiles(1, 'main', 'First\n\nMore of it.', {
    'README.md': '# Pipelines\n',
    'config/a.json': '{}\n',
    'config/b.json': '{ "b": 1 }\n',
    'code/a/t.sql': 'select 1',
  });
});

afterEach(() => gitlab.close());

const commit = (body: object): Promise<{ status: number; body: { id: string; message?: unknown } }> =>
  call('POST', `${at}/commits`, { branch: 'main', commit_message: 'Change', ...body });

test('makes, shows, lists and removes branches', async () => {
  expect(await call('POST', `${at}/branches`, { branch: 'feature/x', ref: 'main' })).toMatchObject({
    status: 201,
    body: { name: 'feature/x', commit: { id: first, title: 'First' }, default: false, merged: true },
  });
  expect(await call('GET', `${at}/branches/feature%2Fx`)).toMatchObject({
    status: 200,
    body: { name: 'feature/x' },
  });
  expect(await call('HEAD', `${at}/branches/feature%2Fx`)).toMatchObject({ status: 204 });
  expect(await call('GET', `${at}/branches`)).toMatchObject({
    body: [{ name: 'feature/x' }, { name: 'main', default: true, protected: true }],
  });
  expect(await call('GET', `${at}/branches?search=%5Efeat`)).toMatchObject({ body: [{ name: 'feature/x' }] });
  const fitting = encodeURIComponent('^(feature/.*|mai)$');
  expect(await call('GET', `${at}/branches?regex=${fitting}`)).toMatchObject({
    body: [{ name: 'feature/x' }],
  });
  expect(await call('GET', `${at}/branches?regex=(`)).toMatchObject({ status: 400 });
  expect(await call('DELETE', `${at}/branches/feature%2Fx`)).toMatchObject({ status: 204 });
  expect(await call('GET', `${at}/branches/feature%2Fx`)).toMatchObject({
    status: 404,
    body: { message: '404 Branch Not Found' },
  });
  expect(await call('HEAD', `${at}/branches/feature%2Fx`)).toMatchObject({ status: 404 });
  expect(await call('DELETE', `${at}/branches/main`)).toMatchObject({ status: 400 });
});

test('refuses a branch that exists, a bad name and a bad start with 400', async () => {
  const make = (branch: string, ref: string): Promise<unknown> =>
    call('POST', `${at}/branches`, { branch, ref });
  expect(await make('main', 'main')).toMatchObject({
    status: 400,
    body: { message: 'Branch already exists' },
  });
  expect(await make('x..y', 'main')).toMatchObject({ status: 400 });
  expect(await make('main/sub', 'main')).toMatchObject({ status: 400 });
  expect(await make('y', 'none')).toMatchObject({
    status: 400,
    body: { message: 'Invalid reference name: none' },
  });
  expect(await call('POST', `${at}/branches`, { branch: 'y' })).toMatchObject({
    body: { error: 'ref is missing' },
  });
});

test('commits several files at once', async () => {
  const answer = await commit({
    author_name: 'Ann',
    author_email: 'ann@example.com',
    actions: [
      { action: 'create', file_path: 'config/new "ü".json', content: 'bmV3', encoding: 'base64' },
      { action: 'update', file_path: 'config/a.json', content: '{ "a": 2 }\n' },
      { action: 'delete', file_path: 'config/b.json' },
      { action: 'move', file_path: 'code/b/t.sql', previous_path: 'code/a/t.sql' },
      { action: 'chmod', file_path: 'README.md', execute_filemode: true },
    ],
  });
  expect(answer).toMatchObject({
    status: 201,
    body: {
      short_id: answer.body.id.slice(0, 8),
      parent_ids: [first],
      title: 'Change',
      author_name: 'Ann',
      committer_name: 'Administrator',
      stats: { additions: 2, deletions: 2, total: 4 },
      project_id: 1,
    },
  });
  const tree = execFileSync('git', ['--git-dir', gitlab.directoryOf(1), 'ls-tree', '-rz', 'main'], {
    encoding: 'utf8',
  });
  expect(tree.split('\0').map((line) => line.replace(/ .*\t/, ' '))).toEqual([
    '100755 README.md',
    '100644 code/b/t.sql',
    '100644 config/a.json',
    '100644 config/new "ü".json',
    '',
  ]);
  expect(await gitlab.readFile(1, 'main', 'config/new "ü".json')).toBe('new');
  expect(await gitlab.readFile(1, 'main', 'code/b/t.sql')).toBe('select 1');
});

test('starts a new branch from another branch or a commit', async () => {
  const actions = [{ action: 'create', file_path: 'x', content: '1' }];
  expect(await commit({ branch: 'one', start_branch: 'main', actions })).toMatchObject({ status: 201 });
  expect(await commit({ branch: 'two', start_sha: first, actions })).toMatchObject({
    body: { parent_ids: [first] },
  });
  expect(await commit({ branch: 'two', start_branch: 'main', actions })).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining("'two' already exists") },
  });
  expect(await commit({ branch: 'two', start_branch: 'main', force: true, actions })).toMatchObject({
    status: 201,
    body: { parent_ids: [first] },
  });
  expect(await commit({ branch: 'three', actions })).toMatchObject({ status: 400 });
  expect(await commit({ branch: 'three', start_branch: 'none', actions })).toMatchObject({ status: 400 });
  expect(await commit({ branch: 'four', start_branch: 'main', start_sha: first, actions })).toMatchObject({
    status: 400,
    body: { error: 'start_branch, start_sha are mutually exclusive' },
  });
});

test('refuses actions that do not fit the files, and then changes nothing', async () => {
  const refusal = async (...actions: object[]): Promise<unknown> => {
    const answer = await commit({ actions });
    expect(answer.status).toBe(400);
    return answer.body.message;
  };
  const create = { action: 'create', file_path: 'new', content: '' };
  expect(await refusal(create, { action: 'create', file_path: 'README.md', content: '' })).toBe(
    'A file with this name already exists',
  );
  expect(await refusal(create, { action: 'update', file_path: 'none', content: '' })).toBe(
    "A file with this name doesn't exist",
  );
  expect(await refusal({ action: 'delete', file_path: 'none' })).toBe("A file with this name doesn't exist");
  expect(await refusal({ action: 'create', file_path: '../x', content: '' })).toBe('Invalid path: ../x');
  expect(await commit({ actions: [{ action: 'explode', file_path: 'x' }] })).toMatchObject({
    body: { error: 'actions[0][action] does not have a valid value' },
  });
  expect(await commit({})).toMatchObject({ body: { error: 'actions is missing' } });
  expect(await gitlab.commitId(1, 'main')).toBe(first);
});

test('refuses a change of a file that was changed since the given commit, and no other', async () => {
  const then = await gitlab.commitId(1, 'main');
  const update = (content: string, last_commit_id: string | undefined) =>
    commit({ actions: [{ action: 'update', file_path: 'README.md', content, last_commit_id }] });
  await commit({ actions: [{ action: 'create', file_path: 'other', content: '' }] });
  // The branch moved, the file did not.
  expect(await update('one', then)).toMatchObject({ status: 201 });
  expect(await update('two', then)).toMatchObject({
    status: 400,
    body: { message: 'The file has changed since you started editing it: README.md' },
  });
  expect(await update('two', await gitlab.commitId(1, 'main'))).toMatchObject({ status: 201 });
});

test('lets only maintainers commit to a protected branch', async () => {
  const dev = gitlab.addUser({ username: 'dev', name: 'Dev' });
  gitlab.addMember(1, dev.id, 30);
  const asDev = createClient(gitlab.url, dev.token);
  const body = { commit_message: 'x', actions: [{ action: 'create', file_path: 'x', content: '' }] };
  expect(await asDev('POST', `${at}/commits`, { ...body, branch: 'main' })).toMatchObject({
    status: 403,
    body: { message: 'You are not allowed to push into this branch' },
  });
  expect(await asDev('POST', `${at}/commits`, { ...body, branch: 'x', start_branch: 'main' })).toMatchObject({
    status: 201,
  });
});

test('keeps every commit of calls at the same time', async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      commit({ actions: [{ action: 'create', file_path: `f${n}`, content: '' }] }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201));
  const list = await call<unknown[]>('GET', `${at}/commits`);
  expect(list.body).toHaveLength(9);
});

test('shows a commit by id, branch and the start of its id', async () => {
  for (const name of [first, 'main', first.slice(0, 8), 'HEAD']) {
    expect(await call('GET', `${at}/commits/${name}`)).toMatchObject({
      status: 200,
      body: {
        id: first,
        title: 'First',
        message: 'First\n\nMore of it.',
        parent_ids: [],
        stats: { additions: 4 },
      },
    });
  }
  for (const name of ['none', 'f'.repeat(40), 'main~9', 'x%3Ay', '--all'])
    expect(await call('GET', `${at}/commits/${name}`)).toMatchObject({
      status: 404,
      body: { message: '404 Commit Not Found' },
    });
});

test('lists commits of a branch, a path and the first parents, without totals', async () => {
  const second = await gitlab.commitFiles(1, 'main', 'Second', { 'config/a.json': '{ }' });
  const third = await gitlab.commitFiles(1, 'main', 'Third', { other: '' });
  const ids = async (query: string): Promise<string[]> =>
    (await call<{ id: string }[]>('GET', `${at}/commits?${query}`)).body.map(({ id }) => id);
  expect(await ids('')).toEqual([third, second, first]);
  expect(await ids('ref_name=main&path=config')).toEqual([second, first]);
  expect(await ids(`ref_name=${second}&first_parent=true`)).toEqual([second, first]);
  const page = await call<unknown[]>('GET', `${at}/commits?per_page=2`);
  expect(page.body).toHaveLength(2);
  expect(page.headers.get('x-total')).toBeNull();
  expect(page.headers.get('x-next-page')).toBe('2');
  expect(await call('GET', `${at}/commits?ref_name=none`)).toMatchObject({ status: 404 });
});

test('shows what a commit changed', async () => {
  const id = await gitlab.commitFiles(1, 'main', 'Second', {
    'config/a.json': '{ }\n',
    'config/b.json': null,
  });
  expect(await call('GET', `${at}/commits/${id}/diff`)).toMatchObject({
    status: 200,
    body: [
      { new_path: 'config/a.json', diff: '@@ -1 +1 @@\n-{}\n+{ }\n', new_file: false, a_mode: '100644' },
      { new_path: 'config/b.json', deleted_file: true, b_mode: '0' },
    ],
  });
  expect((await call<unknown[]>('GET', `${at}/commits/${first}/diff`)).body).toHaveLength(4);
});

test('takes comments on commits', async () => {
  expect(await call('POST', `${at}/commits/${first}/comments`, { note: 'Well done' })).toMatchObject({
    status: 201,
    body: { note: 'Well done', author: { username: 'root' }, line: null },
  });
  expect(await call('GET', `${at}/commits/main/comments`)).toMatchObject({ body: [{ note: 'Well done' }] });
  expect(await call('POST', `${at}/commits/none/comments`, { note: 'x' })).toMatchObject({ status: 404 });
  expect(await call('POST', `${at}/commits/${first}/comments`, { note: '/tag v1' })).toMatchObject({
    status: 400,
  });
});

test('lists a tree, folders first', async () => {
  expect(await call('GET', `${at}/tree`)).toMatchObject({
    body: [
      { name: 'code', type: 'tree', path: 'code', mode: '040000' },
      { name: 'config', type: 'tree', path: 'config', mode: '040000' },
      { name: 'README.md', type: 'blob', path: 'README.md', mode: '100644' },
    ],
  });
  const inside = await call<{ path: string }[]>('GET', `${at}/tree?path=config&ref=${first}`);
  expect(inside.body.map(({ path }) => path)).toEqual(['config/a.json', 'config/b.json']);
  const all = await call<{ path: string }[]>('GET', `${at}/tree?recursive=true&pagination=none`);
  expect(all.body.map(({ path }) => path)).toEqual([
    'code',
    'code/a',
    'config',
    'README.md',
    'code/a/t.sql',
    'config/a.json',
    'config/b.json',
  ]);
});

test('answers 404 for a tree that is not there', async () => {
  expect(await call('GET', `${at}/tree?ref=none`)).toMatchObject({
    status: 404,
    body: { message: '404 Tree Not Found' },
  });
  for (const path of ['none', 'README.md', '../config'])
    expect(await call('GET', `${at}/tree?path=${path}`)).toMatchObject({
      status: 404,
      body: { message: '404 invalid revision or path Not Found' },
    });
  expect(await call('GET', `${at}/tree?pagination=none`)).toMatchObject({ status: 400 });
});

test('pages a tree by keyset through the Link header alone', async () => {
  const paths: string[] = [];
  let next: string | undefined = `${at}/tree?recursive=true&pagination=keyset&per_page=3&ref=main`;
  let calls = 0;
  while (next !== undefined) {
    const answer: { headers: Headers; body: { path: string }[] } = await call('GET', next);
    expect(answer.headers.get('x-page')).toBeNull();
    paths.push(...answer.body.map(({ path }) => path));
    next = /<[^>]*\/api\/v4([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1];
    calls += 1;
  }
  expect(calls).toBe(3);
  expect(new Set(paths).size).toBe(7);
  expect(await call('GET', `${at}/tree?pagination=keyset&page_token=wrong`)).toMatchObject({ status: 400 });
});

test('shows blobs by id', async () => {
  const [entry] = (await call<{ id: string }[]>('GET', `${at}/tree?path=config`)).body;
  expect(await call('GET', `${at}/blobs/${entry?.id}`)).toMatchObject({
    body: { size: 3, encoding: 'base64', content: 'e30K', sha: entry?.id },
  });
  const raw = await call('GET', `${at}/blobs/${entry?.id}/raw`);
  expect(raw.body).toBe('{}\n');
  expect(raw.headers.get('content-type')).toBe('text/plain');
  expect(await call('GET', `${at}/blobs/${first}`)).toMatchObject({
    status: 404,
    body: { message: '404 Blob Not Found' },
  });
  expect(await call('GET', `${at}/blobs/HEAD%5E%7B%2F%5B%7D`)).toMatchObject({ status: 404 });
});

test('shows a file as JSON, raw and by its headers alone', async () => {
  const second = await gitlab.commitFiles(1, 'main', 'Second', { other: '' });
  const sha256 = createHash('sha256').update('{}\n').digest('hex');
  const file = `${at}/files/config%2Fa.json`;
  expect(await call('GET', `${file}?ref=main`)).toMatchObject({
    status: 200,
    body: {
      file_name: 'a.json',
      file_path: 'config/a.json',
      size: 3,
      encoding: 'base64',
      content: 'e30K',
      content_sha256: sha256,
      ref: 'main',
      commit_id: second,
      last_commit_id: first,
      execute_filemode: false,
    },
  });
  const raw = await call('GET', `${file}/raw`);
  expect(raw).toMatchObject({ status: 200, body: '{}\n' });
  expect(raw.headers.get('x-gitlab-content-sha256')).toBe(sha256);
  const head = await call('HEAD', `${file}?ref=${second}`);
  expect(head).toMatchObject({ status: 200, body: '' });
  expect(Object.fromEntries(head.headers)).toMatchObject({
    'x-gitlab-file-path': 'config/a.json',
    'x-gitlab-last-commit-id': first,
    'x-gitlab-size': '3',
    'x-gitlab-encoding': 'base64',
  });
});

test('answers 404 for a missing file or ref, and 400 without a ref', async () => {
  const file = `${at}/files/config%2Fa.json`;
  expect(await call('GET', `${file}?ref=none`)).toMatchObject({
    status: 404,
    body: { message: '404 Commit Not Found' },
  });
  for (const path of ['none', 'config', 'config%2F..%2Fconfig%2Fa.json', '.%2FREADME.md'])
    expect(await call('GET', `${at}/files/${path}?ref=main`)).toMatchObject({
      status: 404,
      body: { message: '404 File Not Found' },
    });
  expect(await call('GET', file)).toMatchObject({ status: 400, body: { error: 'ref is missing' } });
});

test('makes, changes and removes single files', async () => {
  const file = `${at}/files/config%2Fa%252Fb%20%23.json`;
  const body = { branch: 'main', commit_message: 'x', content: '1' };
  const path = 'config/a%2Fb #.json';
  expect(await call('POST', file, body)).toMatchObject({
    status: 201,
    body: { file_path: path, branch: 'main' },
  });
  expect(await call('POST', file, body)).toMatchObject({ status: 400 });
  expect(await call('PUT', file, { ...body, content: 'Mg==', encoding: 'base64' })).toMatchObject({
    status: 200,
  });
  expect(await gitlab.readFile(1, 'main', path)).toBe('2');
  expect(await call('PUT', file, { ...body, content: '2' })).toMatchObject({ status: 400 });
  expect(await call('PUT', file, { ...body, last_commit_id: first })).toMatchObject({ status: 400 });
  expect(await call('DELETE', file, { branch: 'main', commit_message: 'x' })).toMatchObject({ status: 204 });
  expect(await call('DELETE', file, { branch: 'main', commit_message: 'x' })).toMatchObject({ status: 400 });
  expect(await call('POST', file, { ...body, branch: 'new', start_branch: 'main' })).toMatchObject({
    status: 201,
  });
  expect(await gitlab.readFile(1, 'new', path)).toBe('1');
});

interface Compared {
  readonly commits: { id: string }[];
  readonly diffs: {
    new_path: string;
    old_path: string;
    diff: string;
    collapsed: boolean;
    too_large: boolean;
    renamed_file: boolean;
  }[];
}

test('compares from where the branches parted, or straight', async () => {
  const one = await gitlab.commitFiles(1, 'side', 'Side', { side: '1' });
  const two = await gitlab.commitFiles(1, 'side', 'Side again', { side: '2' });
  await gitlab.commitFiles(1, 'main', 'Main', { main: '1' });
  const query = `from=main&to=side`;
  const parted = await call<Compared>('GET', `${at}/compare?${query}`);
  expect(parted.body.commits.map(({ id }) => id)).toEqual([one, two]);
  expect(parted.body.diffs.map(({ new_path }) => new_path)).toEqual(['side']);
  expect(parted.body).toMatchObject({ commit: { id: two }, compare_timeout: false, compare_same_ref: false });
  const straight = await call<Compared>('GET', `${at}/compare?${query}&straight=true`);
  expect(straight.body.diffs.map(({ new_path }) => new_path)).toEqual(['main', 'side']);
  expect(await call('GET', `${at}/compare?from=main&to=main`)).toMatchObject({
    body: { commit: null, commits: [], diffs: [], compare_same_ref: true },
  });
});

test('refuses to compare what is not there', async () => {
  expect(await call('GET', `${at}/compare?from=main&to=none`)).toMatchObject({
    status: 404,
    body: { message: '404 Ref Not Found' },
  });
  expect(await call('GET', `${at}/compare`)).toMatchObject({
    body: { error: 'from is missing, to is missing' },
  });
});

test('finds renamed files', async () => {
  const text = Array.from({ length: 30 }, (_, n) => `line ${n}\n`).join('');
  await gitlab.commitFiles(1, 'main', 'Text', { old: text });
  await gitlab.commitFiles(1, 'side', 'Move', { old: null, new: `${text}more\n` });
  const { body } = await call<Compared>('GET', `${at}/compare?from=main&to=side`);
  expect(body.diffs).toMatchObject([{ old_path: 'old', new_path: 'new', renamed_file: true }]);
  expect(body.diffs[0]?.diff).toContain('+more');
});

test('cuts large differences silently, and never the commits', async () => {
  gitlab.setDiffLimits({ patchBytes: 1_000, files: 40, lines: 500 });
  const sized = (bytes: number): string => `${'x'.repeat(bytes)}\n`;
  await gitlab.commitFiles(1, 'side', 'Sizes', {
    a: sized(50),
    b: sized(200),
    c: sized(1_200),
    d: sized(50),
    e: sized(50),
  });
  const shown = async (): Promise<unknown[]> =>
    (await call<Compared>('GET', `${at}/compare?from=main&to=side`)).body.diffs.map((one) => [
      one.new_path,
      one.diff === '' ? 'empty' : 'whole',
      ...(one.collapsed ? ['collapsed'] : []),
      ...(one.too_large ? ['too large'] : []),
    ]);
  expect(await shown()).toEqual([
    ['a', 'whole'],
    ['b', 'empty', 'collapsed'],
    ['c', 'empty', 'too large'],
    ['d', 'whole'],
    // The fifth of forty: a tenth of the files is shown whole.
    ['e', 'empty', 'collapsed'],
  ]);
  gitlab.setDiffLimits({ files: 3 });
  expect(await shown()).toHaveLength(3);
  gitlab.setDiffLimits({ lines: 4 });
  expect(await shown()).toHaveLength(2);
  gitlab.setDiffLimits();
  expect(await shown()).toEqual([
    ['a', 'whole'],
    ['b', 'whole'],
    ['c', 'whole'],
    ['d', 'whole'],
    ['e', 'whole'],
  ]);
});

test('shows a thousand files of a difference, whatever there are more', async () => {
  const files = Object.fromEntries(Array.from({ length: 1_200 }, (_, n) => [`many/${n}.json`, `${n}\n`]));
  const id = await gitlab.commitFiles(1, 'side', 'Many', files, { hooks: false });
  const { body } = await call<Compared>('GET', `${at}/compare?from=main&to=side`);
  expect(body.diffs).toHaveLength(1_000);
  expect(body.commits.map((one) => one.id)).toEqual([id]);
  const none = Object.fromEntries(Object.keys(files).map((path) => [path, null]));
  await gitlab.commitFiles(1, 'side', 'None', none);
  expect(await call('GET', `${at}/compare?from=main&to=side`)).toMatchObject({ body: { diffs: [] } });
});

test('shows every changed file of any two commits once, under its name', async () => {
  const name = fc.string({
    unit: fc.constantFrom('a', 'b', ' ', '"', '\\', 'ü', '@', '\t'),
    minLength: 1,
    maxLength: 5,
  });
  const path = fc.array(name, { minLength: 1, maxLength: 2 }).map((parts) => `r/${parts.join('/')}`);
  const content = fc.stringMatching(/^(diff --git|@@ -1 \+1 @@|\n|x| ){0,6}$/);
  // Files whose name is another one's folder can't stand beside it: one level per set.
  const set = fc.dictionary(path, content, { maxKeys: 5, noNullPrototype: true }).filter((files) => {
    const paths = Object.keys(files);
    return !paths.some((one) => paths.some((other) => other.startsWith(`${one}/`)));
  });
  let round = 0;
  await fc.assert(
    fc.asyncProperty(set, set, async (before, after) => {
      round += 1;
      const gone = Object.fromEntries(
        Object.keys(before)
          .filter((one) => !(one in after))
          .map((one) => [one, null]),
      );
      const from = await gitlab.commitFiles(1, `from${round}`, 'from', before, { hooks: false });
      const to = await gitlab.commitFiles(
        1,
        `to${round}`,
        'to',
        { ...gone, ...after },
        { hooks: false, startBranch: `from${round}` },
      );
      const { body } = await call<Compared>('GET', `${at}/compare?from=${from}&to=${to}`);
      const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
        (one) => before[one] !== after[one],
      );
      const shown = new Set(body.diffs.flatMap(({ old_path, new_path }) => [old_path, new_path]));
      expect([...shown].toSorted()).toEqual(changed.toSorted());
      for (const { diff } of body.diffs) expect(diff === '' || diff.startsWith('@@ ')).toBe(true);
    }),
    { numRuns: 25 },
  );
});
