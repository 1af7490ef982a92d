import { createServer, type Server } from 'node:http';
import { once } from 'node:events';

import * as fc from 'fast-check';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { until } from '../../../demo/person.ts';
import { serveHttp, type Fault, type HttpServer } from '../../../demo/http-server.ts';
import { createBound } from '../../../src/adapters/http/concurrency-limit.ts';
import { createBreaker, neverBreaking } from '../../../src/adapters/http/circuit-breaker.ts';
import {
  createHttpClient,
  type HttpAnswer,
  type HttpClientDeps,
  type HttpRequest,
} from '../../../src/adapters/http/client.ts';
import { createLog } from '../../../src/adapters/log.ts';
import { fail, ok, type Result } from '../../../src/domain/shared/result.ts';
import { createMask } from '../../../src/domain/secrets/mask.ts';

const secret = 'glpat-very-secret';

let server: HttpServer;
let lines: { readonly level: string; readonly message: string; readonly [field: string]: unknown }[];
let stopping: AbortController;

beforeEach(async () => {
  lines = [];
  stopping = new AbortController();
  const app = new Hono();
  app.get('/things', (context) => context.json({ things: ['one', 'two', 'three'] }));
  app.post('/things', async (context) => context.json({ got: await context.req.json() }, 201));
  app.delete('/things', () => new Response(null, { status: 204 }));
  app.get('/moved', (context) => context.redirect('/things'));
  app.get('/large', (context) => context.json({ text: 'x'.repeat(20_000) }));
  app.get('/refusing/:status', (context) => {
    const status = Number(context.req.param('status'));
    return new Response(JSON.stringify({ message: `no, not with ${secret}` }), { status });
  });
  app.get('/huge-refusal', () => new Response('n'.repeat(9_000), { status: 400 }));
  server = await serveHttp(app);
});

afterEach(() => server.close());

function depsWith(changes: Partial<HttpClientDeps> = {}): HttpClientDeps {
  const mask = createMask([secret]);
  const clock = { now: () => Date.now() };
  const write = (line: string) => void lines.push(JSON.parse(line));
  return {
    system: 'GitLab',
    log: createLog({ level: 'debug', clock, mask, write }),
    clock,
    stop: stopping.signal,
    mask,
    timeoutMs: 5_000,
    retry: { firstPauseMs: 1, longestPauseMs: 2, totalMs: 5_000 },
    breaker: createBreaker('AIC', neverBreaking),
    bound: createBound('GitLab', 10),
    readError: (text) => text,
    ...changes,
  };
}

function requestOf(
  changes: Partial<HttpRequest<unknown>> & { readonly at?: string } = {},
): HttpRequest<unknown> {
  const { at = '/things', ...rest } = changes;
  return {
    method: 'GET',
    url: new URL(`${server.url}${at}?private=${secret}`),
    headers: { 'private-token': secret },
    path: at,
    repeatable: true,
    maxBytes: 10_000,
    read: readJson,
    ...rest,
  };
}

function readJson(answer: HttpAnswer): Result<unknown, string> {
  if (answer.text === '') return ok(undefined);
  try {
    return ok(JSON.parse(answer.text));
  } catch {
    return fail('the answer is not JSON');
  }
}

const things = ok({ things: ['one', 'two', 'three'] });

