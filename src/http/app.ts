import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';

import { isSignedRight, mayBeGenuine, type WebhookSecrets } from '../handlers/webhook/verify-sender.ts';
import { digestOf } from '../domain/jobs/inbox.ts';
import { sha256Hex } from '../domain/shared/sha256.ts';
import type { Readiness } from '../handlers/jobs/readiness.ts';
import { receiveDelivery, type ReceivePorts } from '../handlers/webhook/receive-delivery.ts';

export interface AppPorts extends ReceivePorts {
  readonly secrets: WebhookSecrets;
  readonly readiness: () => Promise<Readiness>;
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
    const { missing, warnings } = await ports.readiness();
    const also = warnings.length === 0 ? {} : { warnings };
    return missing.length === 0
      ? context.json({ status: 'ready', ...also })
      : context.json({ status: 'not ready', missing, ...also }, 503);
  });

  const refuse = (context: Context, status: 400 | 401 | 413, reason: string, body: object) => {
    const event = (context.req.header('x-gitlab-event') ?? '').slice(0, 100);
    ports.log.warn('delivery', { status: 'refused', answer: status, reason, event });
    return context.json(body, status);
  };

  app.use('/webhooks/gitlab', async (context, next) => {
    if (context.req.method !== 'POST') return next();
    const genuine = mayBeGenuine(context.req.raw.headers, ports.secrets);
    return genuine ? next() : refuse(context, 401, 'no or wrong secret, or no signature', unauthorized);
  });

  const tooLarge = (context: Context) =>
    refuse(context, 413, 'too large', { error: `the body is larger than ${largestBody} bytes` });
  const counted = bodyLimit({ maxSize: largestBody, onError: tooLarge });
  const limited: MiddlewareHandler = async (context, next) => {
    const length = context.req.header('content-length');
    if (length === undefined || context.req.header('transfer-encoding') !== undefined)
      return counted(context, next);
    // The HTTP parser holds the sender to the length that was told, and a body need not become a stream to be counted.
    return Number(length) <= largestBody ? next() : tooLarge(context);
  };
  app.post('/webhooks/gitlab', limited, async (context) => {
    const { headers } = context.req.raw;
    const text = decode(await context.req.arrayBuffer());
    // What is not text can't have been signed either, and a stranger is not told the difference.
    if (!isSignedRight(headers, text ?? '', ports.secrets))
      return refuse(context, 401, 'wrong signature or old timestamp', unauthorized);
    const body = text === undefined ? undefined : parse(text);
    if (text === undefined || body === undefined)
      return refuse(context, 400, 'not JSON', { error: 'the body is not JSON' });

    const eventName = headers.get('x-gitlab-event') ?? '';
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

const longestId = 200;

/**
 * GitLab repeats a delivery under the same id. `X-Gitlab-Webhook-UUID` is random for every request and tells nothing. An id longer than
 * any of GitLab's is not kept as it is.
 */
async function deliveryId(headers: Headers, eventName: string, text: string): Promise<string> {
  const given = headers.get('webhook-id') || headers.get('idempotency-key');
  if (given && given.length <= longestId) return given;
  return `sha256-${await (given ? sha256Hex(given) : digestOf(eventName, text))}`;
}
