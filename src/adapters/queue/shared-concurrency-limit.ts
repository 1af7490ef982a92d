import { Client } from 'pg';

import type { Log } from '../../domain/shared/log.ts';
import type { OuterBound } from '../http/concurrency-limit.ts';
import { advisorySpace } from '../store/engines/transact.ts';

interface SharedBoundDeps {
  readonly log: Log;
  /** A number in [0, 1). */
  readonly random: () => number;
}

const betweenLooksMs = 20;

/**
 * Bounds calls over all processes on one PostgreSQL: a call has one of as many session locks as calls are allowed. They are all of one connection, so
 * with it, or with the process, they are free again. Without a connection calls are bounded by each process alone: politeness is no reason to stop.
 */
export function createSharedBound(
  url: string,
  { log, random }: SharedBoundDeps,
): { readonly bound: OuterBound; close(): Promise<void> } {
  let connection: Promise<Client> | undefined;
  const held = new Set<string>();

  async function connect(): Promise<Client> {
    const client = new Client({ connectionString: url, application_name: 'aic-bot calls' });
    const forget = () => {
      connection = undefined;
      held.clear();
    };
    client.on('error', forget);
    client.on('end', forget);
    await client.connect();
    return client;
  }

  /** One that nobody has; undefined while there is none. */
  async function take(
    host: string,
    most: number,
  ): Promise<{ readonly client: Client; readonly slot: number } | undefined> {
    const client = await (connection ??= connect());
    const free = Array.from({ length: most }, (_, index) => index).filter(
      (slot) => !held.has(`${host}:${slot}`),
    );
    // Those that are being asked for are nobody else's in this process meanwhile.
    const slot = free[Math.floor(random() * free.length)];
    if (slot === undefined) return undefined;
    held.add(`${host}:${slot}`);
    const { rows } = await client.query<{ readonly taken: boolean }>(
      'select pg_try_advisory_lock(hashtext($1), $2) as taken',
      [`${advisorySpace}:${host}`, slot],
    );
    if (rows[0]?.taken === true) return { client, slot };
    held.delete(`${host}:${slot}`);
    return undefined;
  }

  const bound: OuterBound = (host, most) => async (call) => {
    let taken;
    try {
      while ((taken = await take(host, most)) === undefined)
        await new Promise((resolve) => void setTimeout(resolve, betweenLooksMs * (0.5 + random())));
    } catch (error) {
      connection = undefined;
      log.warn('calls are bounded by this process alone', { error: String(error) });
      return call();
    }
    try {
      return await call();
    } finally {
      const { client, slot } = taken;
      await client
        .query('select pg_advisory_unlock(hashtext($1), $2)', [`${advisorySpace}:${host}`, slot])
        .catch(() => {});
      held.delete(`${host}:${slot}`);
    }
  };
  return {
    bound,
    close: async () => {
      const client = await connection?.catch(() => undefined);
      await client?.end().catch(() => {});
    },
  };
}
