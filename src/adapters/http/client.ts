import pRetry from 'p-retry';

import type { Clock } from '../../domain/shared/clock.ts';
import type { Log } from '../../domain/shared/log.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';
import type { System, UpstreamFailure, UpstreamReason } from '../../domain/shared/upstream-failure.ts';
import type { Bound } from './concurrency-limit.ts';
import { HostDead, Unanswered, type Breaker } from './circuit-breaker.ts';
import { reasonOf, retryAfter } from './status.ts';
import { networkWords, neverSent } from './network-error.ts';

export interface HttpRequest<Body> {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** What the call is named in logs and failures: the path without host, base path and query. */
  readonly path: string;
  /** Whether a second sending after an unknown outcome does no harm. Where not, only a clear "not done" is tried again. */
  readonly repeatable: boolean;
  /** The largest answer that is read, in bytes. */
  readonly maxBytes: number;
  /** Makes sense of a 2xx answer. What makes none is a passing failure: half an answer, or a proxy's page. */
  readonly read: (answer: HttpAnswer) => Result<Body, string>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** How long a failing call is tried again. Defaults: from half a second, doubling to 30 s, for a minute. */
export interface RetryPolicy {
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  readonly totalMs: number;
}

export interface HttpClientDeps {
  readonly system: System;
  readonly log: Log;
  readonly clock: Clock;
  /** Ends pauses and refuses new calls when the bot stops; calls under way go on. */
  readonly stop: AbortSignal;
  /** Called before each call; may fire `stop`. */
  readonly beforeCall?: () => void;
  readonly mask: (text: string) => string;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  /** Bounds the calls under way. A pause between two tries takes no place in it, so that a failing call keeps no other waiting. */
  readonly bound: Bound;
  /** The host's: all clients of one host share it. */
  readonly breaker: Breaker;
  /** Reads the other side's own words out of an error's body. */
  readonly readError: (text: string) => string;
}

export type HttpClient = <Body>(request: HttpRequest<Body>) => Promise<Result<Body, UpstreamFailure>>;

export const defaultRetry: RetryPolicy = { firstPauseMs: 500, longestPauseMs: 30_000, totalMs: 60_000 };

const longestQuote = 500;
/** Of an error's body nobody needs more, in bytes. */
const largestError = 64 * 1024;

/**
 * A `fetch` that keeps trying while the failure is a passing one, logs each call and returns failures as data.
 *
 * `Retry-After` is honoured as long as it fits into the retry time; beyond that the call fails as passing and the
 * caller's own, longer pauses take over. Redirects are not followed: a moved host is a wrong setting, and a redirect
 * would carry the token to a host that nobody configured.
 *
 * Not guaranteed: that a write took effect once. A repeatable one may run several times, a failed one may have worked.
 */
export function createHttpClient(deps: HttpClientDeps): HttpClient {
  return async <Body>(request: HttpRequest<Body>): Promise<Result<Body, UpstreamFailure>> => {
    const endsAt = deps.clock.now() + deps.retry.totalMs;
    /** What the call ended with. p-retry forgets it when the stop comes while the last try is under way. */
    let ended: Result<Body, UpstreamFailure> | undefined;
    const tryOnce = async () => {
      try {
        ended = ok(await deps.bound(() => startable(deps, request)));
      } catch (error) {
        if (error instanceof CallFailed && !isRepeated(deps, error, endsAt)) ended = fail(error.failure);
        throw error;
      }
    };
    const shouldRetry = async ({ error }: { readonly error: Error }) => {
      if (!(error instanceof CallFailed) || !isRepeated(deps, error, endsAt)) return false;
      await pause(error.retryAfterMs, deps.stop);
      return true;
    };
    let broke: unknown;
    try {
      await pRetry(tryOnce, {
        retries: 20,
        minTimeout: deps.retry.firstPauseMs,
        maxTimeout: deps.retry.longestPauseMs,
        maxRetryTime: deps.retry.totalMs,
        randomize: true,
        signal: deps.stop,
        shouldRetry,
      });
    } catch (error) {
      broke = error;
    }
    if (ended !== undefined) return ended;
    if (broke instanceof CallFailed) return fail(broke.failure);
    if (deps.stop.aborted) return fail(failure(deps, request, 'stopped', undefined, 'the bot is stopping'));
    throw broke;
  };
}

/** Carries a failure through p-retry, which knows only errors. */
class CallFailed extends Error {
  readonly failure: UpstreamFailure;
  readonly repeatable: boolean;
  readonly retryAfterMs: number;

