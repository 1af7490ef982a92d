import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';

import { serve } from '@hono/node-server';
import * as fc from 'fast-check';
import type { Kysely } from 'kysely';
import picomatch from 'picomatch';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { createLog } from '../src/adapters/log.ts';
import { createInbox } from '../src/adapters/store/tables/inbox.ts';
import type { Tables } from '../src/adapters/store/tables/schema.ts';
import { openSqlite } from '../src/adapters/store/engines/sqlite.ts';
import { createApp, type AppPorts } from '../src/http/app.ts';
import { digestOf } from '../src/domain/jobs/inbox.ts';

const secret = 'the-webhook-secret';
const signingToken = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const unauthorized = '{"error":"unauthorized"}';
const limit = 25 * 1024 * 1024;
const route = '/webhooks/gitlab';
const now = Date.UTC(2026, 3, 1, 12);

const project = { id: 15, path_with_namespace: 'team/pipelines' };
const merge = {
  object_kind: 'merge_request',
  project,
  object_attributes: { iid: 3, target_branch: 'main', action: 'merge' },
};
const push = {
  object_kind: 'push',
  project,
  ref: 'refs/heads/main',
  before: '95790bf891e76fee5e1747ab589903a6a1f80f22',
  after: 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7',
};

let db: Kysely<Tables>;
let lines: Record<string, unknown>[];

beforeEach(async () => {
  db = await openSqlite('file::memory:');
  lines = [];
});

afterEach(async () => {
  vi.useRealTimers();
  await db.destroy();
});

function appWith(changes: Partial<AppPorts> & { readonly projects?: readonly string[] } = {}) {
  const { projects = ['team/*'], ...ports } = changes;
  const clock = { now: () => now };
  const write = (line: string) => void lines.push(JSON.parse(line));
  return createApp({
    inbox: createInbox(db, clock, () => {}),
    clock,
    log: createLog({ level: 'debug', clock, mask: (text) => text, write }),
    serves: picomatch([...projects], { dot: true, nocase: true }),
    secrets: { tokens: [secret], signingToken: undefined },
    readiness: () => Promise.resolve({ missing: [], warnings: [] }),
    ...ports,
  });
}

type Headers = Record<string, string>;

const withSecret: Headers = { 'content-type': 'application/json', 'x-gitlab-token': secret };

function post(app: ReturnType<typeof appWith>, body: unknown, headers: Headers = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return app.request(route, { method: 'POST', headers: { ...withSecret, ...headers }, body: text });
}

async function answerTo(body: unknown, headers: Headers = {}, app = appWith()) {
  const response = await post(app, body, headers);
  return { status: response.status, body: await response.json() };
}

/** The answer to a request whose body tells whether it was read. */
async function answerBeforeTheBody(app: ReturnType<typeof appWith>, headers: Headers) {
  const pull = vi.fn<(stream: ReadableStreamDefaultController) => void>((stream) => stream.close());
  const init = {
    method: 'POST',
    headers: { ...headers, 'content-length': '99999999999' },
    body: new ReadableStream({ pull }, { highWaterMark: 0 }),
    duplex: 'half',
  };
  const response = await app.request(new Request(`http://bot${route}`, init));
  return { status: response.status, text: await response.text(), read: pull.mock.calls.length > 0 };
}

const deliveries = () => db.selectFrom('deliveries').selectAll().execute();
const jobs = () => db.selectFrom('jobs').selectAll().orderBy('id').execute();

