import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startGitLab, type GitLabServer } from '../../../demo/gitlab/server.ts';
import { personAt, type Person } from '../../../demo/person.ts';
import { countLines } from '../../../src/adapters/gitlab/diff-lines.ts';
import type { GitLab } from '../../../src/domain/gitlab/gitlab.ts';
import type { CommitSha, MergeRequestIid, ProjectId } from '../../../src/domain/shared/ids.ts';
import { connectGitLab, valueOf as value } from '../connect-gitlab.ts';

let server: GitLabServer;
let gitlab: GitLab;
let bot: { readonly id: number; readonly token: string };
let person: Person;
let project: ProjectId;

const connect = (token: string) => connectGitLab(server.url, token);

beforeEach(async () => {
  server = await startGitLab();
  bot = server.addUser({ username: 'aic-bot', name: 'AIC bot' });
  const user = server.addUser({ username: 'omar', name: 'Omar' });
  person = personAt(server.url, user.token);
  const made = await server.addProject('pin/pipelines', { defaultBranch: 'main' });
  project = made.id as ProjectId;
  server.addMember(made.id, bot.id, 40);
  server.addMember(made.id, user.id, 40);
  gitlab = connect(bot.token);
});
afterEach(() => server.close());

async function commit(files: Readonly<Record<string, string | null>>, branch = 'main'): Promise<CommitSha> {
  return (await server.commitFiles(project, branch, 'Change', files)) as CommitSha;
}

async function paths(from: CommitSha | undefined, to: CommitSha): Promise<readonly string[] | undefined> {
  const changes = value(await gitlab.changes(project, from, to, ['config']));
  return changes?.paths.filter((path) => path.startsWith('config/')).toSorted();
}

/** The files of both trees that were read page by page. */
function treePages(): number {
  return server.calls.filter(({ path }) => path.endsWith('/repository/tree')).length;
}

const large = Array.from({ length: 400_000 }, (_, index) => `line ${index}`).join('\n');

describe('changes between two commits', () => {
  it('are told by one comparison and one count where they are few', async () => {
    const from = await commit({ 'config/a.json': '1\n', 'config/b.json': '1\n', 'config/c.json': '1\n' });
    const to = await commit({
      'config/a.json': '2\n',
      'config/b.json': null,
      'config/d.json': '1\n2\n',
      'README.md': 'x\n',
    });
    expect(await paths(from, to)).toEqual(['config/a.json', 'config/b.json', 'config/d.json']);
    expect(server.calls.map(({ path }) => path.split('/repository/')[1])).toEqual([
      'compare',
      `commits/${to}`,
    ]);
  });

  it('name both paths of a renamed file', async () => {
    const from = await commit({ 'config/old.json': 'one\ntwo\nthree\nfour\nfive\n' });
    const to = await commit({ 'config/old.json': null, 'config/new.json': 'one\ntwo\nthree\nfour\nsix\n' });
    expect(await paths(from, to)).toEqual(['config/new.json', 'config/old.json']);
  });

  it('are complete though a large file hides all that sorts after it', async () => {
    const from = await commit({ 'config/b.json': '1\n' });
    const to = await commit({ 'assets/data.csv': large, 'config/b.json': '2\n' });
    expect(await paths(from, to)).toEqual(['config/b.json']);
    expect(treePages()).toBe(2);
  });

  it('are complete when the large file came and went within the range', async () => {
    const from = await commit({ 'config/b.json': '1\n' });
    await commit({ 'assets/data.csv': large, 'config/b.json': '2\n' });
    const to = await commit({ 'assets/data.csv': null });
    expect(await paths(from, to)).toContain('config/b.json');
  });

  it.each([
    ['collapsed', { patchBytes: 200 }],
    ['left out', { files: 3 }],
  ])('are complete when a diff is %s', async (_, limits) => {
    const files = (text: string) =>
      Object.fromEntries(
        ['a', 'b', 'c', 'd', 'e'].map((name) => [`config/${name}.json`, `${text.repeat(100)}\n`]),
      );
    const from = await commit(files('1'));
    const to = await commit(files('2'));
    server.setDiffLimits(limits);
    expect(await paths(from, to)).toHaveLength(5);
  });

  it('are complete for several commits on the branch, and for many', async () => {
    const from = await commit({ 'config/0.json': '0\n' });
    await commit({ 'config/1.json': '1\n' });
    const few = await commit({ 'config/2.json': '2\n' });
    expect(await paths(from, few)).toEqual(['config/1.json', 'config/2.json']);
    expect(treePages()).toBe(0);
    for (const name of ['3', '4', '5', '6', '7']) await commit({ [`config/${name}.json`]: '1\n' });
    const many = await commit({ 'config/8.json': '8\n' });
    expect(await paths(from, many)).toHaveLength(8);
    expect(treePages()).toBe(2);
  });

  it('have the commits of the range', async () => {
    const from = await commit({ 'config/a.json': '1\n' });
    const one = await commit({ 'config/a.json': '2\n' });
    const two = await commit({ 'config/a.json': '3\n' });
    const changes = value(await gitlab.changes(project, from, two, ['config']));
    expect(changes?.commits?.toSorted((a, b) => (a.parents[0] === b.id ? 1 : -1))).toEqual([
      { id: one, parents: [from] },
      { id: two, parents: [one] },
    ]);
  });

  it('are told backwards too, as after a forced push', async () => {
    const from = await commit({ 'config/a.json': '1\n' });
    const to = await commit({ 'config/a.json': '2\n' });
    expect(await paths(to, from)).toEqual(['config/a.json']);
  });

  it('are all files where there is no commit to compare with, and unknown where it is gone', async () => {
    const to = await commit({ 'config/a.json': '1\n', 'config/b.json': '1\n' });
    expect(await paths(undefined, to)).toEqual(['config/a.json', 'config/b.json']);
    expect(await paths('f'.repeat(40) as CommitSha, to)).toBeUndefined();
  });

  it('are exact, whatever changed', async () => {
    const name = fc.constantFrom(
      'config/a.json',
      'config/b.json',
      'config/c d.json',
      'assets/x.txt',
      'zoo.txt',
    );
    const content = fc.oneof(fc.constantFrom('', 'x\n', '+++ b\n--- a\n', 'no end'), fc.string());
    const tree = fc.dictionary(name, content, { noNullPrototype: true });
    await commit({ 'README.md': 'x\n' });
    await fc.assert(
      fc.asyncProperty(tree, tree, async (before, after) => {
        const all = new Set([...Object.keys(before), ...Object.keys(after)]);
        const branch = crypto.randomUUID();
        const from = await commit({ ...before, keep: branch }, branch);
        const gone = Object.fromEntries(
          [...all].filter((path) => !(path in after)).map((path) => [path, null]),
        );
        const to = await commit({ ...after, ...(await present(branch, gone)), keep2: branch }, branch);
        const differing = [...all].filter(
          (path) => path.startsWith('config/') && before[path] !== after[path],
        );
        expect(await paths(from, to)).toEqual(differing.toSorted());
      }),
      { numRuns: 25 },
    );
  });
});

