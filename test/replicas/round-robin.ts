import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

/** Hands each request to the next of several servers, as what stands before replicas does, and most of them once more to another one. */
export interface RoundRobin {
  readonly url: string;
  /** How many requests were answered with 202. */
  readonly accepted: () => number;
  /** Where requests go from now on. */
  use(urls: readonly string[]): void;
  /** Sends one request of one's own. Resolves with its status; 502 where nobody answered. */
  send(headers: Readonly<Record<string, string>>, body: string): Promise<number>;
  close(): Promise<void>;
}

const longestDelayMs = 250;

export async function startRoundRobin(): Promise<RoundRobin> {
  let urls: readonly string[] = [];
  let turn = 0;
  let accepted = 0;
  const again = new Set<Promise<unknown>>();

  async function forward(headers: Readonly<Record<string, string>>, body: string): Promise<number> {
    await pause(Math.random() * longestDelayMs);
    for (let tries = 0; tries < urls.length; tries += 1) {
      turn += 1;
      const url = urls[turn % urls.length] ?? '';
      try {
        const received = await fetch(`${url}/webhooks/gitlab`, { method: 'POST', headers, body });
        await received.arrayBuffer();
        if (received.status === 202) accepted += 1;
        if (received.status < 500) return received.status;
      } catch {
        // It is gone; the next one may be there.
      }
    }
    return 502;
  }

  async function twice(headers: Readonly<Record<string, string>>, body: string): Promise<number> {
    const second = forward(headers, body).finally(() => again.delete(second));
    again.add(second);
    return forward(headers, body);
  }

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    response.statusCode = await twice(handedOn(request.headers), await text(request));
    response.end();
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accepted: () => accepted,
    use: (next) => void (urls = next),
    send: twice,
    close: async () => {
      await Promise.all(again);
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

function handedOn(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const kept = Object.entries(headers).filter(([name]) =>
    /^(x-gitlab-|webhook-|idempotency-|content-type)/.test(name),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}
