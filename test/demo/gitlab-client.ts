import { Hono } from 'hono';
import { serveHttp } from '../../demo/http-server.ts';

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** A call to the API; the path may hold a query, the body is sent as JSON. */
export type Call = <Body = unknown>(method: string, path: string, body?: object) => Promise<Answer<Body>>;

/** Calls the API with the token of one user. */
export function createClient(url: string, token: string): Call {
  return async (method, path, body) => {
    const response = await fetch(`${url}/api/v4${path}`, {
      method,
      headers: {
        'private-token': token,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const isJson = response.headers.get('content-type')?.includes('json') === true && method !== 'HEAD';
    return {
      status: response.status,
      headers: response.headers,
      body: isJson ? await response.json() : await response.text(),
    };
  };
}

interface Received {
  readonly headers: Record<string, string>;
  readonly text: string;
}

export interface Receiver {
  readonly url: string;
  /** In the order of arrival. */
  readonly received: Received[];
  /** The bodies of one event, as in `X-Gitlab-Event`. */
  bodies<Body>(event: string): Body[];
  answerWith(status: number): void;
  close(): Promise<void>;
}

/** What a webhook is sent to. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let status = 202;
  const app = new Hono();
  app.post('*', async (c) => {
    received.push({ headers: c.req.header(), text: await c.req.text() });
    return new Response(null, { status });
  });
  const server = await serveHttp(app);
  return {
    url: server.url,
    received,
    bodies: (event) =>
      received
        .filter(({ headers }) => headers['x-gitlab-event'] === event)
        .map(({ text }) => JSON.parse(text)),
    answerWith(given) {
      status = given;
    },
    close: () => server.close(),
  };
}
