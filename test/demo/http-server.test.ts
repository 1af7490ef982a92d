import { request as httpRequest } from 'node:http';
import { Hono } from 'hono';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serveHttp, type HttpServer } from '../../demo/http-server.ts';

let server: HttpServer;
/** The notes that took effect. */
let notes: string[];

beforeEach(async () => {
  notes = [];
  const app = new Hono();
  app.get('/notes', (c) => c.json({ notes }));
  app.post('/notes', async (c) => {
    notes.push(await c.req.text());
    return c.json({ id: notes.length, text: 'a note to be cut in two' }, 201);
  });
  app.delete('/notes', () => new Response(null, { status: 204 }));
  app.get('/large', (c) => c.text('x'.repeat(20_000_000), 203));
  app.get('/broken', () => {
    throw new BrokenApp();
  });
  app.onError((_error, c) => c.text('broken', 500));
  server = await serveHttp(app);
});

afterEach(() => server.close());

class BrokenApp extends Error {}

const post = (text: string): Promise<Response> =>
  fetch(`${server.url}/notes`, { method: 'POST', body: text });

test('serves the app on a free port of 127.0.0.1', async () => {
  const response = await post('one');
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ id: 1 });
});

test('refuses to start on a port that is taken', async () => {
  const port = Number(new URL(server.url).port);
  await expect(serveHttp(new Hono(), { port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('starts again on the port of a server that was closed', async () => {
  const port = Number(new URL(server.url).port);
  await post('one');
  await server.close();
  await expect(post('two')).rejects.toThrow('fetch failed');
  server = await serveHttp(new Hono(), { port });
  expect((await fetch(server.url)).status).toBe(404);
});

test('logs every call with its status, before the client has the answer', async () => {
  const before = Date.now();
  await post('one');
  await fetch(`${server.url}/nowhere`);
  await fetch(`${server.url}/broken`);
  expect(server.calls).toMatchObject([
    { method: 'POST', path: '/notes', query: '', status: 201 },
    { method: 'GET', path: '/nowhere', status: 404 },
    { method: 'GET', path: '/broken', status: 500 },
  ]);
  for (const call of server.calls) {
    expect(call.at).toBeGreaterThanOrEqual(before);
    expect(call.at).toBeLessThanOrEqual(Date.now());
    expect(call.ms).toBeGreaterThan(0);
  }
});

test('knows the status while the body is still being sent', async () => {
  const large = await fetch(`${server.url}/large`);
  expect(server.calls.at(-1)).toMatchObject({ status: 203 });
  await large.body?.cancel();
  server.inject({ fault: { kind: 'status', status: 503, body: 'x'.repeat(20_000_000) } });
  const faulty = await fetch(`${server.url}/large`);
  expect(server.calls.at(-1)).toMatchObject({ status: 503 });
  await faulty.body?.cancel();
});

test('logs the path as it was sent, and the query apart from it', async () => {
  await statusOf('/group%2Fproject/../x%20y?ref=a%2Fb&q=?');
  expect(server.calls).toMatchObject([{ path: '/group%2Fproject/../x%20y', query: 'ref=a%2Fb&q=?' }]);
});

test('holds every call for the latency', async () => {
  server.setLatency(50);
  await post('one');
  expect(server.calls[0]?.ms).toBeGreaterThanOrEqual(49);
  server.setLatency(0);
  await post('two');
  expect(server.calls[1]?.ms).toBeLessThan(49);
});

test('answers with a status, headers and a body instead of doing the work', async () => {
  server.inject({
    fault: { kind: 'status', status: 429, headers: { 'retry-after': '7' }, body: 'slow down' },
  });
  const response = await post('one');
  expect(response.status).toBe(429);
  expect(response.headers.get('retry-after')).toBe('7');
  expect(await response.text()).toBe('slow down');
  expect(notes).toEqual([]);
  expect(server.calls).toMatchObject([{ status: 429 }]);
});

test('answers a large body with a status in order', async () => {
  server.inject({ fault: { kind: 'status', status: 503 } });
  expect((await post('x'.repeat(20_000_000))).status).toBe(503);
});

test('does the work and loses the answer', async () => {
  server.inject({ fault: { kind: 'status-after-work', status: 502 } });
  const response = await post('one');
  expect(response.status).toBe(502);
  expect(await response.text()).toBe('');
  expect(notes).toEqual(['one']);
  expect(server.calls).toMatchObject([{ status: 502 }]);
});

test('hangs until the client leaves', async () => {
  server.inject({ method: 'POST', fault: { kind: 'hang' } });
  const client = new AbortController();
  let settled = false;
  const hanging = fetch(`${server.url}/notes`, {
    method: 'POST',
    body: 'one',
    signal: client.signal,
  }).finally(() => {
    settled = true;
  });
  await expect.poll(() => server.calls.length).toBe(1);
  expect(await (await fetch(`${server.url}/notes`)).json()).toEqual({ notes: [] });
  expect(settled).toBe(false);
  client.abort();
  await expect(hanging).rejects.toThrow('aborted');
  await expect.poll(() => server.calls[0]?.ms).toBeGreaterThan(0);
  expect(server.calls[0]).toMatchObject({ method: 'POST', status: 0 });
});

test('cuts a hanging call when the server closes', async () => {
  server.inject({ fault: { kind: 'hang' } });
  await Promise.all([expect(post('one')).rejects.toThrow('fetch failed'), closeAfterCall()]);
  expect(notes).toEqual([]);
});

test('drops a call that is still held when the server closes', async () => {
  server.setLatency(3_600_000);
  await Promise.all([expect(post('one')).rejects.toThrow('fetch failed'), closeAfterCall()]);
  expect(notes).toEqual([]);
});

test('closes when the work in progress is done, though nobody waits for its answer', async () => {
  const gate = Promise.withResolvers<void>();
  const app = new Hono();
  app.get('/', async (c) => {
    await gate.promise;
    notes.push('done');
    return c.text('done');
  });
  const slow = await serveHttp(app);
  const answer = fetch(slow.url);
  const cut = answer.catch(() => 'cut');
  await expect.poll(() => slow.calls.length).toBe(1);
  const closed = slow.close().then(() => notes.push('closed'));
  expect(await cut).toBe('cut');
  gate.resolve();
  await closed;
  expect(notes).toEqual(['done', 'closed']);
});

test('cuts the connection without an answer', async () => {
  server.inject({ fault: { kind: 'reset' } });
  await expect(post('one')).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
  expect(notes).toEqual([]);
  expect(server.calls).toMatchObject([{ status: 0 }]);
});

test('sends the true headers and half the body', async () => {
  server.inject({ fault: { kind: 'half-body' } });
  const response = await post('one');
  const whole = JSON.stringify({ id: 1, text: 'a note to be cut in two' });
  expect(response.status).toBe(201);
  expect(response.headers.get('content-type')).toContain('application/json');
  expect(response.headers.get('content-length')).toBe(String(whole.length));
  const { text, failed } = await readUntilCut(response);
  expect(text).toBe(whole.slice(0, Math.floor(whole.length / 2)));
  expect(failed).toBe(true);
  expect(notes).toEqual(['one']);
  expect(server.calls).toMatchObject([{ status: 201 }]);
});

test('sends an answer without a body whole', async () => {
  server.inject({ fault: { kind: 'half-body' } });
  const response = await fetch(`${server.url}/notes`, { method: 'DELETE' });
  expect(response.status).toBe(204);
  expect(await response.text()).toBe('');
});

test('answers 200 with what is not JSON', async () => {
  server.inject({ fault: { kind: 'wrong-json' } });
  const response = await post('one');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/json');
  await expect(response.json()).rejects.toThrow(SyntaxError);
  expect(notes).toEqual([]);
});

test("answers 200 with a proxy's page", async () => {
  server.inject({ fault: { kind: 'html' } });
  const response = await post('one');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('text/html');
  expect(await response.text()).toContain('<h1>502 Bad Gateway</h1>');
  expect(notes).toEqual([]);
});

test('limits a rule to its method and its path as sent', async () => {
  server.inject({ method: 'post', path: /^\/notes%2Fx$/g, fault: { kind: 'status', status: 500 } });
  const statuses = [
    await statusOf('/notes%2Fx', 'POST'),
    await statusOf('/notes%2Fx', 'POST'),
    await statusOf('/notes%2Fx?y', 'POST'),
    await statusOf('/notes%2Fx', 'GET'),
    await statusOf('/notes', 'POST'),
  ];
  expect(statuses).toEqual([500, 500, 500, 404, 201]);
});

test('tries the rules in the order of injection, and drops one that is used up', async () => {
  server.inject({ times: 0, fault: { kind: 'status', status: 500 } });
  server.inject({ times: 2, fault: { kind: 'status', status: 501 } });
  server.inject({ times: 1, fault: { kind: 'status', status: 502 } });
  const statuses = [];
  for (let i = 0; i < 4; i++) statuses.push((await fetch(`${server.url}/notes`)).status);
  expect(statuses).toEqual([501, 501, 502, 200]);
});

test('takes back one rule, or all', async () => {
  const takeBack = server.inject({ fault: { kind: 'status', status: 501 } });
  server.inject({ fault: { kind: 'status', status: 502 } });
  takeBack();
  expect((await fetch(`${server.url}/notes`)).status).toBe(502);
  server.clearFaults();
  expect((await fetch(`${server.url}/notes`)).status).toBe(200);
});

test("leaves the process's Request and Response alone", async () => {
  await post('one');
  expect(Object.getPrototypeOf(new Response('x'))).toBe(Response.prototype);
  expect(Object.getPrototypeOf(Response.prototype)).toBe(Object.prototype);
});

async function closeAfterCall(): Promise<void> {
  await expect.poll(() => server.calls.length).toBe(1);
  await server.close();
}

/** Sends the target as it is, where `fetch` would resolve the dots first. */
function statusOf(target: string, method = 'GET'): Promise<number | undefined> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, path: target, method }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    });
    request.once('error', reject).end();
  });
}

async function readUntilCut(response: Response): Promise<{ text: string; failed: boolean }> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
    return { text, failed: false };
  } catch {
    return { text, failed: true };
  }
}