describe('a passing failure', () => {
  const passing: readonly (readonly [string, Fault])[] = [
    ['408', { kind: 'status', status: 408 }],
    ['429 without Retry-After', { kind: 'status', status: 429 }],
    ['429 with Retry-After', { kind: 'status', status: 429, headers: { 'retry-after': '0' } }],
    ['500', { kind: 'status', status: 500 }],
    ['502', { kind: 'status', status: 502 }],
    ['503', { kind: 'status', status: 503 }],
    ['504', { kind: 'status', status: 504 }],
    ['a connection that is cut', { kind: 'reset' }],
    ['half a body', { kind: 'half-body' }],
    ['broken JSON', { kind: 'wrong-json' }],
    ['a page of HTML', { kind: 'html' }],
  ];

  test.each(passing)('is tried again until it passes: %s', async (_name, fault) => {
    server.inject({ times: 3, fault });
    expect(await createHttpClient(depsWith())(requestOf())).toEqual(things);
    expect(server.calls).toHaveLength(4);
  });

  test('is tried again until it passes: no answer within the time', async () => {
    server.inject({ times: 2, fault: { kind: 'hang' } });
    expect(await createHttpClient(depsWith({ timeoutMs: 30 }))(requestOf())).toEqual(things);
    expect(server.calls).toHaveLength(3);
    expect(lines[0]).toMatchObject({ status: 0, said: 'no answer within 0.03 s' });
  });

  test('is tried again until it passes: nobody listens', async () => {
    const port = Number(new URL(server.url).port);
    await server.close();
    const call = createHttpClient(depsWith())(requestOf({ repeatable: false }));
    await expect.poll(() => lines.length).toBeGreaterThan(0);
    const app = new Hono();
    app.get('/things', (context) => context.json('back'));
    server = await serveHttp(app, { port });
    expect(await call).toEqual(ok('back'));
    expect(lines[0]).toMatchObject({ status: 0, said: 'the connection failed (ECONNREFUSED)' });
  });

  test('sends the body again', async () => {
    server.inject({ times: 2, fault: { kind: 'half-body' } });
    const request = requestOf({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"Größe"}',
    });
    expect(await createHttpClient(depsWith())(request)).toEqual(ok({ got: { name: 'Größe' } }));
    expect(server.calls).toHaveLength(3);
  });

  test('is told once the retry time is over', async () => {
    server.inject({ fault: { kind: 'status', status: 503, body: 'closed for now' } });
    const client = createHttpClient(
      depsWith({ retry: { firstPauseMs: 1, longestPauseMs: 20, totalMs: 60 } }),
    );
    expect(await client(requestOf())).toEqual(
      fail({
        system: 'GitLab',
        reason: 'passing',
        status: 503,
        asked: 'GET /things',
        said: 'closed for now',
      }),
    );
    expect(server.calls.length).toBeGreaterThan(1);
  });

  test('is told at once where no time is given', async () => {
    server.inject({ fault: { kind: 'reset' } });
    const client = createHttpClient(depsWith({ retry: { firstPauseMs: 0, longestPauseMs: 0, totalMs: 0 } }));
    expect(await client(requestOf())).toMatchObject({
      failure: { reason: 'passing', status: undefined, asked: 'GET /things' },
    });
    expect(server.calls).toHaveLength(1);
  });
});

describe('Retry-After', () => {
  const pauses = { firstPauseMs: 1, longestPauseMs: 1 };

  test.each([
    ['seconds', () => '1'],
    ['a date', () => new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000).toUTCString()],
  ])('is waited for when it stands in %s', async (_name, value) => {
    server.inject({ times: 1, fault: { kind: 'status', status: 429, headers: { 'retry-after': value() } } });
    expect(await createHttpClient(depsWith())(requestOf())).toEqual(things);
    const [first, second] = server.calls;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(990);
  });

  test('beyond the retry time is not waited for', async () => {
    server.inject({ times: 1, fault: { kind: 'status', status: 429, headers: { 'retry-after': '3600' } } });
    expect(await createHttpClient(depsWith())(requestOf())).toMatchObject({
      failure: { reason: 'passing', status: 429 },
    });
    expect(server.calls).toHaveLength(1);
  });

  test('is not waited for when it ends after what is left of the retry time', async () => {
    let now = 0;
    const clock = { now: () => (now += 600) };
    server.inject({ fault: { kind: 'status', status: 429, headers: { 'retry-after': '1' } } });
    const started = performance.now();
    const client = createHttpClient(depsWith({ clock, retry: { ...pauses, totalMs: 1_500 } }));
    expect(await client(requestOf())).toMatchObject({ failure: { reason: 'passing', status: 429 } });
    expect(server.calls).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(900);
  });

  test.each(['', 'soon', '-5', 'Thu, 01 Jan 1970 00:00:00 GMT'])(
    'that makes no sense or is over does not delay: %j',
    async (value) => {
      server.inject({ times: 1, fault: { kind: 'status', status: 503, headers: { 'retry-after': value } } });
      const client = createHttpClient(depsWith({ retry: { ...pauses, totalMs: 900 } }));
      expect(await client(requestOf())).toEqual(things);
    },
  );
});

