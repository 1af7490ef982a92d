import type { IncomingMessage, ServerResponse } from 'node:http';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';

/**
 * What a network or a server does wrong:
 * - `status`: answered with it, the work is not done
 * - `status-after-work`: the work is done, its answer is replaced by the status
 * - `hang`: never answered, until the server closes or the client leaves; the work is not done
 * - `reset`: the connection is cut without an answer; the work is not done
 * - `half-body`: the work is done; the true answer's headers, half of its body, then the connection is cut.
 *   An answer without a body arrives whole.
 * - `wrong-json`: 200 and `application/json`, but not JSON; the work is not done
 * - `html`: 200 and a proxy's error page; the work is not done
 */
export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  | { readonly kind: 'status-after-work'; readonly status: number }
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'half-body' }
  | { readonly kind: 'wrong-json' }
  | { readonly kind: 'html' };

/** A call that a fault happens to. */
export interface FaultyCall {
  readonly request: Request;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** Does what was asked for; its answer. */
  readonly work: () => Promise<Response>;
  /** To be told the status before the client sees it. */
  readonly answered: (status: number) => void;
}

const proxyPage =
  '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>';

/** What is sent instead of the answer. Never settles when nothing is. */
export async function answerWrongly(fault: Fault, call: FaultyCall): Promise<Response> {
  let answer: Response;
  switch (fault.kind) {
    case 'status':
      await readAll(call.request);
      answer = new Response(fault.body ?? null, { status: fault.status, headers: fault.headers ?? {} });
      break;
    case 'status-after-work':
      await (await call.work()).body?.cancel();
      answer = new Response(null, { status: fault.status });
      break;
    case 'hang':
      return never();
    case 'reset':
      call.incoming.socket.resetAndDestroy();
      return never();
    case 'half-body':
      return sendHalf(await call.work(), call);
    case 'wrong-json':
      await readAll(call.request);
      answer = new Response('{"message": "ok", "items": [', {
        headers: { 'content-type': 'application/json' },
      });
      break;
    case 'html':
      await readAll(call.request);
      answer = new Response(proxyPage, { headers: { 'content-type': 'text/html; charset=utf-8' } });
      break;
  }
  call.answered(answer.status);
  return answer;
}

/** A promise that never settles. */
export function never(): Promise<never> {
  return new Promise(() => {});
}

/** A client that is still sending when the answer comes may see a cut connection instead of it. */
async function readAll(request: Request): Promise<void> {
  await request.arrayBuffer();
}

async function sendHalf(answer: Response, { outgoing, answered }: FaultyCall): Promise<Response> {
  const body = Buffer.from(await answer.arrayBuffer());
  answered(answer.status);
  outgoing.setHeaders(answer.headers);
  if (body.length > 0) outgoing.setHeader('content-length', body.length);
  outgoing.writeHead(answer.status);
  if (body.length === 0) {
    outgoing.end();
  } else {
    // An orderly end and not a reset, which could overtake what was written.
    const half = body.subarray(0, Math.floor(body.length / 2));
    outgoing.write(half, () => outgoing.socket?.end());
  }
  return RESPONSE_ALREADY_SENT;
}
