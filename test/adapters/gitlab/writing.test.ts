import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { startGitLab, type GitLabServer } from '../../../demo/gitlab/server.ts';
import type { Fault } from '../../../demo/http-server.ts';
import type { GitLab } from '../../../src/domain/gitlab/gitlab.ts';
import type { NewMergeRequest } from '../../../src/domain/gitlab/merge-request.ts';
import type { CommitSha, ProjectId, UserId } from '../../../src/domain/shared/ids.ts';
import type { NewCommit } from '../../../src/domain/gitlab/repository.ts';
import { connectGitLab, valueOf } from '../connect-gitlab.ts';

let server: GitLabServer;
let gitlab: GitLab;
let project: ProjectId;
let main: CommitSha;
let person: { readonly id: number; readonly token: string };

const faults: readonly (readonly [string, Fault])[] = [
  ['502 after the work', { kind: 'status-after-work', status: 502 }],
  ['502 before it', { kind: 'status', status: 502 }],
  ['429 with Retry-After', { kind: 'status', status: 429, headers: { 'retry-after': '0' } }],
  ['a cut connection', { kind: 'reset' }],
  ['half a body', { kind: 'half-body' }],
  ['wrong JSON', { kind: 'wrong-json' }],
  ['an HTML page', { kind: 'html' }],
];

beforeEach(async () => {
  server = await startGitLab();
  const bot = server.addUser({ username: 'aic-bot', name: 'AIC bot' });
  person = server.addUser({ username: 'omar', name: 'Omar' });
  project = (await server.addProject('pin/pipelines', { defaultBranch: 'main' })).id as ProjectId;
  server.addMember(project, bot.id, 40);
  server.addMember(project, person.id, 40);
  gitlab = connectGitLab(server.url, bot.token);
  main = (await server.commitFiles(project, 'main', 'Begin', { 'a.txt': 'a\n' })) as CommitSha;
});
afterEach(() => server.close());

function count(): Promise<number> {
  const path = `${server.url}/api/v4/projects/${project}/repository/commits?all=true&per_page=100`;
  return fetch(path, { headers: { 'private-token': person.token } }).then(
    async (answer) => z.array(z.unknown()).parse(await answer.json()).length,
  );
}

describe('a commit', () => {
  const change = (path = 'b.txt', content = 'b\n') => ({ kind: 'create', path, content }) as const;
  const wish = (more: Partial<NewCommit> = {}): NewCommit => ({
    branch: 'main',
    onto: main,
    isNew: false,
    message: 'Push',
    changes: [change()],
    ...more,
  });

  it.each(faults)('is made once through %s', async (_name, fault) => {
    server.inject({ method: 'POST', path: /commits$/, times: 1, fault });
    const made = valueOf(await gitlab.commit(project, wish()));
    expect(made).toMatchObject({ kind: 'made', directly: true });
    expect(await count()).toBe(2);
  });

  it.each(faults)('that makes its branch is made once through %s', async (_name, fault) => {
    server.inject({ method: 'POST', path: /commits$/, times: 1, fault });
    const made = valueOf(await gitlab.commit(project, wish({ branch: 'topic', isNew: true })));
    expect(made).toMatchObject({ kind: 'made', directly: true });
    expect(await count()).toBe(2);
  });

  it('does not overwrite what somebody committed to the same file since', async () => {
    const theirs = await server.commitFiles(project, 'main', 'Theirs', { 'a.txt': 'theirs\n' });
    const changes = [{ kind: 'update', path: 'a.txt', content: 'ours\n' }] as const;
    expect(valueOf(await gitlab.commit(project, wish({ changes })))).toEqual({ kind: 'moved' });
    expect(await server.commitId(project, 'main')).toBe(theirs);
  });

  it('keeps what somebody committed to another file, and tells that it is not directly on top', async () => {
    await server.commitFiles(project, 'main', 'Theirs', { 'c.txt': 'theirs\n' });
    expect(valueOf(await gitlab.commit(project, wish()))).toMatchObject({ kind: 'made', directly: false });
    expect(await server.readFile(project, 'main', 'c.txt')).toBe('theirs\n');
  });

  it('of a branch that somebody made meanwhile is moved', async () => {
    await server.commitFiles(project, 'topic', 'Theirs', { 'c.txt': 'theirs\n' });
    const made = await gitlab.commit(project, wish({ branch: 'topic', isNew: true }));
    expect(valueOf(made)).toEqual({ kind: 'moved' });
  });

  it('to a branch that the bot may not push to is denied', async () => {
    server.addMember(project, person.id, 30);
    server.protectBranch(project, 'main');
    const made = await connectGitLab(server.url, person.token).commit(project, wish());
    expect(made).toMatchObject({ ok: false, failure: { reason: 'denied', status: 403 } });
  });
});

