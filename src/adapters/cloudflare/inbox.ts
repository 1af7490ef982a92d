import type { Kysely } from 'kysely';

import type { Inbox } from '../../domain/jobs/inbox.ts';
import { laneOf } from '../../domain/jobs/job.ts';
import { fail, ok } from '../../domain/shared/result.ts';
import type { Tables } from '../store/tables/schema.ts';
import { handOver } from './call-lane.ts';
import { fitting } from './lane-message.ts';
import type { Bindings } from './bindings.ts';

const rejectedLane = 'rejected';

/** An inbox that hands each delivery to the Durable Object of its lane, which writes it down before it answers. */
export function createEdgeInbox(lanes: Bindings['LANE'], db: Kysely<Tables>): Inbox {
  return {
    accept: async (delivery, jobs) => {
      const digest = await digestOf(db, delivery.id);
      if (digest !== undefined)
        return ok(digest === '' || digest === delivery.digest ? 'duplicate' : 'altered');
      const what = fitting({ delivery, jobs });
      const [first] = what.jobs;
      try {
        return ok(await handOver(lanes, first === undefined ? rejectedLane : laneOf(first.job), what));
      } catch (error) {
        return fail({ reason: 'unavailable', said: String(error) });
      }
    },
  };
}

/** The digest of a delivery that the store has by now. While D1 is away, or has no tables yet, the lane finds out later. */
async function digestOf(db: Kysely<Tables>, delivery: string): Promise<string | undefined> {
  const known = db.selectFrom('deliveries').select('digest').where('id', '=', delivery);
  return (await known.executeTakeFirst().catch(() => undefined))?.digest;
}
