import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';

import { afterEach, describe, expect, test } from 'vitest';

import { until } from '../demo/person.ts';
import { createLog } from '../src/adapters/log.ts';
import { createApp } from '../src/http/app.ts';
import { ok } from '../src/domain/shared/result.ts';
import { listen, serverLimits, type ServerLimits } from '../src/http/listen.ts';

const secret = 'the-webhook-secret';
const push = JSON.stringify({
  object_kind: 'push',
  project: { id: 15, path_with_namespace: 'team/pipelines' },
  ref: 'refs/heads/main',
  before: '95790bf891e76fee5e1747ab589903a6a1f80f22',
  after: 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7',
});

let server: Server | undefined;
let port = 0;
const clients = new Set<Socket>();

/** Limits of the same kind, with short times. */
const impatient: ServerLimits = { ...serverLimits, headersMs: 200, requestMs: 400, checkEveryMs: 50 };

async function start(limits: ServerLimits = serverLimits): Promise<void> {
  const clock = { now: () => 0 };
  const app = createApp({
    inbox: { accept: () => Promise.resolve(ok('new')) },
    clock,
    log: createLog({ level: 'silent', clock, mask: (text) => text, write: () => {} }),
    serves: () => true,
    secrets: { tokens: [secret], signingToken: undefined },
    readiness: () => Promise.resolve({ missing: [], warnings: [] }),
  });
  const address = { port: 0, hostname: '127.0.0.1' };
  port = await new Promise<number>((resolve) => {
    server = listen(app.fetch, address, (info) => resolve(info.port), limits);
  });
}

afterEach(async () => {
  for (const client of clients) client.destroy();
  clients.clear();
  const closed = new Promise((resolve) => server?.close(resolve));
  server?.closeAllConnections();
  await closed;
});

/** A connection that collects what it is sent. */
function open() {
  const socket = connect({ port, host: '127.0.0.1' });
  clients.add(socket);
  const got = { text: '', isClosed: false };
  socket.on('data', (chunk) => void (got.text += String(chunk)));
  // Being cut off is what these clients are for.
  socket.on('error', () => {});
  socket.once('close', () => void (got.isClosed = true));
  return { socket, got, closed: () => until('the end', () => got.isClosed || undefined, 5_000) };
}

/** Sends one byte every few milliseconds for as long as the server listens. */
function trickle(socket: Socket, byte: string): void {
  const timer = setInterval(() => socket.write(byte), 20);
  socket.once('close', () => clearInterval(timer));
}

/** What a connection that sends these bytes is told until it is cut. */
async function said(bytes: string): Promise<string> {
  const { socket, got, closed } = open();
  socket.write(bytes, 'latin1');
  await closed();
  return got.text;
}

const post = (headers: readonly string[], body = '') =>
  ['POST /webhooks/gitlab HTTP/1.1', 'Host: bot', ...headers, '', body].join('\r\n');
const withSecret = `X-Gitlab-Token: ${secret}`;

