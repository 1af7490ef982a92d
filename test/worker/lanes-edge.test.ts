import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';

import { describe, expect, test } from 'vitest';
import { unstable_startWorker as startWorker } from 'wrangler';
import { z } from 'zod';

import { until } from '../../demo/person.ts';
import type { JobOutcome } from '../../src/domain/jobs/job.ts';
import { lanesContract, type LanePlace, type LaneSide, type OpenRun } from '../adapters/lanes-contract.ts';

const told = z.object({ fence: z.number(), lane: z.string(), branch: z.string(), tries: z.number() });
const kept = z.array(z.object({ status: z.string(), lane: z.string(), reason: z.string().nullable() }));

/** One workerd is one side: when it goes, all its objects vanish. */
async function startSide(
  folder: string,
): Promise<LaneSide & { call: (path: string, body?: unknown) => Promise<Response> }> {
  const runs = new Set<OpenRun>();
  const hear = async (body: unknown, response: ServerResponse) => {
    const { fence, lane, branch, tries } = told.parse(body);
    const end = (outcome: JobOutcome | 'break') => {
      runs.delete(run);
      response.end(JSON.stringify(outcome));
    };
    const write = async () => {
      const answer = await call(`/write?fence=${fence}`);
      if (!answer.ok) throw new Error(await answer.text());
    };
    const run: OpenRun = { lane, branch, tries, write, end, break: () => end('break') };
    runs.add(run);
  };
  const ear = createServer((request, response) => void json(request).then((body) => hear(body, response)));
  await new Promise<void>((resolve) => void ear.listen(0, '127.0.0.1', resolve));
  const worker = await startWorker({
    config: join(import.meta.dirname, 'lanes.toml'),
    envFiles: [],
    bindings: {
      TEST_URL: { type: 'plain_text', value: `http://127.0.0.1:${(ear.address() as AddressInfo).port}` },
    },
    dev: {
      server: { hostname: '127.0.0.1', port: 0 },
      inspector: false,
      logLevel: 'none',
      persist: folder,
    },
  });
  await worker.ready;
  const call = async (path: string, body?: unknown) => {
    const { origin } = await worker.url;
    return fetch(`${origin}${path}`, {
      method: 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  };
  const started = await call('/start');
  if (!started.ok) throw new Error(await started.text());
  const vanish = async () => {
    await worker.dispose();
    ear.closeAllConnections();
    await new Promise<void>((resolve) => void ear.close(() => resolve()));
  };
  return {
    call,
    jobs: {
      add: async (...due) => {
        const answer = await call('/add', due);
        if (!answer.ok) throw new Error(await answer.text());
      },
    },
    open: () => [...runs],
    stop: vanish,
    die: vanish,
  };
}

const rows = z.array(z.object({ id: z.string(), status: z.string(), reason: z.string().nullable() }));

test('a delivery that D1 refuses each time keeps no other waiting, and is set aside in the end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'aic-bot-lanes-'));
  const side = await startSide(folder);
  try {
    const lane = 'deploy:7:a';
    const job = { kind: 'deploy', projectId: 7, branch: 'one', lane };
    const keep = async (id: string, projectId: unknown) => {
      const event = { kind: 'merged', projectId, branch: 'one', mergeRequest: 1 };
      const delivery = { id, receivedAt: 1, eventName: 'x', digest: id, content: { kind: 'event', event } };
      const answer = await side.call(`/keep?lane=${encodeURIComponent(lane)}`, {
        delivery,
        jobs: [{ job, dueAt: 0 }],
      });
      expect(await answer.json()).toBe('new');
    };
    // D1 takes numbers, texts and bytes.
    await keep('odd', { nobody: 'expects this' });
    await keep('good', 7);
    const run = await until('the run', () => side.open()[0], 20_000);
    run.end({ kind: 'done' });
    const deliveries = async () => rows.parse(await (await side.call('/deliveries')).json());
    await until('the odd one', async () => ((await deliveries()).length === 2 ? true : undefined), 60_000);
    expect(await deliveries()).toEqual([
      { id: 'good', status: 'waiting', reason: null },
      { id: 'odd', status: 'rejected', reason: expect.stringMatching(/^it can't be kept: .*D1/) },
    ]);
    const waiting = kept.parse(await (await side.call('/kept')).json());
    expect(waiting.map((row) => row.lane)).toContain('alert:rejected');
  } finally {
    await side.stop();
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);

describe('lanes in Durable Objects, in workerd', () => {
  lanesContract(async (): Promise<LanePlace> => {
    const folder = await mkdtemp(join(tmpdir(), 'aic-bot-lanes-'));
    let side: Awaited<ReturnType<typeof startSide>>;
    return {
      start: async () => (side = await startSide(folder)),
      kept: async () => kept.parse(await (await side.call('/kept')).json()),
      remove: () => rm(folder, { recursive: true, force: true }),
    };
  });
});