describe('a delivery', () => {
  test('that is a merge is queued, is in the inbox then, and wakes its branch at once', async () => {
    const answer = await answerTo(merge, { 'webhook-id': 'one', 'x-gitlab-event': 'Merge Request Hook' });
    expect(answer).toEqual({ status: 202, body: { id: 'one', status: 'queued' } });
    expect(await deliveries()).toMatchObject([
      {
        id: 'one',
        received_at: now,
        event_name: 'Merge Request Hook',
        body: '',
        digest: await digestOf('Merge Request Hook', JSON.stringify(merge)),
        status: 'waiting',
        project_id: 15,
        branch: 'main',
      },
    ]);
    expect(await jobs()).toMatchObject([
      { lane: 'deploy:15:main', due_at: now },
      { lane: 'plan:15:3', due_at: now },
    ]);
  });

  test('that is a push wakes its branch after 15 s: the merge that caused it may come later', async () => {
    expect(await answerTo(push)).toMatchObject({ status: 202, body: { status: 'queued' } });
    expect(await jobs()).toMatchObject([{ lane: 'deploy:15:main', due_at: now + 15_000 }]);
  });

  test('that a token ends soon asks after the token at once, and leaves nothing for a branch', async () => {
    const app = appWith();
    const token = { object_kind: 'access_token', event_name: 'expiring_access_token' };
    for (const owner of [{ project }, { group: { group_id: 35 } }, { project }])
      expect(
        await answerTo({ ...token, ...owner }, { 'webhook-id': crypto.randomUUID() }, app),
      ).toMatchObject({
        status: 202,
        body: { status: 'queued' },
      });
    expect(await deliveries()).toMatchObject([
      { status: 'finished', project_id: null, branch: null },
      { status: 'finished' },
      { status: 'finished' },
    ]);
    expect(await jobs()).toMatchObject([{ lane: 'check-token', key: 'check-token', due_at: now }]);
  });

  test('that a token of a project ends that is not served is ignored', async () => {
    const foreign = { object_kind: 'access_token', project: { path_with_namespace: 'other/pipelines' } };
    expect(await answerTo(foreign)).toMatchObject({
      body: { status: 'ignored', reason: 'the project is not in GITLAB_PROJECTS' },
    });
    expect(await jobs()).toEqual([]);
  });

  test('that was accepted before is a duplicate, and changes nothing', async () => {
    const app = appWith();
    await answerTo(merge, { 'webhook-id': 'one' }, app);
    expect(await answerTo(push, { 'webhook-id': 'one' }, app)).toEqual({
      status: 202,
      body: { id: 'one', status: 'duplicate' },
    });
    expect(await deliveries()).toHaveLength(1);
    expect(await jobs()).toHaveLength(2);
  });

  test('that comes again with another body is logged as such, and one that is the same is not', async () => {
    const app = appWith();
    const warned = () => lines.filter(({ level }) => level === 'warn');
    await answerTo(merge, { 'webhook-id': 'one' }, app);
    await answerTo(merge, { 'webhook-id': 'one' }, app);
    expect(warned()).toEqual([]);
    await answerTo(push, { 'webhook-id': 'one' }, app);
    expect(warned()).toMatchObject([
      { message: 'a known delivery came with another body, and was not read', delivery: 'one' },
    ]);
    expect(await deliveries()).toMatchObject([
      { branch: 'main', digest: await digestOf('', JSON.stringify(merge)) },
    ]);
  });

  test.each([
    ['Emoji Hook', { object_kind: 'emoji' }, 'events of the kind emoji are not used'],
    ['Future Hook', { object_kind: 'quantum' }, 'events of the kind quantum are not used'],
    ['Push Hook', { ...push, ref: 'refs/tags/v1' }, 'only pushes to branches are used'],
    ['Custom', { text: 'a template of somebody' }, 'events of the kind Custom are not used'],
    ['Job Hook', [1, 2], 'events of the kind Job Hook are not used'],
    ['Job Hook', null, 'events of the kind Job Hook are not used'],
  ])('that is of no use is ignored and not kept: %s', async (event, body, reason) => {
    expect(await answerTo(body, { 'x-gitlab-event': event, 'webhook-id': 'one' })).toEqual({
      status: 202,
      body: { id: 'one', status: 'ignored', reason },
    });
    expect(await deliveries()).toEqual([]);
    expect(await jobs()).toEqual([]);
  });

  test('without object_kind and without a header is ignored', async () => {
    expect(await answerTo({ text: 'hello' })).toMatchObject({
      status: 202,
      body: { status: 'ignored', reason: 'the request names no kind of event' },
    });
  });

  test('without object_kind, but with a telling header and the right fields, is queued', async () => {
    const { object_kind: _kind, ...custom } = merge;
    const answer = await answerTo(custom, { 'x-gitlab-event': 'Merge Request Hook' });
    expect(answer).toMatchObject({ status: 202, body: { status: 'queued' } });
  });

  const served = { path_with_namespace: 'team/pipelines' };
  test.each([
    ['without the fields', { project }, 'ref, before, after'],
    ['with a project that has no number', { ...push, project: served }, 'project.id'],
    ['with its project elsewhere', { object_attributes: { target: served } }, 'project, ref, before, after'],
    ['with its path alone', served, 'project, ref, before, after'],
  ])(
    'of a known kind and a served project %s is rejected, kept, logged and told',
    async (_, body, fields) => {
      const text = JSON.stringify(body);
      const reason = `a push event with unreadable fields: ${fields}`;
      const answer = await answerTo(text, { 'x-gitlab-event': 'Push Hook', 'webhook-id': 'odd' });
      expect(answer).toEqual({ status: 202, body: { id: 'odd', status: 'rejected', reason } });
      expect(await deliveries()).toMatchObject([{ id: 'odd', status: 'rejected', reason, body: text }]);
      expect(await jobs()).toMatchObject([{ lane: 'alert:rejected', due_at: now }]);
      expect(lines).toContainEqual(expect.objectContaining({ delivery: 'odd', status: 'rejected', reason }));
    },
  );

  test.each([
    ['of no project', { text: 'a template of somebody' }, 'it names no project'],
    ['that is an array', [], 'it names no project'],
    ['that is null', null, 'it names no project'],
    ['whose fields are inherited only', { ['__proto__']: push }, 'it names no project'],
    ['with a path that is none', { project: { path_with_namespace: 15 } }, 'it names no project'],
    [
      'of a project that is not served',
      { project: { path_with_namespace: 'other/project' } },
      'the project is not in GITLAB_PROJECTS',
    ],
  ])('of a known kind %s that can not be read is ignored: neither kept nor told', async (_, body, why) => {
    const answer = await answerTo(body, { 'x-gitlab-event': 'Push Hook', 'webhook-id': 'odd' });
    const reason = expect.stringMatching(new RegExp(`^a push event with unreadable fields: .*; and ${why}$`));
    expect(answer).toEqual({ status: 202, body: { id: 'odd', status: 'ignored', reason } });
    expect(await deliveries()).toEqual([]);
    expect(await jobs()).toEqual([]);
    expect(lines).toContainEqual(expect.objectContaining({ delivery: 'odd', status: 'ignored', reason }));
  });

  test('that was rejected and comes again is a duplicate, told once', async () => {
    const app = appWith();
    const odd = { object_kind: 'push', project };
    expect(await answerTo(odd, { 'webhook-id': 'odd' }, app)).toMatchObject({ body: { status: 'rejected' } });
    expect(await answerTo(odd, { 'webhook-id': 'odd' }, app)).toMatchObject({
      body: { status: 'duplicate' },
    });
    expect(await jobs()).toHaveLength(1);
  });

  test('is written down even as large as GitLab sends, and its beginning with all its characters where it could not be read', async () => {
    const large = 'Größe \u0000 😀'.repeat(100_000);
    expect(await answerTo({ ...push, commits: large })).toMatchObject({ body: { status: 'queued' } });
    const odd = JSON.stringify({ object_kind: 'push', project, commits: large });
    expect(await answerTo(odd)).toMatchObject({ body: { status: 'rejected' } });
    const [none, kept = ''] = (await deliveries()).map(({ body }) => body);
    expect(none).toBe('');
    expect(odd.startsWith(kept)).toBe(true);
    expect(65_536 - Buffer.byteLength(kept)).toBeLessThan(4);
    expect(65_536 - Buffer.byteLength(kept)).toBeGreaterThanOrEqual(0);
  });

  test('leaves nothing of what people wrote', async () => {
    const note = {
      object_kind: 'note',
      user: { id: 4, email: 'ada@example.com' },
      project,
      object_attributes: {
        id: 9,
        author_id: 4,
        noteable_type: 'Issue',
        action: 'create',
        created_at: '2026-04-01T12:00:00Z',
        note: '/aic help\n\nthe password is hunter22',
        discussion_id: 'd',
      },
      issue: { iid: 3 },
    };
    expect(await answerTo(note)).toMatchObject({ body: { status: 'queued' } });
    const kept = JSON.stringify([await deliveries(), await jobs()]);
    for (const text of ['hunter22', 'ada@example.com', '/aic']) expect(kept).not.toContain(text);
    expect(await jobs()).toHaveLength(1);
  });

  test('whose keys try to reach the prototype does nothing but what its own fields say', async () => {
    const text = `{"__proto__":{"object_kind":"push"},"constructor":{"prototype":{"x":1}},${JSON.stringify(merge).slice(1)}`;
    expect(await answerTo(text)).toMatchObject({ status: 202, body: { status: 'queued' } });
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test.each(['[', '{"a":'])('that is nested 200,000 deep is answered: %s', async (open) => {
    const close = open === '[' ? ']' : '}';
    const nested = open.repeat(200_000) + '1' + close.repeat(200_000);
    const response = await post(appWith(), nested, { 'x-gitlab-event': 'Push Hook' });
    expect([202, 400]).toContain(response.status);
  });
});

describe('the allow-list', () => {
  test.each([
    ['team/pipelines', ['team/pipelines'], 'queued'],
    ['Team/Pipelines', ['team/pipelines'], 'queued'],
    ['team/pipelines', ['other/x', 'team/*'], 'queued'],
    ['team/sub/pipelines', ['team/*'], 'ignored'],
    ['team/sub/pipelines', ['team/**'], 'queued'],
    ['team/.hidden', ['team/*'], 'queued'],
    ['team-a/x', ['team-*/x'], 'queued'],
    ['evil/team/pipelines', ['team/pipelines'], 'ignored'],
    ['team/pipelines-2', ['team/pipelines'], 'ignored'],
  ])('%s is by %j %s', async (path, projects, status) => {
    const body = { ...merge, project: { id: 15, path_with_namespace: path } };
    const answer = await answerTo(body, {}, appWith({ projects }));
    expect(answer).toMatchObject({ status: 202, body: { status } });
    expect(answer.body.reason).toBe(
      status === 'ignored' ? 'the project is not in GITLAB_PROJECTS' : undefined,
    );
    expect(await deliveries()).toHaveLength(status === 'ignored' ? 0 : 1);
  });
});

describe('the id of a delivery', () => {
  test('is webhook-id, else Idempotency-Key', async () => {
    const both = { 'webhook-id': 'first', 'idempotency-key': 'second' };
    expect(await answerTo(merge, both)).toMatchObject({ body: { id: 'first' } });
    expect(await answerTo(merge, { 'idempotency-key': 'second' })).toMatchObject({ body: { id: 'second' } });
    expect(await answerTo(merge, { ...both, 'webhook-id': '' })).toMatchObject({ body: { id: 'second' } });
  });

  test('is else a digest of event header and body, whatever the random X-Gitlab-Webhook-UUID', async () => {
    const app = appWith();
    const send = (body: unknown, event: string, uuid: string) =>
      answerTo(body, { 'x-gitlab-event': event, 'x-gitlab-webhook-uuid': uuid }, app);
    const first = await send(push, 'Push Hook', 'a');
    expect(first.body).toEqual({ id: expect.stringMatching(/^sha256-[0-9a-f]{64}$/), status: 'queued' });
    expect((await send(push, 'Push Hook', 'b')).body).toEqual({ id: first.body.id, status: 'duplicate' });
    expect((await send(push, 'System Hook', 'a')).body.status).toBe('queued');
    expect((await send({ ...push, after: push.before }, 'Push Hook', 'a')).body.status).toBe('queued');
  });
});

describe('the secret', () => {
  test.each<readonly [string, Headers]>([
    ['missing', {}],
    ['empty', { 'x-gitlab-token': '' }],
    ['wrong', { 'x-gitlab-token': 'the-webhook-secreT' }],
    ['too short', { 'x-gitlab-token': secret.slice(1) }],
    ['too long', { 'x-gitlab-token': `${secret}x` }],
    ['one of both', { 'x-gitlab-token': `${secret},other-secret` }],
    ['in the wrong place', { authorization: `Bearer ${secret}` }],
  ])('that is %s is a 401, before the body is read', async (_what, headers) => {
    const app = appWith({ secrets: { tokens: [secret, 'other-secret'], signingToken: undefined } });
    expect(await answerBeforeTheBody(app, headers)).toEqual({ status: 401, text: unauthorized, read: false });
  });

  test.each(['old-secret', 'new-secret'])('may be any of those set while rotating: %s', async (token) => {
    const app = appWith({ secrets: { tokens: ['old-secret', 'new-secret'], signingToken: undefined } });
    expect(await answerTo(merge, { 'x-gitlab-token': token }, app)).toMatchObject({ status: 202 });
  });

  test('is not needed to be asked for anything else', async () => {
    const app = appWith();
    expect((await app.request(route)).status).toBe(404);
    expect((await app.request('/healthz')).status).toBe(200);
  });
});

describe('the signature', () => {
  const signed = { tokens: [], signingToken };
  const seconds = Math.floor(now / 1000);
  const text = JSON.stringify(merge);

  const signatureOf = (body: string, id = 'one', at = seconds, token = signingToken) => {
    const key = Buffer.from(token.replace('whsec_', ''), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')}`;
  };
  const headersOf = (signature: string, at: string | number = seconds): Headers => ({
    'x-gitlab-token': '',
    'webhook-id': 'one',
    'webhook-timestamp': String(at),
    'webhook-signature': signature,
  });
  const right = signatureOf(text);
  const wrong = signatureOf(text, 'one', seconds, `whsec_${Buffer.alloc(32, 8).toString('base64')}`);

  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now }));

  const without = (name: string) =>
    Object.fromEntries(Object.entries(headersOf(right)).filter(([key]) => key !== name));

  test.each<readonly [string, Headers]>([
    ['right', headersOf(right)],
    ['the second of two', headersOf(`${wrong} ${right}`)],
    ['the first of two', headersOf(`${right} ${wrong}`)],
    ['beside one of a later version', headersOf(`v2,abc ${right}`)],
    ['beside one of an asymmetric key', headersOf(`v1a,${right.slice(3)} ${right}`)],
    // A header that is sent twice arrives joined by a comma; the first time is the one that was signed.
    ['in a second header after a wrong one', headersOf(`${wrong}, ${right}`)],
    ['over the first of two times', headersOf(right, `${seconds}, ${seconds + 1}`)],
    ['after ten wrong ones', headersOf([...Array.from({ length: 10 }, () => wrong), right].join(' '))],
    ['almost 5 minutes old', headersOf(signatureOf(text, 'one', seconds - 299), seconds - 299)],
    ['almost 5 minutes ahead', headersOf(signatureOf(text, 'one', seconds + 299), seconds + 299)],
  ])('that is %s is accepted', async (_what, headers) => {
    expect(await answerTo(text, headers, appWith({ secrets: signed }))).toMatchObject({ status: 202 });
  });

  test.each<readonly [string, Headers, string]>([
    ['missing', without('webhook-signature'), text],
    ['without its id', without('webhook-id'), text],
    ['without its time', without('webhook-timestamp'), text],
    ['empty', headersOf(''), text],
    ['no signature at all', headersOf('v1'), text],
    ['of another version', headersOf(right.replace('v1,', 'v2,')), text],
    ['of another version and a letter', headersOf(right.replace('v1,', 'v1a,')), text],
    ['in capitals', headersOf(right.toUpperCase()), text],
    ['without its last letter', headersOf(right.slice(0, -1)), text],
    ['of another key', headersOf(wrong), text],
    ['of another key, twice', headersOf(`${wrong} ${wrong}`), text],
    ['over another body, beside a wrong one', headersOf(`${wrong} ${right}`), `${text} `],
    ['with an empty id', { ...headersOf(signatureOf(text, '')), 'webhook-id': '' }, text],
    ['with another id before its own', { ...headersOf(right), 'webhook-id': 'two, one' }, text],
    ['with a time in milliseconds', headersOf(signatureOf(text, 'one', now), now), text],
    ['with a time before all times', headersOf(signatureOf(text, 'one', -1), -1), text],
    ['over another body', headersOf(right), `${text} `],
    ['over another id', headersOf(signatureOf(text, 'two')), text],
    ['over another time', headersOf(right, seconds + 1), text],
    ['more than 5 minutes old', headersOf(signatureOf(text, 'one', seconds - 301), seconds - 301), text],
    ['more than 5 minutes ahead', headersOf(signatureOf(text, 'one', seconds + 301), seconds + 301), text],
    ['without a time that makes sense', headersOf(signatureOf(text), 'noon'), text],
    ['wrong over a body that is not JSON', headersOf(right), '{"a":'],
  ])('that is %s is a 401', async (_what, headers, body) => {
    const response = await post(appWith({ secrets: signed }), body, headers);
    expect(response.status).toBe(401);
    expect(await response.text()).toBe(unauthorized);
    expect(await deliveries()).toEqual([]);
  });

  test.each(['webhook-signature', 'webhook-id', 'webhook-timestamp'])(
    'without %s is a 401 before the body is read',
    async (name) => {
      const answer = await answerBeforeTheBody(appWith({ secrets: signed }), without(name));
      expect(answer).toEqual({ status: 401, text: unauthorized, read: false });
    },
  );

  test('is demanded of a body that is not even text', async () => {
    const headers = { ...withSecret, ...headersOf(right) };
    const body = new Uint8Array([0xff, 0xfe, 0x00]);
    const response = await appWith({ secrets: signed }).request(route, { method: 'POST', headers, body });
    expect(response.status).toBe(401);
    expect(await response.text()).toBe(unauthorized);
  });

  test('that is missing is no way back to the secret', async () => {
    const app = appWith({ secrets: { tokens: [secret], signingToken } });
    expect(await answerTo(text, { 'x-gitlab-token': secret, 'webhook-id': 'one' }, app)).toMatchObject({
      status: 401,
    });
    expect(await answerTo(text, headersOf(right), app)).toMatchObject({ status: 401 });
    expect(await answerTo(text, { ...headersOf(right), 'x-gitlab-token': secret }, app)).toMatchObject({
      status: 202,
    });
  });

  test('covers every byte: a right one over characters of all sizes is accepted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.boolean(), async (words, mark) => {
        const body = `${mark ? ' ' : ''}${JSON.stringify({ object_kind: 'note', words })}`;
        const answer = await answerTo(body, headersOf(signatureOf(body)), appWith({ secrets: signed }));
        expect(answer.status).toBe(202);
      }),
      { numRuns: 50 },
    );
  });

  test('over a byte order mark is right, but the body is not JSON', async () => {
    const body = `\uFEFF${text}`;
    expect(await answerTo(body, headersOf(signatureOf(body)), appWith({ secrets: signed }))).toMatchObject({
      status: 400,
    });
  });
});

