import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import process from 'node:process';

import { Hono } from 'hono';
import { createNodeMiddleware, createProbot } from 'probot';

import { createLog } from '../../../src/adapters/log.ts';
import { createApp } from '../../../src/http/app.ts';
import { ok } from '../../../src/domain/shared/result.ts';
import { listen } from '../../../src/http/listen.ts';
import { secret } from './deliveries.ts';

/* What the bot is measured beside, each in a process of its own: `node server.ts <kind> <port>`. */

process.once('SIGINT', () => process.exit(0));
const [kind, port] = [process.argv[2], Number(process.argv[3])];
const at = { port, hostname: '127.0.0.1' };

switch (kind) {
  /** Hono on the same listener. It reads the body and answers. */
  case 'bare': {
    const app = new Hono();
    app.get('/healthz', (context) => context.json({ status: 'ok' }));
    app.post('/webhooks/gitlab', async (context) => {
      await context.req.arrayBuffer();
      return context.json({ status: 'queued' }, 202);
    });
    listen(app.fetch, at, () => {});
    break;
  }
  /** The bot's own routes with all their checks, and an inbox that keeps nothing. */
  case 'keeps-nothing': {
    const clock = { now: () => Date.now() };
    const write = (line: string) => process.stdout.write(`${line}\n`);
    const app = createApp({
      inbox: { accept: async () => ok('new') },
      clock,
      log: createLog({ level: 'info', clock, mask: (text) => text, write }),
      serves: () => true,
      secrets: { tokens: [secret], signingToken: undefined },
      readiness: async () => ({ missing: [], warnings: [] }),
    });
    listen(app.fetch, at, () => {});
    break;
  }
  case 'probot': {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2_048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const probot = createProbot({ overrides: { appId: 1, privateKey, secret, logFormat: 'json' } });
    const middleware = await createNodeMiddleware((app) => app.on('push', () => {}), {
      probot,
      webhooksPath: '/webhooks/github',
    });
    createServer((request, response) => {
      if (request.url === '/healthz') response.end();
      else void middleware(request, response);
    }).listen(at.port, at.hostname);
    break;
  }
  case undefined:
  default:
    throw new Error(`there is no server ${kind}`);
}
