import { checkD1, migrateD1, openD1 } from '../../src/adapters/cloudflare/d1.ts';
import { handedOver } from '../../src/adapters/cloudflare/lane-message.ts';
import { createEdgeLane } from '../../src/adapters/cloudflare/lane.ts';
import type { Bindings, DurableObjectState } from '../../src/adapters/cloudflare/bindings.ts';
import { createSlices } from '../../src/adapters/cloudflare/slices.ts';
import { createLog } from '../../src/adapters/log.ts';
import { createLeases } from '../../src/adapters/queue/leases.ts';
import { waitingIn } from '../../src/adapters/queue/claim-job.ts';
import { guardOf } from '../../src/adapters/store/engines/fence.ts';
import { createInbox } from '../../src/adapters/store/tables/inbox.ts';
import { createStore } from '../../src/adapters/store/store.ts';
import { laneOf, type DueJob, type JobOutcome } from '../../src/domain/jobs/job.ts';

/*
 * Lanes in Durable Objects whose jobs tell a test of themselves, and wait until it ends them.
 */

type Environment = Bindings & { readonly TEST_URL: string };

const clock = { now: () => Date.now() };
const log = createLog({ level: 'silent', clock, mask: (text) => text, write: () => {} });
const callsAtOnce = 50;

export default {
  fetch: async (request: Request, environment: Environment): Promise<Response> => {
    const db = openD1(environment.DB, (query) => query());
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname) {
      case '/start':
        await migrateD1(environment.DB, db, clock);
        return wakeAll(environment);
      case '/add': {
        const due = (await request.json()) as readonly DueJob[];
        await createStore(db, clock, () => {}).add(...due);
        for (const { job, dueAt } of due) await wake(environment, laneOf(job), dueAt);
        return new Response();
      }
      case '/keep': {
        const lane = searchParams.get('lane') ?? '';
        const body = await request.text();
        return environment.LANE.get(environment.LANE.idFromName(lane)).fetch(
          `https://lane/keep?lane=${encodeURIComponent(lane)}`,
          { method: 'POST', body },
        );
      }
      case '/deliveries': {
        const rows = await db
          .selectFrom('deliveries')
          .select(['id', 'status', 'reason'])
          .orderBy('id')
          .execute();
        return Response.json(rows);
      }
      case '/write':
        try {
          const guard = guardOf(Number(searchParams.get('fence')));
          await createStore(db, clock, () => {}, guard).forgetNotice('none');
          return new Response();
        } catch (error) {
          return new Response(String(error), { status: 409 });
        }
      case '/kept': {
        const rows = await db.selectFrom('jobs').select(['status', 'lane', 'reason']).orderBy('id').execute();
        return Response.json(rows);
      }
      default:
        return new Response(null, { status: 404 });
    }
  },
};

/** As the cron trigger does it. */
async function wakeAll(environment: Environment): Promise<Response> {
  const db = openD1(environment.DB, (query) => query());
  const lanes = await db.selectFrom('jobs').select('lane').distinct().execute();
  for (const { lane } of lanes) await wake(environment, lane, 0);
  await waitingIn(db).select('id').execute();
  return new Response();
}

async function wake({ LANE }: Environment, lane: string, at: number): Promise<void> {
  await LANE.get(LANE.idFromName(lane)).fetch(`https://lane/?lane=${encodeURIComponent(lane)}&at=${at}`);
}

export class TestLane {
  readonly #state: DurableObjectState;
  readonly #environment: Environment;
  #lane: ReturnType<typeof createEdgeLane> | undefined;

  constructor(state: DurableObjectState, environment: Environment) {
    this.#state = state;
    this.#environment = environment;
    state.storage.sql.exec('create table if not exists name (name text not null)');
  }

  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const { sql } = this.#state.storage;
    if (sql.exec('select name from name').toArray().length === 0)
      sql.exec('insert into name values (?)', searchParams.get('lane'));
    if (pathname === '/keep')
      return Response.json(await this.#open().keep(handedOver.parse(await request.json())));
    await this.#open().wake(Number(searchParams.get('at')));
    return new Response();
  }

  alarm(): Promise<void> {
    return this.#open().alarm();
  }

  #open(): ReturnType<typeof createEdgeLane> {
    if (this.#lane !== undefined) return this.#lane;
    const [row] = this.#state.storage.sql.exec('select name from name').toArray();
    const lane = String(row?.['name']);
    const slices = createSlices();
    const db = openD1(this.#environment.DB, (query) => slices.enter(query));
    const holder = { id: crypto.randomUUID(), who: 'a test', host: lane, pidSpace: '', pid: 0 };
    const leases = createLeases({
      db,
      clock,
      log,
      holder,
      hasEnded: ({ host }) => host === lane,
      leaseMs: 60_000,
    });
    return (this.#lane = createEdgeLane({
      state: this.#state,
      lane,
      db,
      leases,
      inbox: createInbox(db, clock, () => {}),
      clock,
      log,
      slices,
      callsAtOnce,
      allWoken: async () => {},
      checkStore: () => checkD1(this.#environment.DB),
      jobsAdded: () => {},
      random: () => 0,
      run: async (job, tries, { lease: { fence } }) => {
        if (job.kind !== 'deploy') throw new Error('These tests use deploy jobs.');
        const told = { fence, lane: job.lane?.split(':').at(-1), branch: job.branch, tries };
        const answer = await fetch(this.#environment.TEST_URL, {
          method: 'POST',
          body: JSON.stringify(told),
        });
        const outcome = (await answer.json()) as JobOutcome | 'break';
        if (outcome === 'break') throw new Error('a bug');
        return outcome;
      },
    }));
  }
}
