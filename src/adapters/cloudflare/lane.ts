import type { Kysely } from 'kysely';

import type { Clock } from '../../domain/shared/clock.ts';
import type { Inbox } from '../../domain/jobs/inbox.ts';
import type { Log } from '../../domain/shared/log.ts';
import { runTaken, type RunDeps } from '../queue/run-job.ts';
import { nextDueIn, takeJob } from '../queue/claim-job.ts';
import { describeStoreFailure } from '../store/engines/store-failure.ts';
import type { Tables } from '../store/tables/schema.ts';
import { handedOver, setAside, type HandedOver, type KeptAs } from './lane-message.ts';
import type { DurableObjectState } from './bindings.ts';
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
  /** Rejects when the store can't be read or written. */
  readonly checkStore: () => Promise<void>;
  /** Resolves when the other lanes are woken for which this one added jobs. */
  readonly allWoken: () => Promise<void>;
  /** Calls and queries that one alarm may make. */
  readonly callsAtOnce: number;
}

const afterFailureMs = 5_000;
/** A delivery that is refused so often is set aside. */
const mostRefusals = 5;
/** Should the object vanish in the middle, the alarm comes again. */
const backstopMs = 60_000;

/** The inbox that a lane has of its own: what is in it is on disk before GitLab gets its answer. */
function createLaneInbox({ storage }: DurableObjectState) {
  storage.sql.exec(
    'create table if not exists inbox (id text primary key, number integer, handed_over text not null)',
  );
  storage.sql.exec('create table if not exists refused (id text primary key, times integer not null)');
  return {
    /** Keeps a delivery, and wakes the lane. */
    keep: async (what: HandedOver, now: number): Promise<KeptAs> => {
      const { id, digest } = what.delivery;
      const [known] = storage.sql.exec('select handed_over from inbox where id = ?', id).toArray();
      if (known !== undefined) {
        const kept = read(known['handed_over']);
        return kept.delivery.digest === digest ? 'duplicate' : 'altered';
      }
      storage.sql.exec(
        'insert into inbox select ?, coalesce(max(number), 0) + 1, ? from inbox',
        id,
        JSON.stringify(what),
      );
      await storage.setAlarm(now);
      return 'new';
    },
    /** Oldest first. */
    ids: (): readonly string[] =>
      storage.sql
        .exec('select id from inbox order by number')
        .toArray()
        .map((row) => String(row['id'])),
    get: (id: string): HandedOver | undefined => {
      const [row] = storage.sql.exec('select handed_over from inbox where id = ?', id).toArray();
      return row === undefined ? undefined : read(row['handed_over']);
    },
    /** Whether it holds what was never tried, only what was refused, or nothing. */
    state: (): 'fresh' | 'refused' | 'empty' => {
      const some = (where: string) =>
        storage.sql.exec(`select 1 from inbox ${where} limit 1`).toArray().length > 0;
      if (some('where id not in (select id from refused)')) return 'fresh';
      return some('') ? 'refused' : 'empty';
    },
    /** How often it was refused, this time among them. */
    refused: (id: string): number => {
      storage.sql.exec(
        'insert into refused values (?, 1) on conflict (id) do update set times = times + 1',
        id,
      );
      return Number(storage.sql.exec('select times from refused where id = ?', id).toArray()[0]?.['times']);
    },
    drop: (id: string): void => {
      storage.sql.exec('delete from inbox where id = ?', id);
      storage.sql.exec('delete from refused where id = ?', id);
    },
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

  /** Brings a delivery to the store. One that the store refuses, though it answers, keeps nothing else waiting, and is set aside in the end. */
  async function bringIn(id: string): Promise<void> {
    const kept = inbox.get(id);
    if (kept === undefined) return;
    const accepted = await deps.inbox.accept(kept.delivery, kept.jobs);
    if (accepted.ok) return inbox.drop(id);
    const { said } = accepted.failure;
    // Rejects while the store is away.
    await deps.checkStore();
    log.error('the store refused a delivery', { delivery: id, said });
    if (inbox.refused(id) < mostRefusals) return;
    const instead = setAside(kept, said);
    const isKept = await deps.inbox.accept(instead.delivery, instead.jobs);
    if (!isKept.ok) log.error('a delivery is lost', { delivery: id, said: isKept.failure.said });
    inbox.drop(id);
  }

  async function work(): Promise<void> {
    for (const id of inbox.ids()) await bringIn(id);
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
      const later = () => clock.now() + afterFailureMs;
      try {
        const isDone = await Promise.race([
          began.then(() => deps.allWoken()).then(() => true),
          spent.then(() => false),
        ]);
        if (isDone) {
          if (working === began) working = undefined;
          const due = nextDueIn(db, lane);
          // The slice may be spent just now: then the next alarm looks.
          next = await Promise.race([due, spent.then(() => clock.now())]);
          due.catch(() => {});
          const kept = inbox.state();
          // What came meanwhile comes at once, and what was refused after a while.
          if (kept !== 'empty') next = Math.min(next ?? Infinity, kept === 'fresh' ? clock.now() : later());
        } else next = clock.now();
      } catch (error) {
        if (working === began) working = undefined;
        log.error('the lane failed', { lane, error: describeStoreFailure(error) });
        next = later();
      }
      next = Math.min(next ?? Infinity, woken);
      if (next === Infinity) await state.storage.deleteAlarm();
      else await setAlarm(next);
    },
  };
}
