import { z } from 'zod';

import { parseJson, writeJson, type Json } from '../../domain/shared/json.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';
import { createHttpClient, type HttpAnswer, type HttpClientDeps } from '../http/client.ts';

/** An installation of AIC: its API's base address with the path, such as `https://prod.jdpower.ai/apis/core/v1`, and a key. */
export interface AicHost {
  readonly url: URL;
  readonly key: string;
}

/** What is asked of AIC. */
interface AicRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Behind the base address. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly content?: Json;
  /** Sent as they are, without a content type. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
}

/** Calls to one host. All of them are repeated while their failure is a passing one. */
export interface Calls {
  /** Asks, and makes sense of the JSON that is answered. `read` throws a ZodError for JSON of another form. */
  ask<Body>(request: AicRequest, read: (body: Json) => Body): Promise<Result<Body, UpstreamFailure>>;
  /** Has something done. Of AIC's answer nothing is known but that it is 2xx, so its body plays no part; a proxy's page is a failure. */
  order(request: AicRequest): Promise<Result<void, UpstreamFailure>>;
}

const largestAnswer = 64 * 1024 * 1024;

export function createCalls(
  deps: Omit<HttpClientDeps, 'system' | 'readError'> & { readonly host: AicHost },
): Calls {
  const { host } = deps;
  const http = createHttpClient({ ...deps, system: 'AIC', readError });
  const send = <Body>(request: AicRequest, read: (answer: HttpAnswer) => Result<Body, string>) => {
    const { method, path, query, content, bytes } = request;
    const url = new URL(`${host.url.href.replace(/\/+$/, '')}${path}`);
    if (query !== undefined) url.search = new URLSearchParams(query).toString();
    const body = content === undefined ? bytes : writeJson(content);
    return http({
      method,
      url,
      headers: {
        accept: '*/*',
        'api-key': host.key,
        ...(content === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
      path,
      repeatable: true,
      maxBytes: largestAnswer,
      read,
    });
  };
  return {
    ask: (request, read) => send(request, (answer) => understand(answer, read)),
    order: (request) => send(request, passOver),
  };
}

function understand<Body>({ text }: HttpAnswer, read: (body: Json) => Body): Result<Body, string> {
  const parsed = text.trim() === '' ? ok(null) : parseJson(text);
  if (!parsed.ok) return fail('the answer is not JSON');
  try {
    return ok(read(parsed.value));
  } catch (error) {
    if (error instanceof z.ZodError)
      return fail(`an answer of an unexpected form: ${z.prettifyError(error)}`);
    throw error;
  }
}

/** AIC may answer an order with text. What calls itself JSON must be JSON, or it is half of an answer. */
function passOver({ headers, text }: HttpAnswer): Result<void, string> {
  const type = headers.get('content-type') ?? '';
  if (/^text\/html\b/i.test(type)) return fail('the answer is a page and not AIC’s');
  const isBroken = /^application\/json\b/i.test(type) && text.trim() !== '' && !parseJson(text).ok;
  return isBroken ? fail('the answer is not JSON') : ok(undefined);
}

/** AIC's own words in an error's body: `message` or `error`, else the beginning of what came. */
function readError(text: string): string {
  const parsed = z
    .object({ message: z.string(), error: z.string() })
    .partial()
    .safeParse(jsonOrNothing(text));
  return parsed.data?.message ?? parsed.data?.error ?? text.trim();
}

function jsonOrNothing(text: string): unknown {
  const parsed = parseJson(text);
  return parsed.ok ? parsed.value : undefined;
}