  constructor(failed: UpstreamFailure, repeatable: boolean, retryAfterMs: number) {
    super(failed.said);
    this.failure = failed;
    this.repeatable = repeatable;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whether it is tried again, if the bot does not stop and the time is not up by then. */
function isRepeated(deps: HttpClientDeps, error: CallFailed, endsAt: number): boolean {
  if (error.failure.reason !== 'passing' || !error.repeatable) return false;
  return error.retryAfterMs <= Math.max(0, endsAt - deps.clock.now());
}

/** A call that waited for its place until the bot stopped is not sent any more, nor one to a host that is dead. */
async function startable<Body>(deps: HttpClientDeps, request: HttpRequest<Body>): Promise<Body> {
  deps.beforeCall?.();
  // Before the breaker: to it, a call that found out nothing would be an answer.
  deps.stop.throwIfAborted();
  try {
    return await deps.breaker.call(deps.log, async () => {
      // Again: it may have waited for what another call finds out.
      deps.beforeCall?.();
      deps.stop.throwIfAborted();
      try {
        return await attempt(deps, request);
      } catch (error) {
        throw isUnanswered(error) ? new Unanswered('no answer', { cause: error }) : error;
      }
    });
  } catch (error) {
    if (error instanceof Unanswered) throw error.cause;
    if (!(error instanceof HostDead)) throw error;
    // Nothing was sent, so sending it later does no harm.
    throw new CallFailed(failure(deps, request, 'passing', undefined, error.message), true, 0);
  }
}

/** No connection, no answer in time, a 5xx or what a proxy says instead. "Too many requests" is an answer. */
function isUnanswered(error: unknown): boolean {
  return error instanceof CallFailed && error.failure.reason === 'passing' && error.failure.status !== 429;
}

async function attempt<Body>(deps: HttpClientDeps, request: HttpRequest<Body>): Promise<Body> {
  const startedAt = deps.clock.now();
  const log = (status: number, said?: string) => {
    const fields = { system: deps.system, method: request.method, path: request.path, status };
    const line = { ...fields, ms: deps.clock.now() - startedAt, ...(said === undefined ? {} : { said }) };
    deps.log.info('call', line);
  };
  let response: Response;
  let body: { readonly text: string; readonly whole: boolean };
  try {
    response = await fetch(request.url, {
      method: request.method,
      headers: { ...request.headers },
      ...(request.body === undefined ? {} : { body: request.body }),
      redirect: 'manual',
      signal: AbortSignal.timeout(deps.timeoutMs),
    });
    body = await readBody(response, response.ok ? request.maxBytes : largestError);
  } catch (error) {
    const said = deps.mask(networkWords(error, deps.timeoutMs));
    log(0, said);
    throw new CallFailed(
      failure(deps, request, 'passing', undefined, said),
      request.repeatable || neverSent(error),
      0,
    );
  }
  const { text } = body;
  if (response.ok && !body.whole) {
    const said = `the answer is larger than ${request.maxBytes} bytes`;
    log(response.status, said);
    throw new CallFailed(failure(deps, request, 'too-large', response.status, said), false, 0);
  }
  if (response.ok) {
    const read = request.read({ status: response.status, headers: response.headers, text });
    const unread = read.ok ? undefined : deps.mask(read.failure);
    log(response.status, unread);
    if (read.ok) return read.value;
    const failed = failure(deps, request, 'passing', response.status, deps.mask(read.failure));
    throw new CallFailed(failed, request.repeatable, 0);
  }
  const said = deps.mask(deps.readError(text).slice(0, 4 * longestQuote)).slice(0, longestQuote);
  log(response.status, said);
  throw new CallFailed(
    failure(deps, request, reasonOf(response.status), response.status, said),
    request.repeatable || response.status === 429,
    retryAfter(response.headers, deps.clock.now()),
  );
}

function failure(
  deps: HttpClientDeps,
  request: HttpRequest<unknown>,
  reason: UpstreamReason,
  status: number | undefined,
  said: string,
): UpstreamFailure {
  return { system: deps.system, reason, status, asked: `${request.method} ${request.path}`, said };
}

/** Reads about `most` bytes and no more, so that an endless answer ends here; `whole` tells whether that was all. */
async function readBody(
  response: Response,
  most: number,
): Promise<{ readonly text: string; readonly whole: boolean }> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    text += decoder.decode(chunk, { stream: true });
    if (size > most) return { text, whole: false };
  }
  return { text: text + decoder.decode(), whole: true };
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  if (ms === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stop.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    stop.addEventListener('abort', end, { once: true });
  });
}
