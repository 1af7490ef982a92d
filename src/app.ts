import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';

import { isSignedRight, mayBeGenuine, type WebhookSecrets } from './handlers/authenticate.ts';
import { receiveDelivery, type ReceivePorts } from './handlers/receive-delivery.ts';

export interface AppPorts extends ReceivePorts {
  readonly secrets: WebhookSecrets;
  /** What the bot can't do its work without and does not answer now; empty when all is well. */
  readonly notReady: () => Promise<readonly string[]>;
}

/** GitLab sends no larger body (https://docs.gitlab.com/administration/instance_limits/). */
const largestBody = 25 * 1024 * 1024;

/** One body for every refusal: a stranger learns nothing from it. */
const unauthorized = { error: 'unauthorized' };

/** The routes. */
export function createApp(ports: AppPorts): Hono {
  const app = new Hono();

  app.onError((error, context) => {
    ports.log.error('request failed', { path: context.req.path, error: error.stack ?? error.message });
    return context.json({ error: 'internal error' }, 500);
  });

  app.get('/healthz', (context) => context.json({ status: 'ok' }));

  app.get('/readyz', async (context) => {
    const missing = await ports.notReady();
    return missing.length === 0
      ? context.json({ status: 'ready' })
      : context.json({ status: 'not ready', missing }, 503);
  });

  app.use('/webhooks/gitlab', async (context, next) => {
    if (context.req.method !== 'POST') return next();
    const genuine = await mayBeGenuine(context.req.raw.headers, ports.secrets);
    return genuine ? next() : context.json(unauthorized, 401);
  });

  const limited = bodyLimit({
    maxSize: largestBody,
    onError: (context) => context.json({ error: `the body is larger than ${largestBody} bytes` }, 413),
  });
  app.post('/webhooks/gitlab', limited, async (context) => {
    const { headers } = context.req.raw;
    const text = decode(await context.req.arrayBuffer());
    // What is not text can't have been signed either, and a stranger is not told the difference.
    if (!isSignedRight(headers, text ?? '', ports.secrets)) return context.json(unauthorized, 401);
    const body = text === undefined ? undefined : parse(text);
    if (text === undefined || body === undefined) return context.json({ error: 'the body is not JSON' }, 400);

    const eventName = headers.get('x-gitlab-event') ?? 'unknown';
    const id = await deliveryId(headers, eventName, text);
    const receipt = await receiveDelivery(ports, { id, eventName, text, body: body.value });
    if (receipt.status === 'unavailable') {
      context.header('Retry-After', '30');
      return context.json({ id, error: `the delivery could not be written down: ${receipt.reason}` }, 503);
    }
    return context.json({ id, ...receipt }, 202);
  });
  return app;
}

function decode(bytes: ArrayBuffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** GitLab repeats a delivery under the same id. `X-Gitlab-Webhook-UUID` is random for every request and tells nothing. */
async function deliveryId(headers: Headers, eventName: string, text: string): Promise<string> {
  const given = headers.get('webhook-id') || headers.get('idempotency-key');
  if (given) return given;
  const bytes = new TextEncoder().encode(`${eventName}\n${text}`);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return `sha256-${digest.toHex()}`;
}
