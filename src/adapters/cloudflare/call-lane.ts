import { z } from 'zod';

import { laneOf, type DueJob } from '../../domain/jobs/job.ts';
import type { Log } from '../../domain/shared/log.ts';
import { keptAs, type HandedOver, type KeptAs } from './lane-message.ts';
import type { Bindings } from './bindings.ts';
import type { Slices } from './slices.ts';

type Lanes = Bindings['LANE'];

/** Has the lane write down what is handed over. Rejects where the platform can't reach it. */
export async function handOver(lanes: Lanes, lane: string, what: HandedOver): Promise<KeptAs> {
  return keptAs.parse(await (await call(lanes, lane, 'keep', JSON.stringify(what))).json());
}

/** Sees that the lane looks for work no later than at that moment, in milliseconds since 1970. Rejects where the platform can't reach it. */
export async function wakeLane(lanes: Lanes, lane: string, at: number): Promise<void> {
  await call(lanes, lane, 'wake', undefined, at);
}

/** Wakes the lanes of jobs that were added. The cron trigger finds those that could not be told. */
export async function wakeLanes(
  lanes: Lanes,
  log: Log,
  jobs: readonly DueJob[],
  enter: Slices['enter'],
): Promise<void> {
  const earliest = new Map<string, number>();
  for (const { job, dueAt } of jobs) {
    const lane = laneOf(job);
    earliest.set(lane, Math.min(dueAt, earliest.get(lane) ?? dueAt));
  }
  for (const [lane, at] of earliest)
    await enter(() => wakeLane(lanes, lane, at)).catch((error: unknown) =>
      log.warn('a lane was not woken', { lane, error: String(error) }),
    );
}

const readiness = z.object({ missing: z.array(z.string()), warnings: z.array(z.string()) });
const readinessName = 'readiness';

/** Asks the one object that remembers for some seconds whether the bot can do its work. */
export async function askReadiness(lanes: Lanes): Promise<z.infer<typeof readiness>> {
  try {
    return readiness.parse(await (await call(lanes, readinessName, 'readyz', undefined)).json());
  } catch {
    return { missing: ['Durable Objects'], warnings: [] };
  }
}

async function call(
  lanes: Lanes,
  lane: string,
  what: 'keep' | 'wake' | 'readyz',
  body: string | undefined,
  at = 0,
): Promise<Response> {
  const query = new URLSearchParams({ lane, at: `${at}` }).toString();
  const answer = await lanes.get(lanes.idFromName(lane)).fetch(`https://lane/${what}?${query}`, {
    method: 'POST',
    ...(body === undefined ? {} : { body }),
  });
  if (!answer.ok) throw new Error(`the lane answered ${answer.status}`);
  return answer;
}