describe('a branch', () => {
  it.each(faults)('is cut once through %s', async (_name, fault) => {
    server.inject({ method: 'POST', path: /branches$/, times: 1, fault });
    const first = await gitlab.cut(project, 'hotfix/1', main);
    // What a fault kept from being made is made by the next try of the job.
    if (!first.ok) valueOf(await gitlab.cut(project, 'hotfix/1', main));
    expect(await server.commitId(project, 'hotfix/1')).toBe(main);
  });

  it('that exists stays where it is', async () => {
    const theirs = await server.commitFiles(project, 'topic', 'Theirs', { 'c.txt': 'theirs\n' });
    valueOf(await gitlab.cut(project, 'topic', main));
    expect(await server.commitId(project, 'topic')).toBe(theirs);
  });

  it('has the commits that touched a file, newest first', async () => {
    const second = await server.commitFiles(project, 'main', 'Two', { 'a.txt': '2\n' });
    await server.commitFiles(project, 'main', 'Other', { 'b.txt': '2\n' });
    const third = await server.commitFiles(project, 'main', 'Three', { 'a.txt': '3\n' });
    const head = (await server.commitId(project, 'main')) as CommitSha;
    expect(valueOf(await gitlab.history(project, head, 'a.txt', 10))).toEqual([third, second, main]);
    expect(valueOf(await gitlab.history(project, head, 'a.txt', 1))).toEqual([third]);
    expect(valueOf(await gitlab.history(project, head, 'none.txt', 10))).toEqual([]);
  });
});

describe('a merge request', () => {
  const wish = (more: Partial<NewMergeRequest> = {}): NewMergeRequest => ({
    source: 'topic',
    target: 'main',
    title: undefined,
    usualTitle: 'Release 1',
    section: 'ours',
    assignee: person.id as UserId,
    ...more,
  });

  beforeEach(async () => {
    await server.commitFiles(project, 'topic', 'Work', { 'b.txt': 'b\n' });
  });

  it.each(faults)('is opened once through %s', async (_name, fault) => {
    server.inject({ method: 'POST', path: /merge_requests$/, times: 1, fault });
    const put = valueOf(await gitlab.putMergeRequest(project, wish()));
    expect(put).toMatchObject({ state: 'opened', title: 'Release 1' });
    expect(valueOf(await gitlab.mergeRequestsFrom(project, 'topic', 'main'))).toHaveLength(1);
  });

  it('is opened once by two that ask at the same time', async () => {
    const both = await Promise.all([1, 2].map(() => gitlab.putMergeRequest(project, wish())));
    expect(new Set(both.map((one) => valueOf(one).iid)).size).toBe(1);
  });

  it('is written only when it would read otherwise, and keeps its title', async () => {
    const first = valueOf(await gitlab.putMergeRequest(project, wish({ title: 'Mine' })));
    valueOf(await gitlab.putMergeRequest(project, wish()));
    expect(server.calls.filter(({ method }) => method === 'PUT')).toEqual([]);
    const edited = valueOf(await gitlab.putMergeRequest(project, wish({ section: 'other' })));
    expect(edited).toMatchObject({ iid: first.iid, title: 'Mine' });
    expect(edited.description).toContain('other');
    expect(edited.description).not.toContain('ours');
  });

  it('runs no quick action', async () => {
    valueOf(await gitlab.putMergeRequest(project, wish({ section: '/merge\n/close\ntext' })));
    expect(server.quickActions).toEqual([]);
  });
});