describe('a body that cannot be used', () => {
  test.each(['', ' ', '{', 'null null', "{'a':1}", 'undefined', '<xml/>', 'NaN'])(
    'is a 400 when it is not JSON: %j',
    async (body) => {
      expect(await answerTo(body)).toEqual({ status: 400, body: { error: 'the body is not JSON' } });
      expect(await deliveries()).toEqual([]);
    },
  );

  test('is a 400 when it is not UTF-8', async () => {
    const body = new Uint8Array([0x22, 0xff, 0x22]);
    const response = await appWith().request(route, { method: 'POST', headers: withSecret, body });
    expect(response.status).toBe(400);
  });

  test('is a 400 when there is none', async () => {
    const response = await appWith().request(route, { method: 'POST', headers: withSecret });
    expect(response.status).toBe(400);
  });

  test('is a 413 when its length says that it is too large, before it is read', async () => {
    const answer = await answerTo('{}', { 'content-length': String(limit + 1) });
    expect(answer).toEqual({ status: 413, body: { error: `the body is larger than ${limit} bytes` } });
  });

  describe('over a real connection', () => {
    /** Sends pieces without telling their length. */
    async function stream(headers: Headers, size: number): Promise<{ status: number; text: string }> {
      const server = serve({
        fetch: appWith().fetch,
        port: 0,
        hostname: '127.0.0.1',
      });
      await once(server, 'listening');
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const sending = httpRequest({ port, host: '127.0.0.1', path: route, method: 'POST', headers });
      // An answer before the end of the body may cut the sender off.
      sending.on('error', () => {});
      const answered = once(sending, 'response');
      const piece = Buffer.alloc(1024 * 1024, ' ');
      let sent = 0;
      const more = () => {
        while (sent < size && !sending.destroyed) {
          const part = piece.subarray(0, size - sent);
          sent += part.length;
          if (!sending.write(part)) return void sending.once('drain', more);
        }
        sending.end();
      };
      more();
      const [response] = await answered;
      let text = '';
      for await (const chunk of response) text += chunk;
      sending.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
      return { status: response.statusCode, text };
    }

    test('is a 413 when its pieces add up to more than 25 MiB', async () => {
      expect(await stream(withSecret, limit + 1)).toEqual({
        status: 413,
        text: JSON.stringify({ error: `the body is larger than ${limit} bytes` }),
      });
    });

    test('is read when its pieces add up to less', async () => {
      expect(await stream(withSecret, 1)).toEqual({ status: 400, text: '{"error":"the body is not JSON"}' });
    });

    test('is read when its pieces add up to just 25 MiB', async () => {
      expect(await stream(withSecret, limit)).toMatchObject({ status: 400 });
    });

    test('is a 401 without the secret, however large', async () => {
      expect(await stream({}, limit + 1)).toEqual({ status: 401, text: unauthorized });
    });
  });
});