describe('a failure that stays', () => {
  test.each([
    [400, 'refused'],
    [401, 'denied'],
    [403, 'denied'],
    [404, 'missing'],
    [409, 'conflict'],
    [422, 'refused'],
  ])('is told at once by its reason: %i is %s', async (status, reason) => {
    const at = `/refusing/${status}`;
    expect(await createHttpClient(depsWith())(requestOf({ at }))).toEqual(
      fail({
        system: 'GitLab',
        reason,
        status,
        asked: `GET ${at}`,
        said: '{"message":"no, not with [hidden]"}',
      }),
    );
    expect(server.calls).toHaveLength(1);
  });

  test('is quoted in the words that the body is read for, 500 characters at most', async () => {
    const client = createHttpClient(depsWith({ readError: (text) => `[${text}` }));
    expect(await client(requestOf({ at: '/huge-refusal' }))).toMatchObject({
      failure: { said: `[${'n'.repeat(499)}` },
    });
  });

  test('is a redirect, which is not followed', async () => {
    expect(await createHttpClient(depsWith())(requestOf({ at: '/moved' }))).toMatchObject({
      failure: { reason: 'refused', status: 302 },
    });
    expect(server.calls.map(({ path }) => path)).toEqual(['/moved']);
  });

  test('is an answer larger than allowed', async () => {
    expect(await createHttpClient(depsWith())(requestOf({ at: '/large' }))).toMatchObject({
      failure: { reason: 'too-large', status: 200, said: 'the answer is larger than 10000 bytes' },
    });
    expect(server.calls).toHaveLength(1);
  });

  test('is an answer without an end, of which no more than allowed is read', async () => {
    const endless = createServer((_request, response) => {
      const timer = setInterval(() => response.write('x'.repeat(4_000)), 1);
      response.once('close', () => clearInterval(timer));
    });
    const url = await listen(endless);
    const client = createHttpClient(depsWith());
    expect(await client(requestOf({ url: new URL(url) }))).toMatchObject({
      failure: { reason: 'too-large' },
    });
    // The client leaves: nothing keeps the connection.
    await new Promise((resolve) => void endless.close(resolve));
  });

  test('reads an answer of just the allowed size', async () => {
    const text = JSON.stringify({ text: 'x'.repeat(20_000) });
    const answer = await createHttpClient(depsWith())(requestOf({ at: '/large', maxBytes: text.length }));
    expect(answer).toEqual(ok(JSON.parse(text)));
  });
});

describe('a request that must not run twice', () => {
  const write = { method: 'POST', repeatable: false, body: '{}' };

  test.each<readonly [string, Fault]>([
    ['500', { kind: 'status', status: 500 }],
    ['502 after the work', { kind: 'status-after-work', status: 502 }],
    ['503', { kind: 'status', status: 503 }],
    ['a cut connection', { kind: 'reset' }],
    ['half a body', { kind: 'half-body' }],
    ['a page of HTML', { kind: 'html' }],
  ])('is not repeated after %s', async (_name, fault) => {
    server.inject({ fault });
    expect(await createHttpClient(depsWith())(requestOf(write))).toMatchObject({
      failure: { reason: 'passing', asked: 'POST /things' },
    });
    expect(server.calls).toHaveLength(1);
  });

  test('is not repeated when no answer came', async () => {
    server.inject({ fault: { kind: 'hang' } });
    expect(await createHttpClient(depsWith({ timeoutMs: 30 }))(requestOf(write))).toMatchObject({
      failure: { reason: 'passing' },
    });
    expect(server.calls).toHaveLength(1);
  });

  test('is repeated after 429, which means that it was not done', async () => {
    server.inject({ times: 2, fault: { kind: 'status', status: 429 } });
    expect(await createHttpClient(depsWith())(requestOf(write))).toEqual(ok({ got: {} }));
    expect(server.calls).toHaveLength(3);
  });
});