async function delivered(): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/webhooks/gitlab`, {
    method: 'POST',
    headers: { 'x-gitlab-token': secret },
    body: push,
    signal: AbortSignal.timeout(10_000),
  });
  await response.arrayBuffer();
  return response.status;
}

/** A connection that nothing more comes over is cut at once. */
const brief: ServerLimits = {
  ...serverLimits,
  headersMs: 500,
  requestMs: 1_000,
  keepAliveMs: 1,
  checkEveryMs: 50,
};

describe('a slow client', () => {
  test('that sends nothing is cut', async () => {
    await start(impatient);
    const { got, closed } = open();
    await closed();
    expect(got.text).toContain('408');
  });

  test('that sends its headers byte by byte is told 408 and cut', async () => {
    await start(impatient);
    const { socket, got, closed } = open();
    socket.write('POST /webhooks/gitlab HTTP/1.1\r\nHost: bot\r\nX-Slow: ');
    trickle(socket, 'a');
    await closed();
    expect(got.text).toMatch(/^HTTP\/1.1 408 /);
  });

  test.each([
    ['with a length', 'Content-Length: 100000', ' '],
    ['in chunks', 'Transfer-Encoding: chunked', '1\r\n \r\n'],
  ])('that knows the secret and sends its body byte by byte is cut: %s', async (_what, length, byte) => {
    await start(impatient);
    const { socket, got, closed } = open();
    socket.write(post([withSecret, length]));
    trickle(socket, byte);
    await closed();
    expect(got.text).toMatch(/^(?:$|HTTP\/1.1 408 )/);
    expect(await delivered()).toBe(202);
  });

  test('that was refused before its body is not listened to for long', async () => {
    await start();
    const { socket, got, closed } = open();
    socket.write(post(['Transfer-Encoding: chunked']));
    trickle(socket, '1\r\n \r\n');
    const since = performance.now();
    await closed();
    expect(got.text).toMatch(/^HTTP\/1.1 401 /);
    expect(performance.now() - since).toBeLessThan(3_000);
  });

  test('that keeps its connection is cut when it asks nothing more', async () => {
    await start({ ...impatient, keepAliveMs: 50 });
    const { socket, got, closed } = open();
    socket.write('GET /healthz HTTP/1.1\r\nHost: bot\r\n\r\n');
    await closed();
    expect(got.text).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe('an endless body', () => {
  const chunk = `100000\r\n${' '.repeat(0x100000)}\r\n`;

  /** Sends chunks as fast as they go until it is cut. */
  async function flood(headers: readonly string[]) {
    const { socket, got, closed } = open();
    socket.write(post([...headers, 'Transfer-Encoding: chunked']));
    const more = () => {
      while (!socket.destroyed) if (!socket.write(chunk)) return;
    };
    socket.on('drain', more);
    more();
    await closed();
    return got.text;
  }

  test('without the secret is a 401, is cut within a second, and never stands in memory', async () => {
    await start();
    const before = process.memoryUsage().rss;
    const since = performance.now();
    expect(await flood([])).toMatch(/^HTTP\/1.1 401 /);
    expect(performance.now() - since).toBeLessThan(3_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 ** 2);
  });

  test('that is said to be 1 GB long is a 401 without the secret, and a 413 with it', async () => {
    await start(brief);
    const length = `Content-Length: ${1024 ** 3}`;
    expect(await said(post([length], ' '.repeat(0x100000)))).toMatch(/^HTTP\/1.1 401 /);
    expect(await said(post([withSecret, length], ' '.repeat(0x100000)))).toMatch(/^HTTP\/1.1 413 /);
  });

  test('with the secret is a 413 after 25 MiB, and is cut', async () => {
    await start();
    expect(await flood([withSecret])).toMatch(/^HTTP\/1.1 413 /);
  });
});

describe('a flood of headers', () => {
  test.each([
    ['10,000 of them', Array.from({ length: 10_000 }, (_, index) => `X-${index}: 1`)],
    ['one of 1 MB', [`X-Large: ${'a'.repeat(1024 * 1024)}`]],
    ['one whose name never ends', ['X'.repeat(1024 * 1024)]],
  ])('is a 431: %s', async (_what, headers) => {
    await start(brief);
    expect(await said(post([withSecret, ...headers, `Content-Length: ${push.length}`], push))).toMatch(
      /^(?:$|HTTP\/1.1 431 )/,
    );
    expect(await delivered()).toBe(202);
  });

  test('of the 20 that GitLab lets its users add is none', async () => {
    await start(brief);
    const added = Array.from({ length: 20 }, (_, index) => `X-Added-${index}: ${'v'.repeat(1_024)}`);
    const text = await said(post([withSecret, ...added, `Content-Length: ${push.length}`], push));
    expect(text).toMatch(/^HTTP\/1.1 202 /);
  });
});

describe('what is no decent HTTP', () => {
  const length = `Content-Length: ${push.length}`;

  test.each([
    ['HTTP/0.9', 'GET /healthz\r\n'],
    ['noise', '\u0000\u0001\u0002\u00ff\r\n\r\n'],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
    ['no host', `POST /webhooks/gitlab HTTP/1.1\r\n${withSecret}\r\n${length}\r\n\r\n${push}`],
    ['two lengths', post([withSecret, length, 'Content-Length: 5'], push)],
    ['a length and chunks', post([withSecret, length, 'Transfer-Encoding: chunked'], `0\r\n\r\n${push}`)],
    ['chunks in disguise', post([withSecret, 'Transfer-Encoding: xchunked', length], push)],
    ['a negative length', post([withSecret, 'Content-Length: -1'], push)],
    ['a space before the colon', post([`X-Gitlab-Token : ${secret}`, length], push)],
    ['a line feed alone', post([`X-One: 1\n${withSecret}`, length], push)],
    ['a header over two lines', post([`X-Gitlab-Token:\r\n ${secret}`, length], push)],
  ])('is refused, and nothing is taken from it: %s', async (_what, bytes) => {
    await start(brief);
    expect(await said(bytes)).toMatch(/^(?:$|HTTP\/1.1 4\d\d )/);
    expect(await delivered()).toBe(202);
  });

  test('a secret that is given twice is no secret', async () => {
    await start(brief);
    const text = await said(post([withSecret, withSecret, length], push));
    expect(text).toMatch(/^HTTP\/1.1 401 /);
  });

  test.each(['/webhooks/gitlab?x=1', 'http://bot/webhooks/gitlab'])('%s is the route', async (target) => {
    await start(brief);
    const bytes = post([withSecret, length, 'Connection: close'], push);
    expect(await said(bytes.replace('/webhooks/gitlab', target))).toMatch(/^HTTP\/1.1 202 /);
  });

  test.each([
    '*',
    '//webhooks/gitlab',
    '/webhooks/gitlab/',
    '/webhooks/%67itlab/..',
    '/%',
    'bot:80',
    'http://',
  ])('the target %s is none that is served, without a secret least of all', async (target) => {
    await start(brief);
    const bytes = post([length, 'Connection: close'], push).replace('/webhooks/gitlab', target);
    expect(await said(bytes)).toMatch(/^(?:$|HTTP\/1.1 4\d\d )/);
    expect(await delivered()).toBe(202);
  });

  test('noise behind a request is refused', async () => {
    await start(brief);
    const text = await said(`${post([withSecret, length], push)}\u0000\u0001noise\r\n\r\n`);
    expect(text.match(/HTTP\/1.1 \d+/g)?.at(-1)).toBe('HTTP/1.1 400');
  });

  test('a client that waits for leave to send its body is given it, and one that expects anything else is not', async () => {
    await start(brief);
    const { socket, got } = open();
    socket.write(post([withSecret, length, 'Expect: 100-continue']));
    await until('leave to go on', () => got.text.includes('100 Continue') || undefined, 5_000);
    socket.write(push);
    await until('the answer', () => got.text.includes('HTTP/1.1 202') || undefined, 5_000);
    expect(await said(post([withSecret, length, 'Expect: a-miracle'], push))).toMatch(/^HTTP\/1.1 417 /);
  });
});

describe('a crowd', () => {
  test('of more unfinished requests than there is room for loses the oldest, and the newest is served', async () => {
    await start({ ...serverLimits, unfinishedConnections: 10 });
    const silent = open();
    const slow = open();
    slow.socket.write(post([withSecret, 'Content-Length: 100000']));
    await once(slow.socket, 'connect');
    for (let n = 0; n < 20; n += 1) open();
    await Promise.all([silent.closed(), slow.closed()]);
    expect(await delivered()).toBe(202);
  });

  test('of 10,000 silent connections keeps no webhook waiting', { timeout: 60_000 }, async () => {
    await start();
    const program = `
      const { connect } = require('node:net');
      let connected = 0;
      const more = () => {
        const socket = connect(${port}, '127.0.0.1');
        socket.on('error', () => {});
        socket.once('connect', () => { connected += 1; if (connected === 10000) console.log('all'); else if (connected <= 9800) more(); });
      };
      for (let n = 0; n < 200; n += 1) more();
      setInterval(() => {}, 1000);`;
    const crowd = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const crowded = { isWhole: false };
      crowd.stdout.once('data', () => void (crowded.isWhole = true));
      let longest = 0;
      while (!crowded.isWhole) {
        const since = performance.now();
        expect(await delivered()).toBe(202);
        longest = Math.max(longest, performance.now() - since);
      }
      expect(await delivered()).toBe(202);
      expect(longest).toBeLessThan(5_000);
      const left = await new Promise<number>((resolve) =>
        server?.getConnections((_error, count) => resolve(count)),
      );
      expect(left).toBeLessThanOrEqual(serverLimits.connections);
    } finally {
      crowd.kill('SIGKILL');
      await once(crowd, 'exit');
    }
  });
});
