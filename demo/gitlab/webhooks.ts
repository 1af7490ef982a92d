import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { alertStatus, countOutcome, type Hook, type HookEvent, type HookFlag } from './hook.ts';
import type { Project } from './project.ts';

type HookKind = 'push' | 'merge_request' | 'note' | 'confidential_note' | 'access_token';

const kinds: Record<HookKind, { flag: HookFlag; header: string; trigger: string }> = {
  push: { flag: 'push_events', header: 'Push Hook', trigger: 'push_hooks' },
  merge_request: {
    flag: 'merge_requests_events',
    header: 'Merge Request Hook',
    trigger: 'merge_request_hooks',
  },
  note: { flag: 'note_events', header: 'Note Hook', trigger: 'note_hooks' },
  confidential_note: {
    flag: 'confidential_note_events',
    header: 'Confidential Note Hook',
    trigger: 'confidential_note_hooks',
  },
  access_token: {
    flag: 'resource_access_token_events',
    header: 'Resource Access Token Hook',
    trigger: 'resource_access_token_hooks',
  },
};

/** One try to deliver, in the order of the ends. */
export interface Delivery {
  readonly hookId: number;
  /** As in `X-Gitlab-Event`. */
  readonly event: string;
  /** 0 when no answer came. */
  readonly status: number;
  /** Milliseconds since 1970-01-01 UTC when it was sent. */
  readonly at: number;
  readonly idempotencyKey: string;
  readonly body: string;
}

/**
 * Sends the webhooks: each at once, once, and on its own; what fails is only logged. What happens while a hook is
 * switched off is lost.
 */
export interface Webhooks {
  /** The body is built only if a hook wants it. */
  send(project: Project, kind: HookKind, build: () => Promise<object>, branch?: string): void;
  /** The same body with the same key again; the new entry of the log. */
  resend(hook: Hook, event: HookEvent): Promise<HookEvent>;
  readonly deliveries: Delivery[];
  /** Resolves when nothing is on its way. */
  settled(): Promise<void>;
  /** Cuts what is on its way. */
  close(): Promise<void>;
}

export interface WebhooksOptions {
  readonly url: () => string;
  readonly now: () => Date;
  readonly nextId: () => number;
  readonly timeoutMs: number;
  /** Whether hooks are switched off after failures. */
  readonly failingAreDisabled: () => boolean;
}

export function createWebhooks({
  url,
  now,
  nextId,
  timeoutMs,
  failingAreDisabled,
}: WebhooksOptions): Webhooks {
  const deliveries: Delivery[] = [];
  const underWay = new Set<Promise<unknown>>();
  const closing = new AbortController();

  async function deliver(
    hook: Hook,
    content: { header: string; trigger: string; body: string; chain: string; key: string },
  ): Promise<HookEvent> {
    const sent = now();
    const headers = headersFor(hook, content, sent);
    const started = performance.now();
    const answer = await post(hook.url, headers, content.body);
    const event: HookEvent = {
      id: nextId(),
      url: hook.url,
      trigger: content.trigger,
      requestHeaders: headers,
      body: content.body,
      responseHeaders: answer.headers,
      responseBody: answer.body,
      responseStatus: answer.status === 0 ? 'internal error' : String(answer.status),
      seconds: (performance.now() - started) / 1000,
      idempotencyKey: content.key,
    };
    if (failingAreDisabled()) countOutcome(hook, answer.status >= 200 && answer.status < 400, now());
    hook.events.push(event);
    deliveries.push({
      hookId: hook.id,
      event: content.header,
      status: answer.status,
      at: sent.getTime(),
      idempotencyKey: content.key,
      body: content.body,
    });
    return event;
  }

  async function post(
    target: string,
    headers: Record<string, string>,
    body: string,
  ): Promise<{ status: number; headers: Record<string, string>; body: string }> {
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), closing.signal]);
      const response = await fetch(target, { method: 'POST', headers, body, signal, redirect: 'manual' });
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        // GitLab keeps no more of it.
        body: (await response.text()).slice(0, 8 * 1024),
      };
    } catch {
      return { status: 0, headers: {}, body: '' };
    }
  }

  function headersFor(
    hook: Hook,
    { header, body, chain, key }: { header: string; body: string; chain: string; key: string },
    sent: Date,
  ): Record<string, string> {
    return {
      'Content-Type': 'application/json',
      'User-Agent': 'GitLab/19.1.0',
      'Idempotency-Key': key,
      'webhook-id': key,
      'webhook-timestamp': String(Math.floor(sent.getTime() / 1000)),
      'X-Gitlab-Event': header,
      // Shared by the hooks that one event sets off.
      'X-Gitlab-Event-UUID': chain,
      'X-Gitlab-Instance': url(),
      // Despite its name a new one for every request.
      'X-Gitlab-Webhook-UUID': randomUUID(),
      ...(hook.token === undefined ? {} : { 'X-Gitlab-Token': hook.token.replaceAll(/[\r\n]/g, '') }),
      ...(hook.signingToken === undefined
        ? {}
        : { 'webhook-signature': new Webhook(hook.signingToken).sign(key, sent, body) }),
    };
  }

  function track<Value>(work: Promise<Value>): Promise<Value> {
    const entry = work.finally(() => underWay.delete(entry));
    underWay.add(entry);
    return entry;
  }

  return {
    deliveries,
    send(project, kind, build, branch) {
      const { flag, header, trigger } = kinds[kind];
      const hooks = [...project.hooks.values()].filter(
        (hook) =>
          hook.flags.has(flag) &&
          alertStatus(hook, now()) === 'executable' &&
          (branch === undefined || wantsBranch(hook, branch)),
      );
      if (hooks.length === 0) return;
      const chain = randomUUID();
      const work = async (): Promise<void> => {
        const body = JSON.stringify(await build());
        await Promise.all(
          hooks.map((hook) => deliver(hook, { header, trigger, body, chain, key: randomUUID() })),
        );
      };
      void track(work());
    },
    async resend(hook, { trigger, body, idempotencyKey: key, requestHeaders }) {
      const header = requestHeaders['X-Gitlab-Event'] ?? '';
      return track(deliver(hook, { header, trigger, body, chain: randomUUID(), key }));
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    async close() {
      closing.abort();
      await Promise.allSettled(underWay);
    },
  };
}

/** The filter of a hook holds for pushes alone. */
function wantsBranch(hook: Hook, branch: string): boolean {
  const filter = hook.pushBranchFilter;
  if (filter === '' || hook.branchFilterStrategy === 'all_branches') return true;
  if (hook.branchFilterStrategy === 'regex') return new RegExp(filter).test(branch);
  const pattern = filter
    .split('*')
    .map((part) => RegExp.escape(part))
    .join('.*');
  return new RegExp(`^${pattern}$`).test(branch);
}