describe('the stop', () => {
  const stopped = fail({
    system: 'GitLab',
    reason: 'stopped',
    status: undefined,
    asked: 'GET /things',
    said: 'the bot is stopping',
  });

  test('refuses new calls', async () => {
    stopping.abort();
    expect(await createHttpClient(depsWith())(requestOf())).toEqual(stopped);
    expect(server.calls).toEqual([]);
    expect(lines).toEqual([]);
  });

  test('that is found out just before a call keeps it back, and each try of it', async () => {
    const beforeCall = () => {
      if (server.calls.length === 1) stopping.abort();
    };
    server.inject({ fault: { kind: 'status', status: 503 } });
    expect(await createHttpClient(depsWith({ beforeCall }))(requestOf())).toEqual(stopped);
    expect(server.calls).toHaveLength(1);
  });

  test.each<readonly [string, Record<string, string>]>([
    ['between tries', {}],
    ['that the server asked for', { 'retry-after': '3600' }],
  ])('ends a pause %s', async (_name, headers) => {
    server.inject({ fault: { kind: 'status', status: 503, headers } });
    const hour = 3_600_000;
    const retry = { firstPauseMs: hour, longestPauseMs: hour, totalMs: 3 * hour };
    const call = createHttpClient(depsWith({ retry }))(requestOf());
    await expect.poll(() => lines.length).toBe(1);
    stopping.abort();
    expect(await call).toEqual(stopped);
    expect(server.calls).toHaveLength(1);
  });

  const underWay = async (request: HttpRequest<unknown>, fault?: Fault) => {
    if (fault !== undefined) server.inject({ fault });
    server.setLatency(30);
    const call = createHttpClient(depsWith())(request);
    await expect.poll(() => server.calls.length, { interval: 2 }).toBe(1);
    stopping.abort();
    return call;
  };

  test('lets a call under way end, and tells its answer', async () => {
    expect(await underWay(requestOf())).toEqual(things);
  });

  test('lets a call under way end, and tells its refusal', async () => {
    expect(await underWay(requestOf({ at: '/refusing/404' }))).toMatchObject({
      failure: { reason: 'missing', status: 404 },
    });
  });

  test('does not claim that nothing was sent where a call with unknown outcome is not repeated', async () => {
    const request = requestOf({ method: 'POST', repeatable: false, body: '{}' });
    expect(await underWay(request, { kind: 'status-after-work', status: 502 })).toMatchObject({
      failure: { reason: 'passing', status: 502 },
    });
  });

  test('leaves a call under way untried again when it fails', async () => {
    expect(await underWay(requestOf(), { kind: 'status', status: 503 })).toEqual(stopped);
    expect(server.calls).toHaveLength(1);
  });
});

describe('the log', () => {
  test('has one line for each try, with the path but no query, and no secret', async () => {
    server.inject({ times: 1, fault: { kind: 'status', status: 500, body: `bad token ${secret}` } });
    server.inject({ times: 1, fault: { kind: 'reset' } });
    await createHttpClient(depsWith())(requestOf());
    const call = {
      time: expect.any(String),
      level: 'info',
      message: 'call',
      system: 'GitLab',
      method: 'GET',
      path: '/things',
      ms: expect.any(Number),
    };
    expect(lines).toEqual([
      { ...call, status: 500, said: 'bad token [hidden]' },
      { ...call, status: 0, said: expect.stringMatching(/^the connection failed \(\w+\)$/) },
      { ...call, status: 200 },
    ]);
    expect(JSON.stringify(lines)).not.toContain(secret);
  });

  test('and the failure say what was wrong with an answer, without secrets', async () => {
    const client = createHttpClient(depsWith({ retry: { firstPauseMs: 0, longestPauseMs: 0, totalMs: 0 } }));
    const answer = await client(requestOf({ read: () => fail(`strange: ${secret}`) }));
    expect(answer).toMatchObject({ failure: { reason: 'passing', status: 200, said: 'strange: [hidden]' } });
    expect(lines).toMatchObject([{ status: 200, said: 'strange: [hidden]' }]);
  });

  test('measures by the clock', async () => {
    let now = 0;
    const clock = { now: () => (now += 7) };
    await createHttpClient(depsWith({ clock }))(requestOf());
    expect(lines).toMatchObject([{ ms: 7 }]);
  });
});

test('a reader that throws is a bug, and is not tried again', async () => {
  const read = vi.fn<() => never>(() => {
    throw new RangeError('a bug');
  });
  await expect(createHttpClient(depsWith())(requestOf({ read }))).rejects.toThrow('a bug');
  expect(read).toHaveBeenCalledOnce();
});

test('an answer without a body reads as empty text', async () => {
  expect(await createHttpClient(depsWith())(requestOf({ method: 'DELETE' }))).toEqual(ok(undefined));
});

test('text that was cut between the bytes of a character is put together again', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
      fc.nat(40),
      async (text, cut) => {
        const bytes = Buffer.from(JSON.stringify(text));
        const pieces = createServer((_request, response) => {
          response.write(bytes.subarray(0, cut), () => response.end(bytes.subarray(cut)));
        });
        const url = new URL(await listen(pieces));
        const answer = await createHttpClient(depsWith())(requestOf({ url, read: readJson }));
        pieces.closeAllConnections();
        await new Promise((resolve) => void pieces.close(resolve));
        expect(answer).toEqual(ok(JSON.parse(bytes.toString())));
      },
    ),
    { numRuns: 20 },
  );
});

async function listen(toStart: Server): Promise<string> {
  toStart.listen(0, '127.0.0.1');
  await once(toStart, 'listening');
  const address = toStart.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port.');
  return `http://127.0.0.1:${address.port}/`;
}