test('a delivery that cannot be written down is a 503 with Retry-After, logged, and goes in later', async () => {
  const app = appWith();
  await db.schema.alterTable('deliveries').renameTo('away').execute();
  const response = await post(app, merge, { 'webhook-id': 'one' });
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(await response.json()).toMatchObject({ id: 'one' });
  expect(lines).toContainEqual(expect.objectContaining({ level: 'error', delivery: 'one' }));
  await db.schema.alterTable('away').renameTo('deliveries').execute();
  expect(await answerTo(merge, { 'webhook-id': 'one' }, app)).toMatchObject({ body: { status: 'queued' } });
});

test('each delivery is logged with what became of it, without its body or the secret', async () => {
  await answerTo({ ...merge, user: { name: 'Ada' } }, { 'webhook-id': 'one', 'x-gitlab-event': 'X' });
  expect(lines).toEqual([
    {
      time: '2026-04-01T12:00:00.000Z',
      level: 'info',
      message: 'delivery',
      delivery: 'one',
      event: 'X',
      status: 'queued',
    },
  ]);
});

describe('the other routes', () => {
  test('/healthz is 200 while the process lives', async () => {
    const response = await appWith({
      readiness: () => Promise.resolve({ missing: ['store'], warnings: [] }),
    }).request('/healthz');
    expect(response.status).toBe(200);
  });

  test('/readyz is 200 when everything answers, else 503 with the list of what does not', async () => {
    const ready = await appWith().request('/readyz');
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }]);
    const missing = ['store', 'GitLab (401)'];
    const not = await appWith({ readiness: () => Promise.resolve({ missing, warnings: [] }) }).request(
      '/readyz',
    );
    expect([not.status, await not.json()]).toEqual([503, { status: 'not ready', missing }]);
    const warnings = ['a webhook'];
    const warned = await appWith({
      readiness: () => Promise.resolve({ missing: [], warnings }),
    }).request('/readyz');
    expect([warned.status, await warned.json()]).toEqual([200, { status: 'ready', warnings }]);
  });

  test('a bug is a 500 without details; the log has them', async () => {
    const readiness = () => Promise.reject(new Error('a bug with details'));
    const response = await appWith({ readiness }).request('/readyz');
    expect([response.status, await response.text()]).toEqual([500, '{"error":"internal error"}']);
    expect(lines).toMatchObject([{ level: 'error', error: expect.stringContaining('a bug with details') }]);
  });
});

