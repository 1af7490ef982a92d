import { createRequesterFn, type RequesterType, type ResourceOptions } from '@gitbeaker/requester-utils';
import { z } from 'zod';

import { fail, ok, type Result } from '../../domain/shared/result.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';
import type { HttpAnswer, HttpClient } from '../http/client.ts';

/** Carries a failed call through gitbeaker's classes, which know only errors. `attempt` turns it back into data. */
export class UpstreamError extends Error {
  readonly failure: UpstreamFailure;

  constructor(failure: UpstreamFailure) {
    super(failure.said);
    this.failure = failure;
  }
}

/** Runs gitbeaker calls; a failed one becomes a failure as data, and an answer of an unknown shape a passing one. */
export async function attempt<Value>(calls: () => Promise<Value>): Promise<Result<Value, UpstreamFailure>> {
  try {
    return ok(await calls());
  } catch (error) {
    if (error instanceof UpstreamError) return fail(error.failure);
    if (error instanceof z.ZodError) {
      const said = `an answer of an unexpected form: ${z.prettifyError(error)}`;
      return fail({ system: 'GitLab', reason: 'passing', status: 200, asked: 'GET', said });
    }
    throw error;
  }
}

/** The same where there may be nothing: GitLab's 404 means that there is no such thing, or none that the token may see. */
export async function orUndefined<Value>(
  calls: () => Promise<Value>,
): Promise<Result<Value | undefined, UpstreamFailure>> {
  const result = await attempt(calls);
  return !result.ok && result.failure.reason === 'missing' ? ok(undefined) : result;
}

const apiPath = '/api/v4';

/** The largest JSON answer that is read: a comparison of many commits with its diffs. */
const largestJson = 64 * 1024 * 1024;

/** No list that the bot reads is longer, at 100 rows a page; more of them are a mistake of the server's. */
export const mostPages = 200;

const handed = z.object({
  method: z.string(),
  prefixUrl: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string().optional(),
  searchParams: z.string().optional(),
});

/**
 * What gitbeaker's classes call instead of their own requester, whose retries repeat a POST ten times within a third of a
 * second and ignore `Retry-After`. A POST is not repeatable: after an unknown outcome its caller has to look first.
 * @param mostBytes the largest raw file that is read
 */
export function createRequester(
  http: HttpClient,
  mostBytes = largestJson,
): (options: ResourceOptions) => RequesterType {
  return createRequesterFn(
    (_service, request) => Promise.resolve(request),
    async (endpoint, options) => {
      const { method, prefixUrl, headers, body, searchParams } = handed.parse(options);
      const url = new URL(`${prefixUrl.replace(/\/$/, '')}/${endpoint}`);
      url.search = searchParams ?? '';
      const raw = endpoint.endsWith('/raw');
      const answer = await http<HttpAnswer & { readonly body: never }>({
        method,
        url,
        headers,
        ...(body === undefined ? {} : { body }),
        path: url.pathname.slice(url.pathname.indexOf(apiPath) + apiPath.length),
        repeatable: method !== 'POST',
        maxBytes: raw ? mostBytes : largestJson,
        read: (received) => {
          const parsed = raw ? ok(received.text) : parseBody(received);
          // gitbeaker wants the body typed as what its caller expects; the caller's schema finds out whether it is.
          return parsed.ok ? ok({ ...received, body: parsed.value as never }) : parsed;
        },
      });
      if (!answer.ok) throw new UpstreamError(answer.failure);
      const { status, headers: received, body: content } = answer.value;
      const given = Object.fromEntries(received.entries());
      const isEnd = answer.value.text.trim() === '[]' || !leadsOn(given['link'], url);
      return { status, headers: isEnd ? { ...given, link: '' } : given, body: content };
    },
  );
}

/**
 * Whether the next page that the answer names is another one. A server that names the same page again, or an endless row of nearly empty
 * ones, would be asked for ever: gitbeaker counts rows, not pages.
 */
function leadsOn(link: string | undefined, url: URL): boolean {
  const [, named = ''] = /<([^>]*)>\s*;\s*rel="next"/.exec(link ?? '') ?? [];
  const next = URL.canParse(named) ? new URL(named) : undefined;
  if (next === undefined || next.search === '' || next.search === url.search) return false;
  return Number(next.searchParams.get('page') ?? 1) <= mostPages;
}

function parseBody({ status, text }: HttpAnswer): Result<unknown, string> {
  if (status === 204) return ok(null);
  try {
    return ok(JSON.parse(text));
  } catch {
    return fail('the answer is not JSON');
  }
}

const errorBody = z
  .object({ message: z.unknown(), error: z.unknown(), error_description: z.unknown() })
  .partial();

/** GitLab's own words in an error's body: `message` as text, list or object, or what is said of `error`, or that; else the beginning of what came. */
export function readGitLabError(text: string): string {
  try {
    const body = errorBody.parse(JSON.parse(text));
    const said = body.message ?? body.error_description ?? body.error ?? text;
    return typeof said === 'string' ? said : JSON.stringify(said);
  } catch {
    return text.trim();
  }
}
