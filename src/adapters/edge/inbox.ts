import type { Kysely } from 'kysely';

import type { Inbox } from '../../domain/inbox.ts';
import { laneOf } from '../../domain/job.ts';
import { fail, ok } from '../../domain/result.ts';
import type { Tables } from '../store/schema.ts';
import { handOver } from './call-lane.ts';
import type { Bindings } from './platform.ts';

/** A row of D1 and of a Durable Object holds 2 MB. A larger body is not kept: the event was read from it before. */
const largestBody = 1_000_000;
const rejectedLane = 'rejected';

/** An inbox that hands each delivery to the Durable Object of its lane, which writes it down before it answers. */
export function createEdgeInbox(lanes: Bindings['LANE'], db: Kysely<Tables>): Inbox {
  return {
    accept: async (delivery, jobs) => {
      if (await isKnown(db, delivery.id)) return ok('duplicate');
      const [first] = jobs;
      const lane = first === undefined ? rejectedLane : laneOf(first.job);
      const body = delivery.body.length > largestBody ? '' : delivery.body;
      try {
        return ok(await handOver(lanes, lane, { delivery: { ...delivery, body }, jobs }));
      } catch (error) {
        return fail({ reason: 'unavailable', said: String(error) });
      }
    },
  };
}

/** Whether the store has the delivery by now. While D1 is away, or has no tables yet, the lane finds out later. */
async function isKnown(db: Kysely<Tables>, delivery: string): Promise<boolean> {
  const known = db.selectFrom('deliveries').select('id').where('id', '=', delivery);
  return (await known.executeTakeFirst().catch(() => undefined)) !== undefined;
}
