import autocannon, { type Client, type Options, type Request } from 'autocannon';
import { build } from 'hdr-histogram-js';

import { serverLimits } from '../../../src/listen.ts';
import { createDeliveries, type Sender } from './deliveries.ts';

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

async function send({ url, sender, connections, seconds, rate }: Load): Promise<Answered> {
  const next = createDeliveries(sender);
  const times = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  });
  let accepted = 0;
  let failed = 0;
  const began = performance.now();
  const done = Promise.withResolvers<void>();
  const options: Options = {
    url,
    connections,
    duration: seconds,
    // The bot lets no connection send more.
    reconnectRate: serverLimits.requestsPerConnection,
    requests: [{ method: 'POST', setupRequest: (request: Request) => ({ ...request, ...next() }) }],
    ...(rate === undefined ? {} : { overallRate: rate }),
  };
  const run = autocannon(options, () => done.resolve());
  // What should have been sent while an answer was late counts, too.
  const interval = rate === undefined ? undefined : (connections / rate) * 1e6;
  run.on('response', (_client: Client, status: number, _bytes: number, ms: number) => {
    const isAccepted = status >= 200 && status < 300;
    if (isAccepted) accepted += 1;
    else failed += 1;
    const micros = Math.max(1, Math.round(ms * 1_000));
    if (interval === undefined) times.recordValue(micros);
    else times.recordValueWithExpectedInterval(micros, interval);
  });
  run.on('reqError', () => (failed += 1));
  await done.promise;
  const took = (performance.now() - began) / 1_000;
  return {
    accepted,
    failed,
    perSecond: accepted / took,
    p50: times.getValueAtPercentile(50) / 1_000,
    p99: times.getValueAtPercentile(99) / 1_000,
  };
}
