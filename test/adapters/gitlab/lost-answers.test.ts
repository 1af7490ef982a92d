import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { startAic, type AicServer } from '../../../demo/aic/server.ts';
import { startGitLab, type GitLabServer } from '../../../demo/gitlab/server.ts';
import type { Fault } from '../../../demo/http-server.ts';
import { personAt, until, type Person } from '../../../demo/person.ts';
import { createAic } from '../../../src/adapters/aic/aic.ts';
import { neverBreaking } from '../../../src/adapters/http/circuit-breaker.ts';
import { createLog } from '../../../src/adapters/log.ts';
import type { GitLab } from '../../../src/domain/gitlab/gitlab.ts';
import type {
  CommitSha,
  IssueIid,
  MergeRequestIid,
  NoteId,
  PipelineId,
  ProjectId,
} from '../../../src/domain/shared/ids.ts';
import { parseConfig } from '../../../src/domain/pipeline/config.ts';
import type { Place } from '../../../src/domain/gitlab/comment-location.ts';
import { connectGitLab, valueOf } from '../connect-gitlab.ts';

/*
 * The work is done and its answer lost. Commits, branches, merge requests and uploads have such tests beside their others; here are the writes
 * that a job repeats until they succeed.
 */

const faults: readonly (readonly [string, Fault])[] = [
  ['a 502', { kind: 'status-after-work', status: 502 }],
  ['half a body', { kind: 'half-body' }],
];
const numbered = z.object({ iid: z.number() });

describe.each(faults)('where %s hides that the work was done', (_name, fault) => {
  let server: GitLabServer;
  let gitlab: GitLab;
  let person: Person;
  let project: ProjectId;
  let places: Readonly<Record<string, Place>>;

  const at = (path: string) => `/projects/${project}/${path}`;
  const post = (path: string, body: object) => person.call('POST', at(path), body);

  beforeEach(async () => {
    server = await startGitLab();
    const bot = server.addUser({ username: 'aic-bot', name: 'AIC bot', isBot: true });
    const omar = server.addUser({ username: 'omar', name: 'Omar' });
    project = (await server.addProject('pin/p', { defaultBranch: 'main' })).id as ProjectId;
    for (const { id } of [bot, omar]) server.addMember(project, id, 40);
    gitlab = connectGitLab(server.url, bot.token);
    person = personAt(server.url, omar.token);
    const commit = (await server.commitFiles(project, 'main', 'Begin', { 'a.txt': 'a\n' })) as CommitSha;
    await post('repository/branches?branch=topic&ref=main', {});
    await server.commitFiles(project, 'topic', 'Go on', { 'b.txt': 'b\n' });
    const request = { source_branch: 'topic', target_branch: 'main', title: 'T' };
    const merge = numbered.parse(await post('merge_requests', request)).iid as MergeRequestIid;
    const issue = numbered.parse(await post('issues', { title: 'I' })).iid as IssueIid;
    await post(`merge_requests/${merge}/notes`, { body: 'a question' });
    const discussions = await person.call('GET', at(`merge_requests/${merge}/discussions`));
    const [thread] = z.array(z.object({ id: z.string() })).parse(discussions);
    places = {
      'a merge request': { kind: 'merge-request', iid: merge },
      'an issue': { kind: 'issue', iid: issue },
      'a thread': { kind: 'merge-request', iid: merge, discussion: thread?.id ?? '' },
      'a commit': { kind: 'commit', commit },
    };
  });
  afterEach(() => server.close());

  /** Says it as its job does: again, until it is said. */
  async function say(place: Place, body: string): Promise<void> {
    const comment = { marker: 'aic-bot:test', body };
    await until(
      'the comment',
      async () => (await gitlab.putComment(project, place, comment, false)).ok || undefined,
      5_000,
    );
  }

  async function said(place: Place): Promise<readonly string[]> {
    const [path, text] =
      place.kind === 'commit'
        ? ([`repository/commits/${place.commit}/comments`, 'note'] as const)
        : ([
            `${place.kind === 'issue' ? 'issues' : 'merge_requests'}/${place.iid}/notes?sort=asc`,
            'body',
          ] as const);
    const all = z.array(z.record(z.string(), z.unknown())).parse(await person.call('GET', at(path)));
    return all.map((note) => String(note[text])).filter((body) => body.includes('aic-bot:test'));
  }

  it.each(['a merge request', 'an issue', 'a thread', 'a commit'])(
    'a comment on %s is made once',
    async (name) => {
      const place = places[name];
      if (place === undefined) throw new Error(name);
      server.inject({ method: 'POST', times: 1, fault });
      await say(place, 'hello');
      expect(await said(place)).toEqual([expect.stringContaining('hello')]);
    },
  );

  it('a comment that is edited stays one', async () => {
    const place: Place = { kind: 'issue', iid: 1 as IssueIid };
    await say(place, 'one');
    server.inject({ method: 'PUT', times: 1, fault });
    await say(place, 'two');
    expect(await said(place)).toEqual([expect.stringContaining('two')]);
  });

  it('an emoji is given once', async () => {
    const iid = 1 as IssueIid;
    const { id } = z.object({ id: z.number() }).parse(await post(`issues/${iid}/notes`, { body: 'x' }));
    const where = { on: { kind: 'issue', iid }, note: id as NoteId } as const;
    server.inject({ method: 'POST', path: /award_emoji$/, times: 1, fault });
    const give = async () => (await gitlab.react(project, where, 'eyes')).ok || undefined;
    await until('the emoji', give, 5_000);
    expect(await person.call('GET', at(`issues/${iid}/notes/${id}/award_emoji`))).toHaveLength(1);
  });

  it('the description of a merge request is written as it was meant', async () => {
    const wanted = { source: 'topic', target: 'main', usualTitle: 'T', section: 'what is in it' };
    server.inject({ method: 'PUT', times: 1, fault });
    const put = valueOf(
      await gitlab.putMergeRequest(project, { ...wanted, title: undefined, assignee: undefined }),
    );
    expect(put.description.match(/what is in it/g)).toHaveLength(1);
    expect(await person.call('GET', at('merge_requests'))).toHaveLength(1);
  });
});

