import type { Kysely, Selectable, Transaction } from 'kysely';

import type { Clock } from '../../domain/shared/clock.ts';
import type { Log } from '../../domain/shared/log.ts';
import type { Tables } from '../store/tables/schema.ts';
import { alone, isShared, transact } from '../store/engines/transact.ts';
import type { Holder } from './lease-holder.ts';
import { hasStranded, requeueStranded } from './requeue-stranded-jobs.ts';

/** The right to work in a lane, while nobody else has it. */
export interface Lease {
  readonly lane: string;
  /** By it what is written on behalf of the lane is known; see `guardOf`. */
  readonly fence: number;
  /** Fires when the lease is lost, or could not be extended in time. */
  readonly lost: AbortSignal;
  /**
   * To be called before anything that no fence keeps back. Fires `lost` at once where the lease was not extended in time: a process that was paused learns so
   * before its timers run that another one may work in the lane.
   */
  check(): void;
}

/** What the leases of a process are made of. */
export interface LeasesDeps {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  readonly log: Log;
  readonly holder: Holder;
  /** Whether another holder is certainly gone, so that its lanes need not wait for their lease to expire. */
  readonly hasEnded: (other: Holder) => boolean;
  /** Told within the transaction that takes lanes from holders that are gone. */
  readonly freed?: (transaction: Transaction<Tables>, lanes: readonly string[]) => Promise<void>;
  /** After so long without a sign of life a holder loses its lanes, in milliseconds. */
  readonly leaseMs: number;
}

/** The leases of one process. Each of these rejects when the database can't be read or written, but `close`, which logs that. */
export interface Leases {
  /**
   * Takes the lanes of the rows that `choose` finds, in one transaction. Those whose holders are gone have been freed by then. Where another process
   * takes one of them at the same moment, none is taken, and nothing that `choose` wrote stays.
   */
  claim<Row extends { readonly lane: string }>(
    choose: (transaction: Transaction<Tables>) => Promise<readonly Row[]>,
  ): Promise<readonly (Row & { readonly lease: Lease })[]>;
  /** Gives a lane back and writes how its work ended, both or nothing. False, and nothing is written, when the lease is lost. */
  release(lease: Lease, end: (transaction: Transaction<Tables>) => Promise<void>): Promise<boolean>;
  /** Who else has lanes. */
  others(): Promise<readonly Selectable<Tables['leases']>[]>;
  /** Gives back all lanes; what still runs in them may write nothing any more, and its jobs wait again. */
  close(): Promise<void>;
}

interface Held {
  readonly lease: Lease;
  readonly controller: AbortController;
  expiresAt: number;
  /** Whether it is being given back: then its absence is no loss. */
  ending: boolean;
}

/**
 * The leases of one process. A lane is
 * - free: it has no row
 * - held: it has a row, which the heartbeat of its holder extends
 * - late: the row's time is over. It is still its holder's, until another process that looks for work takes the row away
 *
 * So whether a lease stands is only a question of whether its row does, and no two processes compare their clocks to write.
 */