describe('the bound on calls', () => {
  test('is not taken up by a call that pauses', async () => {
    const retry = { firstPauseMs: 60_000, longestPauseMs: 60_000, totalMs: 100_000 };
    const http = createHttpClient(depsWith({ retry, bound: createBound('GitLab', 1) }));
    server.inject({ times: 1, fault: { kind: 'status', status: 503 } });
    const failing = http(requestOf());
    await expect.poll(() => lines.length).toBe(1);
    expect(await http(requestOf())).toEqual(things);
    stopping.abort();
    expect(await failing).toMatchObject({ ok: false });
  });
});

describe('a host that does not answer', () => {
  const single = { firstPauseMs: 0, longestPauseMs: 0, totalMs: 0 };

  function clientWith(pauseMs: number, changes: Partial<HttpClientDeps> = {}) {
    const breaker = createBreaker('AIC', { afterFailures: 3, pauseMs });
    return createHttpClient(depsWith({ retry: single, breaker, ...changes }));
  }

  test.each<readonly [string, Fault]>([
    ['500', { kind: 'status', status: 500 }],
    ['a cut connection', { kind: 'reset' }],
    ['a hanging call', { kind: 'hang' }],
    ['a proxy’s page', { kind: 'html' }],
  ])('is asked no more after some calls in a row, and is found alive again: %s', async (_, fault) => {
    const client = clientWith(100, { timeoutMs: 30 });
    server.inject({ times: 3, fault });
    for (let call = 1; call <= 3; call += 1) expect((await client(requestOf())).ok).toBe(false);
    const write = { method: 'POST', body: '{}', repeatable: false };
    expect(await client(requestOf(write))).toMatchObject({
      failure: {
        reason: 'passing',
        status: undefined,
        said: 'AIC did not answer 3 calls in a row; it is asked again within 1 s',
      },
    });
    expect(server.calls).toHaveLength(3);
    await until('an answer', async () => ((await client(requestOf())).ok ? true : undefined), 5_000);
    expect(server.calls).toHaveLength(4);
    const told = lines.map(({ message }) => message).filter((message) => message.startsWith('host'));
    expect(told).toEqual(['host does not answer', 'host answers again']);
  });

  test('costs one call at a time, however many wait, and one line in the log however long it lasts', async () => {
    const client = clientWith(20);
    server.inject({ fault: { kind: 'status', status: 503 } });
    for (let call = 1; call <= 3; call += 1) await client(requestOf());
    await until('five looks', () => (server.calls.length >= 8 ? true : crowd(client)), 5_000);
    expect(server.calls.length).toBeLessThan(12);
    expect(lines.filter(({ message }) => message === 'host does not answer')).toHaveLength(1);
  });

  async function crowd(client: ReturnType<typeof createHttpClient>): Promise<undefined> {
    await Promise.all(Array.from({ length: 30 }, () => client(requestOf())));
  }

  test.each([429, 404, 401, 409])('does answer where it says %i', async (status) => {
    const client = clientWith(60_000);
    server.inject({ times: 5, fault: { kind: 'status', status } });
    for (let call = 1; call <= 5; call += 1) await client(requestOf());
    expect(await client(requestOf())).toEqual(things);
  });

  test('is asked again by a call that is still being tried', async () => {
    const client = clientWith(50, { retry: { firstPauseMs: 10, longestPauseMs: 20, totalMs: 5_000 } });
    server.inject({ times: 4, fault: { kind: 'reset' } });
    expect(await client(requestOf())).toEqual(things);
    expect(server.calls.length).toBe(5);
  });

  test('is not taken for alive because a call was stopped before it was sent', async () => {
    const breaker = createBreaker('AIC', { afterFailures: 3, pauseMs: 0 });
    const client = createHttpClient(depsWith({ retry: single, breaker }));
    const bound = createBound('AIC', 1);
    const cutOff = new AbortController();
    const stopped = createHttpClient(depsWith({ retry: single, breaker, bound, stop: cutOff.signal }));
    server.inject({ fault: { kind: 'status', status: 503 } });
    for (let call = 1; call <= 3; call += 1) await client(requestOf());
    const place = Promise.withResolvers<void>();
    const other = bound(() => place.promise);
    const waiting = stopped(requestOf());
    cutOff.abort();
    place.resolve();
    expect(await waiting).toMatchObject({ failure: { reason: 'stopped' } });
    await other;
    expect(server.calls).toHaveLength(3);
    expect(lines.map(({ message }) => message)).not.toContain('host answers again');
  });
});