/** Of these paths, the ones that the branch has. */
async function present(
  branch: string,
  files: Readonly<Record<string, null>>,
): Promise<Readonly<Record<string, null>>> {
  const found: Record<string, null> = {};
  for (const path of Object.keys(files)) {
    if ((await server.readFile(project, branch, path)) !== undefined) found[path] = null;
  }
  return found;
}

describe('the lines of a diff', () => {
  it.each([
    ['@@ -1 +1 @@\n-a\n+b\n', 1, 1],
    ['@@ -0,0 +1,2 @@\n+a\n+++ b\n', 2, 0],
    ['--- a/x\n+++ b/x\n@@ -1,2 +1,1 @@\n a\n--- b\n\\ No newline at end of file\n', 0, 1],
    ['Binary files a/x and b/x differ\n', 0, 0],
    ['', 0, 0],
  ])('of %j are counted as git does', (diff, additions, deletions) => {
    expect(countLines(diff)).toEqual({ additions, deletions });
  });
});

describe('a comment', () => {
  let iid: MergeRequestIid;
  const path = () => `/projects/${project}/merge_requests/${iid}/notes`;
  const bodies = async () => {
    const all = (await person.call('GET', `${path()}?per_page=100&sort=asc`)) as { body: string }[];
    return all.map(({ body }) => body);
  };
  const put = (body: string, fresh = false, from = gitlab) =>
    from.putComment(project, { kind: 'merge-request', iid }, { marker: 'aic-bot:test', body }, fresh);

  beforeEach(async () => {
    await commit({ 'a.txt': 'a\n' });
    await commit({ 'b.txt': 'b\n' }, 'topic');
    const opened = await person.call('POST', `/projects/${project}/merge_requests`, {
      source_branch: 'topic',
      target_branch: 'main',
      title: 'T',
    });
    iid = (opened as { iid: number }).iid as MergeRequestIid;
  });

  it('is made once and edited from then on, by later processes too', async () => {
    value(await put('one', true));
    value(await put('two'));
    value(await put('three', false, connect(bot.token)));
    expect(await bodies()).toEqual(['<!-- aic-bot:test -->\n\nthree']);
  });

  it('is not written when it would read the same', async () => {
    value(await put('one'));
    value(await put('one'));
    value(await put('one', false, connect(bot.token)));
    expect(server.calls.filter(({ method }) => method === 'PUT')).toEqual([]);
  });

  it('is found behind more than a page of others, and never mistaken for somebody else’s', async () => {
    await person.call('POST', path(), { body: '<!-- aic-bot:test -->\n\nforged' });
    value(await put('mine'));
    for (let n = 0; n < 101; n += 1) await person.call('POST', path(), { body: `talk ${n}` });
    value(await put('mine, edited', false, connect(bot.token)));
    const all = (await bodies()).length;
    expect(all).toBe(100);
    expect(
      server.calls.filter(({ method, path: called }) => method === 'POST' && called.endsWith('notes')),
    ).toHaveLength(103);
  });

  it('is never mistaken for another of the bot’s that quotes its mark', async () => {
    const place = { kind: 'merge-request', iid } as const;
    const quoting = { marker: 'aic-bot:other', body: 'a pipeline named `<!-- aic-bot:test -->`' };
    value(await gitlab.putComment(project, place, quoting, false));
    value(await put('mine', false, connect(bot.token)));
    expect(await bodies()).toHaveLength(2);
  });

  it('is made anew when somebody deleted it', async () => {
    value(await put('one'));
    const [note] = (await person.call('GET', path())) as { id: number }[];
    await person.call('DELETE', `${path()}/${note?.id}`);
    value(await put('two'));
    expect(await bodies()).toEqual(['<!-- aic-bot:test -->\n\ntwo']);
  });

  it('runs no quick action', async () => {
    value(await put('/close\n\n/merge\ntext\n```\n/approve\n```'));
    expect(server.quickActions).toEqual([]);
    expect((await bodies())[0]).toContain(' /close');
  });

  it('cannot be put on a merge request that does not exist', async () => {
    const answer = await gitlab.putComment(
      project,
      { kind: 'merge-request', iid: 99 as MergeRequestIid },
      { marker: 'm', body: 'x' },
      false,
    );
    expect(answer).toMatchObject({ ok: false, failure: { reason: 'missing', status: 404 } });
  });

  it('on a commit is made once', async () => {
    const sha = await commit({ 'c.txt': 'c\n' });
    const say = (from: GitLab) =>
      from.putComment(
        project,
        { kind: 'commit', commit: sha },
        { marker: 'aic-bot:push', body: 'hello' },
        false,
      );
    value(await say(gitlab));
    value(await say(connect(bot.token)));
    expect(await person.call('GET', `/projects/${project}/repository/commits/${sha}/comments`)).toHaveLength(
      1,
    );
  });
});