test('no JSON body is answered with anything but 202, and its event is what is in the inbox', async () => {
  const value = fc.oneof(
    { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
    fc.constantFrom<unknown>(1e308, -0, 2 ** 53, 2 ** 60, '\u0000', '\uD800', 'refs/heads/', 'merge', [], {}),
  );
  const path = fc.constantFrom(
    'object_kind',
    'project',
    'project.id',
    'project.path_with_namespace',
    'ref',
    'before',
    'after',
    'object_attributes',
    'object_attributes.iid',
    'object_attributes.target_branch',
    'object_attributes.action',
    '__proto__',
    'extra',
  );
  const mutations = fc.array(fc.tuple(path, fc.option(value, { nil: undefined })), { maxLength: 4 });
  const app = appWith();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<object>(merge, push),
      mutations,
      fc.constantFrom('Push Hook', 'Merge Request Hook', 'Note Hook'),
      async (body, changes, event) => {
        const mutated = changes.reduce((before, [where, change]) => withChange(before, where, change), body);
        const text = JSON.stringify(mutated);
        const answer = await answerTo(text, { 'x-gitlab-event': event }, app);
        expect(answer.status).toBe(202);
        expect(answer.body.status).toMatch(/^(queued|duplicate|ignored|rejected)$/);
        if (answer.body.status !== 'queued') return;
        const kept = (await deliveries()).find(({ id }) => id === answer.body.id);
        expect(kept).toMatchObject({ status: 'waiting', body: '', digest: await digestOf(event, text) });
        expect(JSON.parse(kept?.event_json ?? '')).toMatchObject({ projectId: kept?.project_id });
      },
    ),
    { numRuns: 300 },
  );
});

