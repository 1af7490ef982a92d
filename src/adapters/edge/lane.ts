import type { Kysely } from 'kysely';

import type { Clock } from '../../domain/clock.ts';
import type { Inbox } from '../../domain/inbox.ts';
import type { Log } from '../../domain/log.ts';
import { runTaken, type RunDeps } from '../queue/run-taken.ts';
import { nextDueIn, takeJob } from '../queue/take-job.ts';
import { describeStoreFailure } from '../store/store-failure.ts';
import type { Tables } from '../store/schema.ts';
import { handedOver, type HandedOver, type KeptAs } from './handed-over.ts';
import type { DurableObjectState } from './platform.ts';
import type { Slices } from './slices.ts';

/** What a lane of the edge is made of. */
export interface LaneDeps extends RunDeps {
  readonly state: DurableObjectState;
  readonly lane: string;
  readonly db: Kysely<Tables>;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly log: Log;
  readonly slices: Slices;
  /** Resolves when the other lanes are woken for which this one added jobs. */
  readonly allWoken: () => Promise<void>;
  /** Calls and queries that one alarm may make. */
  readonly callsAtOnce: number;
}

const afterFailureMs = 5_000;
/** Should the object vanish in the middle, the alarm comes again. */
const backstopMs = 60_000;

/** The inbox that a lane has of its own: what is in it is on disk before GitLab gets its answer. */
function createLaneInbox({ storage }: DurableObjectState) {
  storage.sql.exec(
    'create table if not exists inbox (id text primary key, number integer, handed_over text not null)',
  );
  return {
    /** Keeps a delivery, and wakes the lane. */
    keep: async (what: HandedOver, now: number): Promise<KeptAs> => {
      const { id, body } = what.delivery;
      const [known] = storage.sql.exec('select handed_over from inbox where id = ?', id).toArray();
      if (known !== undefined) {
        const kept = read(known['handed_over']);
        return kept.delivery.body === body ? 'duplicate' : 'altered';
      }
      storage.sql.exec(
        'insert into inbox select ?, coalesce(max(number), 0) + 1, ? from inbox',
        id,
        JSON.stringify(what),
      );
      await storage.setAlarm(now);
      return 'new';
    },
    first: (): HandedOver | undefined => {
      const [row] = storage.sql.exec('select handed_over from inbox order by number limit 1').toArray();
      return row === undefined ? undefined : read(row['handed_over']);
    },
    drop: (id: string) => void storage.sql.exec('delete from inbox where id = ?', id),
  };
}

function read(kept: unknown): HandedOver {
  return handedOver.parse(JSON.parse(String(kept)));
}

/**
 * A lane in a Durable Object, of which there is one for each lane. Its alarm brings what the object's own inbox holds to the store, and runs the lane's jobs.
 * Each alarm is a slice of so many calls: a job that needs more stands still, and goes on in the next alarm. Should the object vanish meanwhile, the job
 * begins anew and finds in the store, and in the workspace, what it had done.
 */
export function createEdgeLane(deps: LaneDeps) {
  const { state, lane, db, leases, clock, log, slices } = deps;
  const inbox = createLaneInbox(state);
  /** What began in one alarm and may end in a later one. */
  let working: Promise<void> | undefined;
  /** The earliest moment for which somebody woke the lane during the present alarm. */
  let woken = Infinity;

  /** The platform takes no moment before 1970, and a job that need not wait is due at 0. */
  const setAlarm = (at: number) => state.storage.setAlarm(Math.max(at, clock.now()));

  async function work(): Promise<void> {
    for (let kept = inbox.first(); kept !== undefined; kept = inbox.first()) {
      const accepted = await deps.inbox.accept(kept.delivery, kept.jobs);
      if (!accepted.ok) throw new Error(accepted.failure.said);
      inbox.drop(kept.delivery.id);
    }
    for (;;) {
      const now = clock.now();
      const [taken] = await leases.claim((transaction) => takeJob(transaction, lane, now));
      if (taken === undefined) return;
      await runTaken({ ...deps, isStopped: () => false }, taken);
    }
  }

  return {
    keep: (what: HandedOver) => inbox.keep(what, clock.now()),
    /** Sees that the alarm comes no later than at that moment. */
    wake: async (at: number): Promise<void> => {
      woken = Math.min(woken, at);
      const set = await state.storage.getAlarm();
      if (set === null || set > at) await setAlarm(at);
    },
    alarm: async (): Promise<void> => {
      woken = Infinity;
      await state.storage.setAlarm(clock.now() + backstopMs);
      const spent = slices.begin(deps.callsAtOnce);
      const began = (working ??= work());
      let next: number | undefined;
      try {
        const isDone = await Promise.race([
          began.then(() => deps.allWoken()).then(() => true),
          spent.then(() => false),
        ]);
        if (isDone) {
          working = undefined;
          const due = nextDueIn(db, lane);
          // The slice may be spent just now: then the next alarm looks.
          next = await Promise.race([due, spent.then(() => clock.now())]);
          due.catch(() => {});
        } else next = clock.now();
      } catch (error) {
        working = undefined;
        log.error('the lane failed', { lane, error: describeStoreFailure(error) });
        next = clock.now() + afterFailureMs;
      }
      if (inbox.first() !== undefined) next = clock.now();
      next = Math.min(next ?? Infinity, woken);
      if (next === Infinity) await state.storage.deleteAlarm();
      else await setAlarm(next);
    },
  };
}