describe('the token', () => {
  it('tells its scopes and that it never expires', async () => {
    expect(value(await gitlab.token())).toEqual({
      name: 'aic-bot token',
      scopes: ['api'],
      expiresAt: undefined,
    });
    expect(server.calls.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /api/v4/personal_access_tokens/self',
    ]);
  });

  it('ends when its last day begins in UTC', async () => {
    server.setTokenExpiry(bot.token, '2999-03-01');
    expect(value(await gitlab.token()).expiresAt).toBe(Date.UTC(2999, 2, 1));
  });

  it('that has expired or is unknown is denied', async () => {
    server.setTokenExpiry(bot.token, '2020-03-01');
    for (const refused of [gitlab, connect('wrong')])
      expect(await refused.token()).toMatchObject({
        ok: false,
        failure: { reason: 'denied', status: 401, asked: 'GET /personal_access_tokens/self' },
      });
  });

  it('with an end that is no date is an answer of an unexpected form', async () => {
    server.setTokenExpiry(bot.token, '2999-02-30');
    expect(await gitlab.token()).toMatchObject({ ok: false, failure: { reason: 'passing' } });
  });
});

describe('what GitLab does not show', () => {
  it('is undefined or missing, not a failure', async () => {
    const sha = await commit({ 'a.txt': 'a\n' });
    expect(value(await gitlab.head(project, 'none'))).toBeUndefined();
    expect(value(await gitlab.file(project, 'none.txt', sha, { mostBytes: 10 }))).toEqual({
      kind: 'missing',
    });
    expect(value(await gitlab.merged(project, 5 as MergeRequestIid))).toBeUndefined();
  });

  it('is told from what is too large', async () => {
    const sha = await commit({ 'a.txt': 'x'.repeat(1_000) });
    expect(value(await gitlab.file(project, 'a.txt', sha, { mostBytes: 999 }))).toEqual({
      kind: 'too-large',
      mostBytes: 999,
    });
    expect(value(await gitlab.file(project, 'a.txt', sha, { mostBytes: 1_000 }))).toMatchObject({
      kind: 'text',
    });
  });

  it('with a wrong token is a failure that tells', async () => {
    expect(await connect('wrong').reachable()).toMatchObject({
      ok: false,
      failure: {
        system: 'GitLab',
        reason: 'denied',
        status: 401,
        asked: 'GET /user',
        said: '401 Unauthorized',
      },
    });
  });
});