/** A copy with another value at the path, or without it. */
function withChange(body: object, path: string, value: unknown): object {
  const copy = structuredClone(body);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at: object = copy;
  for (const key of keys) {
    const next: unknown = Reflect.get(at, key);
    if (typeof next !== 'object' || next === null) return copy;
    at = next;
  }
  if (value === undefined) Reflect.deleteProperty(at, last);
  else Object.defineProperty(at, last, { value, enumerable: true, configurable: true, writable: true });
  return copy;
}

const documented = join(import.meta.dirname, '..', '..', 'shared', 'gitlab');

describe.skipIf(!existsSync(join(documented, 'payloads')))('the payloads that GitLab documents', () => {
  const read = (name: string) => readFileSync(join(documented, name), 'utf8');
  const projects = ['mike/diaspora', 'gitlabhq/gitlab-test', 'flightjs/Flight'];
  const answers: Readonly<Record<string, object>> = {
    'push.json': { status: 'queued' },
    'merge_request.json': { status: 'queued' },
    'tag_push.json': { status: 'ignored', reason: 'events of the kind tag_push are not used' },
    'note_merge_request.json': { status: 'ignored', reason: 'only new comments with a command are used' },
    'emoji.json': { status: 'ignored', reason: 'events of the kind emoji are not used' },
    'access_token.json': { status: 'queued' },
    'access_token_group.json': { status: 'queued' },
    'deployment.json': { status: 'ignored', reason: 'events of the kind deployment are not used' },
  };
  const vectors = () => JSON.parse(read('signature-vectors.json'));
  const headersOf = (file: string): Headers => {
    const given: Headers = JSON.parse(read('payloads/headers.json')).files[file].headers;
    return Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  };

  test.each(Object.entries(answers))('%s is answered as it should be', async (file, answer) => {
    const headers = { ...headersOf(file), 'x-gitlab-token': secret };
    expect(await answerTo(read(`payloads/${file}`), headers, appWith({ projects }))).toEqual({
      status: 202,
      body: { id: headersOf(file)['webhook-id'], ...answer },
    });
  });

  test('merge_request.json is queued once it is a merge', async () => {
    const text = read('payloads/merge_request.json').replace('"action": "open"', '"action": "merge"');
    expect(await answerTo(text, {}, appWith({ projects }))).toMatchObject({ body: { status: 'queued' } });
    expect(await jobs()).toMatchObject([{ lane: 'deploy:1:master' }, { lane: 'plan:1:1' }]);
  });

  test('every vector of a signature is right at its time, and wrong for any other file', async () => {
    const { signing_token: token, 'webhook-id': id, 'webhook-timestamp': at, files } = vectors();
    vi.useFakeTimers({ toFake: ['Date'], now: Number(at) * 1000 });
    const app = appWith({ secrets: { tokens: [], signingToken: token }, projects });
    const names = Object.keys(files);
    expect(names.length).toBeGreaterThan(5);
    for (const [index, name] of names.entries()) {
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': at,
        'webhook-signature': files[name]['webhook-signature'],
      };
      expect((await post(app, read(`payloads/${name}`), headers)).status).toBe(202);
      const other = names[(index + 1) % names.length];
      expect((await post(app, read(`payloads/${other}`), headers)).status).toBe(401);
    }
  });
});
