import { Agent, request as post } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

import autocannon, { type Client, type Options, type Request } from 'autocannon';
import { build } from 'hdr-histogram-js';

import { serverLimits } from '../../../src/http/listen.ts';
import { createDeliveries, type Delivery, type Sender } from './deliveries.ts';

/** What the generator is asked to do. */
export interface Load {
  readonly url: string;
  readonly sender: Sender;
  readonly connections: number;
  readonly seconds: number;
  /** Deliveries a second over all connections; as many as go where absent. */
  readonly rate: number | undefined;
}

/** What came of it. Times are milliseconds. */
export interface Answered {
  /** Deliveries that were answered with a 2xx. */
  readonly accepted: number;
  readonly failed: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/* The load generator: a process that sends what its parent tells it to, and answers with what it measured. */

process.on('message', (load: Load) => {
  void send(load).then((answered) => process.send?.(answered));
});

async function send(load: Load): Promise<Answered> {
  const times = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  });
  const counts = { accepted: 0, failed: 0 };
  const heard = (status: number, ms: number) => {
    if (status >= 200 && status < 300) counts.accepted += 1;
    else counts.failed += 1;
    times.recordValue(Math.max(1, Math.round(ms * 1_000)));
  };
  const began = performance.now();
  if (load.rate === undefined) await asManyAsGo(load, heard);
  else await atRate({ ...load, rate: load.rate }, heard);
  return {
    ...counts,
    perSecond: counts.accepted / ((performance.now() - began) / 1_000),
    p50: times.getValueAtPercentile(50) / 1_000,
    p99: times.getValueAtPercentile(99) / 1_000,
  };
}

/** Is told the status of each answer, 0 where there was none, and after how many milliseconds it came. */
type Heard = (status: number, ms: number) => void;

async function asManyAsGo({ url, sender, connections, seconds }: Load, heard: Heard): Promise<void> {
  const next = createDeliveries(sender);
  const done = Promise.withResolvers<void>();
  const options: Options = {
    url,
    connections,
    duration: seconds,
    // The bot lets no connection send more.
    reconnectRate: serverLimits.requestsPerConnection,
    requests: [{ method: 'POST', setupRequest: (request: Request) => ({ ...request, ...next() }) }],
  };
  const run = autocannon(options, () => done.resolve());
  run.on('response', (_client: Client, status: number, _bytes: number, ms: number) => heard(status, ms));
  run.on('reqError', () => heard(0, 0));
  await done.promise;
}

/**
 * Sends evenly, whether answers come or not: autocannon would send what is due in a second at its beginning. The time of an answer counts from when its
 * delivery was due, so that one that could not be sent in time is not left out.
 */
async function atRate(load: Load & { readonly rate: number }, heard: Heard): Promise<void> {
  const next = createDeliveries(load.sender);
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
  const under: Promise<void>[] = [];
  const began = performance.now();
  for (let sent = 0; sent < load.rate * load.seconds;) {
    const due = Math.floor(((performance.now() - began) / 1_000) * load.rate);
    for (; sent < Math.min(due, load.rate * load.seconds); sent += 1) {
      const dueAt = began + (sent / load.rate) * 1_000;
      under.push(sendOne(load.url, agent, next()).then((status) => heard(status, performance.now() - dueAt)));
    }
    await pause(1);
  }
  await Promise.all(under);
  agent.destroy();
}

function sendOne(url: string, agent: Agent, { path, headers, body }: Delivery): Promise<number> {
  return new Promise((resolve) => {
    const options = {
      method: 'POST',
      agent,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    };
    const sent = post(url + path, options, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.once('error', () => resolve(0));
    sent.end(body);
  });
}