describe.each(faults)('where %s hides that AIC did the work', (_name, fault) => {
  let server: AicServer;
  beforeEach(async () => {
    server = await startAic();
    server.addProject('P');
    server.addWorkspace('P', 'W');
  });
  afterEach(() => server.close());

  it('a pipeline is updated, and nothing is created', async () => {
    const clock = { now: () => Date.now() };
    const mask = (text: string) => text;
    const aic = createAic({
      hosts: new Map([['prod', { url: new URL(`${server.url}/apis/core/v1`), key: server.apiKey }]]),
      concurrency: 8,
      clock,
      stop: new AbortController().signal,
      mask,
      retry: { firstPauseMs: 1, longestPauseMs: 5, totalMs: 1_000 },
      breaking: neverBreaking,
      timeoutMs: 5_000,
    })(createLog({ level: 'silent', clock, mask, write: () => {} }));
    const found = await aic.workspace({ environment: 'prod', aicProject: 'P', workspace: 'W' });
    const { id } = server.addPipeline('P', 'W', 'Sales', { stages: [] });
    const content = parseConfig('{"stages":[{"n":1}]}');
    if (!found.ok || !content.ok) throw new Error('The demo does not work.');
    server.inject({ method: 'PUT', times: 1, fault });
    expect(await found.value.update(id as PipelineId, 'Sales', content.value)).toMatchObject({ ok: true });
    expect(server.pipeline('P', 'W', 'Sales')?.stages).toEqual([{ n: 1 }]);
    expect(server.pipelines('P', 'W')).toEqual(['Sales']);
  });
});
