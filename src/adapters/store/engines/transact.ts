import { sql, PostgresAdapter, type Kysely, type Transaction } from 'kysely';

import type { Tables } from '../tables/schema.ts';

/** Says that a transaction met another one, and that nothing of it was written. */
export class Collision extends Error {}

/** PostgreSQL's serialization_failure and deadlock_detected: https://www.postgresql.org/docs/current/errcodes-appendix.html. */
const collisionCodes: ReadonlySet<unknown> = new Set(['40001', '40P01']);
const mostTries = 100;
const longestPauseMs = 100;

/**
 * Runs one transaction, and once more from the beginning where it met another one and was undone. So `work` may run several times; it touches
 * nothing but the transaction. It does not read what it has written, since on D1 that goes out at the end (`edge/d1.ts`).
 */
export async function transact<Answer>(
  db: Kysely<Tables>,
  work: (transaction: Transaction<Tables>) => Promise<Answer>,
): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      if (!isCollision(error) || tries === mostTries) throw error;
    }
    const pauseMs = Math.random() * Math.min(2 ** tries, longestPauseMs);
    await new Promise((resolve) => void setTimeout(resolve, pauseMs));
  }
}

function isCollision(error: unknown): boolean {
  if (error instanceof Collision) return true;
  if (!(error instanceof Error)) return false;
  // A job that came back to wait met a newer one of its key, which was being added.
  const metNewer = 'constraint' in error && error.constraint === 'jobs_waiting_key';
  return metNewer || ('code' in error && collisionCodes.has(error.code));
}

/** Whether statements of others run between those of a transaction. Elsewhere a transaction that writes is alone. */
export function isShared(db: Kysely<Tables>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}

/** What only one transaction at a time may do. */
const turnstiles = { audit: 1, leases: 2, inbox: 3 };

/** Waits until no other transaction does the same, and keeps others from it up to its end. */
export async function alone(transaction: Transaction<Tables>, what: keyof typeof turnstiles): Promise<void> {
  if (!isShared(transaction)) return;
  await sql`select pg_advisory_xact_lock(${advisorySpace}, ${turnstiles[what]})`.execute(transaction);
}

/** The first number of all advisory locks of the bot, so that they meet none of others in the same database. */
export const advisorySpace = 0x61_69_63;