export function createLeases(deps: LeasesDeps): Leases {
  const { db, clock, log, holder, leaseMs } = deps;
  const betweenBeatsMs = leaseMs / 3;
  const held = new Map<number, Held>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function hold(lane: string, fence: number, expiresAt: number): Lease {
    const controller = new AbortController();
    const lease = {
      lane,
      fence,
      lost: controller.signal,
      check: () => {
        if (one.expiresAt <= clock.now()) lose(one, 'it was not extended in time');
      },
    };
    const one: Held = { lease, controller, expiresAt, ending: false };
    held.set(fence, one);
    if (timer === undefined) arm();
    return lease;
  }

  function forget(fence: number): void {
    held.delete(fence);
    if (held.size === 0) arm();
  }

  /** Sets the one timer: while a heartbeat is under way, the last lease may go and another one come. */
  function arm(): void {
    clearTimeout(timer);
    timer = held.size === 0 ? undefined : setTimeout(() => void beat(), betweenBeatsMs);
  }

  async function beat(): Promise<void> {
    const all = [...held.values()];
    const expiresAt = clock.now() + leaseMs;
    try {
      const extended = await db
        .updateTable('leases')
        .set({ expires_at: expiresAt })
        .where(
          'fence',
          'in',
          all.map(({ lease }) => lease.fence),
        )
        .returning('fence')
        .execute();
      const standing = new Set(extended.map(({ fence }) => fence));
      for (const one of all) {
        if (standing.has(one.lease.fence)) one.expiresAt = expiresAt;
        else lose(one, 'another process took it');
      }
    } catch (error) {
      log.error('leases could not be extended', { error: String(error) });
      // The failed one may have waited long, and the next one would come when another process may have taken the lane.
      const next = clock.now() + betweenBeatsMs;
      for (const one of all) if (one.expiresAt <= next) lose(one, 'it could not be extended in time');
    }
    arm();
  }

  function lose({ lease, controller, ending }: Held, why: string): void {
    if (ending || controller.signal.aborted || !held.has(lease.fence)) return;
    log.warn('lost a lane', { lane: lease.lane, why });
    controller.abort();
  }

  /** Looks first, since there is hardly ever anything to do. */
  async function freeOthers(): Promise<void> {
    if ((await goneIn(db)).length > 0)
      await transact(db, async (transaction) => {
        await alone(transaction, 'leases');
        const gone = await goneIn(transaction);
        for (const { fence, lane, who, host, pid, why } of gone) {
          await transaction.deleteFrom('leases').where('fence', '=', fence).execute();
          log.warn('freed a lane', { lane, who, host, pid, why });
        }
        await deps.freed?.(
          transaction,
          gone.map(({ lane }) => lane),
        );
      });
    await requeue();
  }

  async function requeue(): Promise<void> {
    if (!(await hasStranded(db))) return;
    const jobs = await transact(db, async (transaction) => {
      await alone(transaction, 'leases');
      return requeueStranded(transaction);
    });
    if (jobs > 0) log.info('took up unfinished jobs', { jobs });
  }

  async function goneIn(source: Kysely<Tables>) {
    return (await othersIn(source)).flatMap((lease) => {
      const late = lease.expires_at <= clock.now();
      return late || deps.hasEnded(holderOf(lease))
        ? [{ ...lease, why: late ? 'no sign of life' : 'ended' }]
        : [];
    });
  }

  function othersIn(source: Kysely<Tables>): Promise<Selectable<Tables['leases']>[]> {
    return source.selectFrom('leases').selectAll().where('holder', '!=', holder.id).execute();
  }

  return {
    claim: async (choose) => {
      const now = clock.now();
      const expiresAt = now + leaseMs;
      const { id, who, host, pid, pidSpace } = holder;
      const place = { holder: id, who, host, pid_space: pidSpace, pid };
      await freeOthers();
      let chosen;
      try {
        chosen = await transact(db, async (transaction) => {
          const rows = await choose(transaction);
          for (const { lane } of rows) {
            const taken = await transaction
              .insertInto('leases')
              .values({ lane, ...place, since: now, expires_at: expiresAt })
              .onConflict((conflict) => conflict.column('lane').doNothing())
              .executeTakeFirst();
            if (taken.numInsertedOrUpdatedRows !== 1n) throw new LaneTaken();
          }
          return rows;
        });
      } catch (error) {
        if (error instanceof LaneTaken) return [];
        throw error;
      }
      if (chosen.length === 0) return [];
      const fences = await db
        .selectFrom('leases')
        .select(['lane', 'fence'])
        .where('holder', '=', id)
        .execute();
      const byLane = new Map(fences.map(({ lane, fence }) => [lane, fence]));
      return chosen.flatMap((row) => {
        const fence = byLane.get(row.lane);
        return fence === undefined ? [] : [{ ...row, lease: hold(row.lane, fence, expiresAt) }];
      });
    },
    release: async ({ fence }, end) => {
      const one = held.get(fence);
      if (one !== undefined) one.ending = true;
      const stood = await transact(db, async (transaction) => {
        const known = transaction.selectFrom('leases').select('fence').where('fence', '=', fence);
        const lease = await (isShared(transaction) ? known.forUpdate() : known).executeTakeFirst();
        if (lease === undefined) return false;
        await transaction.deleteFrom('leases').where('fence', '=', fence).execute();
        await end(transaction);
        return true;
      });
      forget(fence);
      return stood;
    },
    others: () => othersIn(db),
    close: async () => {
      for (const { controller } of held.values()) controller.abort();
      held.clear();
      arm();
      try {
        await transact(db, (transaction) =>
          transaction.deleteFrom('leases').where('holder', '=', holder.id).execute(),
        );
        await requeue();
      } catch (error) {
        log.error('leases could not be given back, and will expire', { error: String(error) });
      }
    },
  };
}

/** Carries the news through the transaction, which has to be undone. */
class LaneTaken extends Error {}

function holderOf(row: Selectable<Tables['leases']>): Holder {
  return { id: row.holder, who: row.who, host: row.host, pidSpace: row.pid_space, pid: row.pid };
}
