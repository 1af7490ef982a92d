import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { answerWrongly, never, type Fault } from './fault.ts';

export type { Fault } from './fault.ts';

/** One request that arrived. It is logged on arrival; the status is known before the client sees the answer. */
interface Call {
  readonly method: string;
  /** As sent: neither decoded nor normalised, without the query. */
  readonly path: string;
  /** Without the question mark; empty when there is none. */
  readonly query: string;
  /** 0 until it is answered, and for ever when it never is. */
  readonly status: number;
  /** Milliseconds since 1970-01-01 UTC when it arrived. */
  readonly at: number;
  /** Milliseconds until the answer was ready, or until the connection ended without one. */
  readonly ms: number;
}

/** Which calls a fault happens to: those of the method, the path and the caller, when given. */
interface FaultRule {
  readonly method?: string;
  /** Tried against the path as sent. */
  readonly path?: RegExp;
  /** The token that GitLab or AIC knows the caller by. */
  readonly token?: string;
  /** For so many calls; without it, for every one. */
  readonly times?: number;
  readonly fault: Fault;
}

const tokenHeaders = ['private-token', 'api-key'] as const;

/** A server on 127.0.0.1 that logs its calls and fails on demand. */
export interface HttpServer {
  /** Without a slash at the end. */
  readonly url: string;
  /** In the order of arrival. */
  readonly calls: Call[];
  /** Every call from now on is held for so many milliseconds before anything else happens to it. */
  setLatency(ms: number): void;
  /** Adds a rule behind those there are: the first that fits a call is used. Returns what removes it. */
  inject(rule: FaultRule): () => void;
  clearFaults(): void;
  /** While on, nothing listens on the port. */
  refuseConnections(on: boolean): Promise<void>;
  /**
   * Stops listening, cuts the open connections and waits until the work in progress is done, so that what the
   * app works on may be removed afterwards. Calls that are still held are dropped. May be called again.
   */
  close(): Promise<void>;
}

/** Serves the app on 127.0.0.1; port 0, the default, takes any free one. Rejects when the port is taken. */
export async function serveHttp(app: Hono, options: { readonly port?: number } = {}): Promise<HttpServer> {
  const calls: Call[] = [];
  const rules = new Set<{ readonly rule: FaultRule; left: number }>();
  const working = new Set<Promise<unknown>>();
  const closing = new AbortController();
  let latency = 0;

  function takeFault(method: string, path: string, headers: IncomingHttpHeaders): Fault | undefined {
    for (const entry of rules) {
      const { rule } = entry;
      if (rule.method !== undefined && rule.method.toUpperCase() !== method) continue;
      // `search` and not `test`, which remembers its position in a pattern with the flag g.
      if (rule.path !== undefined && path.search(rule.path) < 0) continue;
      if (rule.token !== undefined && !tokenHeaders.some((name) => headers[name] === rule.token)) continue;
      entry.left -= 1;
      if (entry.left <= 0) rules.delete(entry);
      return rule.fault;
    }
    return undefined;
  }

  async function tracked<Outcome>(work: Promise<Outcome>): Promise<Outcome> {
    working.add(work);
    try {
      return await work;
    } finally {
      working.delete(work);
    }
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { path, query } = splitTarget(incoming.url ?? '/');
    const method = incoming.method ?? 'GET';
    const started = performance.now();
    const call = { method, path, query, status: 0, at: Date.now(), ms: 0 };
    calls.push(call);
    const fault = takeFault(method, path, incoming.headers);
    const answered = (status: number): void => {
      call.status = status;
      call.ms = performance.now() - started;
    };
    // For the calls that never were answered, and those that the listener answers by itself (no Host header).
    outgoing.once('close', () => {
      if (call.status === 0) answered(outgoing.headersSent ? outgoing.statusCode : 0);
    });

    const listener = getRequestListener(
      async (request, env) => {
        if (latency > 0) await tracked(held(latency, closing.signal));
        if (closing.signal.aborted) return never();
        const work = (): Promise<Response> => tracked(Promise.resolve(app.fetch(request, env)));
        if (fault !== undefined) return answerWrongly(fault, { request, incoming, outgoing, work, answered });
        const answer = await work();
        answered(answer.status);
        return answer;
      },
      // The replacements for the global Request and Response would reach whatever else runs in the process.
      { overrideGlobalObjects: false },
    );
    await listener(incoming, outgoing);
  }

  const server = createServer((incoming, outgoing) => void serve(incoming, outgoing));
  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    setLatency(ms) {
      latency = ms;
    },
    inject(rule) {
      const entry = { rule, left: rule.times ?? Infinity };
      if (entry.left > 0) rules.add(entry);
      return () => void rules.delete(entry);
    },
    clearFaults() {
      rules.clear();
    },
    async refuseConnections(on) {
      if (on) {
        const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
        server.closeAllConnections();
        await closed;
      } else await listen(server, port);
    },
    async close() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      closing.abort();
      server.closeAllConnections();
      await closed;
      await Promise.allSettled(working);
    },
  };
}

/** Waits for so many milliseconds, or until the signal. */
async function held(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf('?');
  return mark < 0
    ? { path: target, query: '' }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port.');
  return address.port;
}
