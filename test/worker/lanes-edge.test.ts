import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';

import { describe } from 'vitest';
import { unstable_startWorker as startWorker } from 'wrangler';
import { z } from 'zod';

import type { JobOutcome } from '../../src/domain/job.ts';
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
