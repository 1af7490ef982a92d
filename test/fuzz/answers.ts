import { createServer, type ServerResponse } from 'node:http';

import * as fc from 'fast-check';

import { createAic } from '../../src/adapters/aic/aic.ts';
import { neverBreaking } from '../../src/adapters/http/circuit-breaker.ts';
import { createGitLab } from '../../src/adapters/gitlab/gitlab.ts';
import { createLog } from '../../src/adapters/log.ts';
import type {
  CommitSha,
  IssueIid,
  MergeRequestIid,
  NoteId,
  ProjectId,
  UserId,
} from '../../src/domain/shared/ids.ts';
import { jsonText } from './hostile-json.ts';
import type { Target } from './target.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const sha = 'a'.repeat(40);
/** Answers near to the right ones. */
const plausible = [
  '[]',
  '{}',
  '{"id":1,"path_with_namespace":"a/b","web_url":"http://x","default_branch":"main"}',
  `{"commit":{"id":"${sha}"},"name":"main","default":true}`,
  `[{"name":"main","commit":{"id":"${sha}"},"default":true}]`,
  `{"id":"${sha}","message":"m","parent_ids":["${sha}"]}`,
  `[{"id":1,"body":"x","author":{"id":2},"created_at":"2026-01-01T00:00:00Z","updated_at":"x","system":false}]`,
  '[{"$id":"p","name":"P"}]',
  '{"jobs":[{"$id":"j","title":"A"},{"$id":"k"}]}',
  '{"jobConfig":{"$id":"j","stages":[],"variables":[]}}',
  '{"jobId":"j"}',
];

const answer: fc.Arbitrary<Answer> = fc.record({
  status: fc.oneof(
    { weight: 8, arbitrary: fc.constant(200) },
    { weight: 2, arbitrary: fc.integer({ min: 200, max: 599 }) },
  ),
  body: fc.oneof(fc.constantFrom(...plausible), jsonText, fc.string({ maxLength: 200 })),
  headers: fc.dictionary(
    fc.constantFrom('link', 'retry-after', 'x-next-page', 'x-total', 'content-type', 'etag', 'location'),
    fc.oneof(
      fc.constantFrom(
        '',
        '0',
        '-5',
        '99999999999',
        'soon',
        '<>; rel="next"',
        '<http://127.0.0.1:9/x>; rel="next"',
        'text/html',
        'application/json',
      ),
      fc.string({ unit: 'grapheme-ascii', maxLength: 30 }),
    ),
    { maxKeys: 3 },
  ),
});

/** The answers of GitLab and AIC: whatever they are, a call ends with data. */
export function answersTarget(
  within: <Input>(
    input: fc.Arbitrary<Input>,
    check: (value: Input) => Promise<void> | void,
  ) => fc.IAsyncProperty<unknown>,
): Target {
  return {
    name: 'answers',
    open: async () => {
      let current: Answer = { status: 200, body: '', headers: {} };
      const server = createServer((_request, response) => send(response, current));
      await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('no port');
      const url = new URL(`http://127.0.0.1:${address.port}`);
      const calls = callsTo(url);
      const property = within(fc.tuple(fc.nat(calls.length - 1), answer), async ([index, next]) => {
        current = next;
        const result = await calls[index]?.();
        if (typeof result !== 'object' || result === null || !('ok' in result)) throw new Error('no result');
      });
      return {
        property,
        close: async () => {
          server.closeAllConnections();
          await new Promise<void>((resolve) => void server.close(() => resolve()));
        },
      };
    },
  };
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  try {
    response.writeHead(status === 204 || status === 304 ? 200 : status, {
      'content-type': 'application/json',
      ...headers,
    });
  } catch {
    // What Node does not let a server send.
    response.writeHead(500);
  }
  response.end(body);
}

/** Every kind of call, each with clients of its own so that nothing is remembered. */
function callsTo(url: URL): readonly (() => Promise<unknown>)[] {
  const clock = { now: () => Date.now() };
  const mask = (text: string) => text;
  const log = createLog({ level: 'silent', clock, mask, write: () => {} });
  const common = {
    clock,
    mask,
    stop: new AbortController().signal,
    timeoutMs: 2_000,
    retry: { firstPauseMs: 0, longestPauseMs: 0, totalMs: 0 },
    breaking: neverBreaking,
  };
  const gitlab = () => createGitLab({ ...common, url, token: 'glpat-x' })(log);
  const workspace = { environment: 'prod', aicProject: 'P', workspace: 'P' } as const;
  const aic = () =>
    createAic({ ...common, hosts: new Map([['prod', { url, key: 'k' }]]), concurrency: 2 })(log);
  const id = 7 as ProjectId;
  const iid = 3 as MergeRequestIid;
  const commit = sha as CommitSha;
  const on = { kind: 'merge-request', iid } as const;
  return [
    () => gitlab().project(id),
    () => gitlab().head(id, 'main'),
    () => gitlab().file(id, 'a', 'main', { mostBytes: 1_000 }),
    () => gitlab().changes(id, commit, commit, ['config']),
    () => gitlab().changes(id, undefined, commit, ['config']),
    () => gitlab().firstParent(id, commit),
    () => gitlab().merged(id, iid),
    () => gitlab().commitsBetween(id, commit, commit),
    () => gitlab().mergedWith(id, 'main', commit),
    () => gitlab().proposedCommits(id, iid),
    () => gitlab().proposedCommit(id, commit),
    () => gitlab().isSameChange(id, commit, commit),
    () => gitlab().pushesTo(id, 'main'),
    () => gitlab().mergeRequestsFrom(id, 'a', 'main'),
    () => gitlab().putComment(id, on, { marker: 'm', body: 'b' }, false),
    () => gitlab().react(id, { on, note: 5 as NoteId }, 'eyes'),
    () => gitlab().token(),
    () => gitlab().self(),
    () => gitlab().member(id, 9 as UserId),
    () => gitlab().files(id, commit, ['config']),
    () => gitlab().history(id, 'main', 'a', 5),
    () => gitlab().memberships(),
    () => gitlab().heads(id, '^main$'),
    () => gitlab().hooks(id),
    () => gitlab().updatedSince(id, 0),
    () => gitlab().notesSince(id, on, 0),
    () => gitlab().isCopied(id, 1 as IssueIid, 0),
    () => gitlab().discussionOf(id, { on, note: 5 as NoteId }, 'd'),
    () => gitlab().edited(5 as NoteId),
    () => aic().projects('prod'),
    () => aic().workspaces(workspace),
    () => aic().workspace(workspace),
    () => aic().reachable(),
  ];
}
