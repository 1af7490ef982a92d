import type { Hono } from 'hono';
import type { Kysely } from 'kysely';

import type { OuterBound } from './adapters/bound.ts';
import { usualBreaking } from './adapters/breaker.ts';
import { checkD1, migrateD1, openD1 } from './adapters/edge/d1.ts';
import { createEdgeLane, type HandedOver } from './adapters/edge/lane.ts';
import type { Bindings, DurableObjectState } from './adapters/edge/platform.ts';
import { createSlices, type Slices } from './adapters/edge/slices.ts';
import { createLog } from './adapters/log.ts';
import { createSmtpSender } from './adapters/mail/smtp.ts';
import type { Holder } from './adapters/queue/holder.ts';
import { createLeases, type Leases } from './adapters/queue/leases.ts';
import { waitingIn } from './adapters/queue/take-job.ts';
import type { Tables } from './adapters/store/schema.ts';
import { createApp } from './app.ts';
import { describeMistakes, parseConfig, secretsIn, type Config } from './config.ts';
import type { Inbox } from './domain/inbox.ts';
import { laneOf, type DueJob } from './domain/job.ts';
import type { Log } from './domain/log.ts';
import { fail, ok } from './domain/result.ts';
import { createMask, createValueMask } from './domain/secrets.ts';
import { createBotOn, createEngine, type Surroundings } from './engine.ts';

/** Cloudflare hands settings, secrets and bindings over as one object. */
type Environment = Bindings & Readonly<Record<string, unknown>>;

const leaseMs = 120_000;
/** Lanes that one look of the cron trigger wakes. */
const lanesAtOnce = 200;
/** A row of D1 and of a Durable Object holds 2 MB. A larger body is not kept: the event was read from it before. */
const largestBody = 1_000_000;
const rejectedLane = 'rejected';

/** The Cloudflare Worker: it checks deliveries and hands each to the Durable Object of its lane. */
export default {
  fetch: async (request: Request, environment: Environment): Promise<Response> => {
    const config = configOf(environment);
    return config === undefined ? wrongSettings() : appOf(environment, config).fetch(request);
  },
  /** Sees that what always waits does wait, and wakes lanes of which nobody was told. */
  scheduled: async (_event: unknown, environment: Environment): Promise<void> => {
    const config = configOf(environment);
    if (config === undefined) return;
    const around = surroundingsOf(config);
    const db = openD1(environment.DB, (query) => query());
    await migrateD1(environment.DB, db);
    const { bot, allWoken } = botOn(environment, config, around, { db, leases: noLeases }, (call) => call());
    await bot.keepStanding();
    const due = await waitingIn(db)
      .select(({ fn }) => ['lane', fn.min('due_at').as('at')])
      .where('due_at', '<=', around.clock.now())
      .groupBy('lane')
      .limit(lanesAtOnce)
      .execute();
    await Promise.all(due.map(({ lane, at }) => wakeLane(environment, lane, at)));
    await allWoken();
  },
};

/** A lane. There is one object for each, by its name. */
export class Lane {
  readonly #state: DurableObjectState;
  readonly #environment: Environment;
  #lane: ReturnType<typeof createEdgeLane> | undefined;
  #isMigrated = false;

  constructor(state: DurableObjectState, environment: Environment) {
    this.#state = state;
    this.#environment = environment;
    state.storage.sql.exec('create table if not exists name (name text not null)');
  }

  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const name = url.searchParams.get('lane') ?? '';
    if (this.#name() === undefined) this.#state.storage.sql.exec('insert into name values (?)', name);
    const lane = this.#open(name);
    if (url.pathname === '/wake') {
      await lane.wake(Number(url.searchParams.get('at')));
      return new Response(null, { status: 204 });
    }
    return Response.json(await lane.keep((await request.json()) as HandedOver));
  }

  async alarm(): Promise<void> {
    const name = this.#name();
    if (name === undefined) return;
    if (!this.#isMigrated)
      await migrateD1(
        this.#environment.DB,
        openD1(this.#environment.DB, (query) => query()),
      );
    this.#isMigrated = true;
    await this.#open(name).alarm();
  }

  #name(): string | undefined {
    const [row] = this.#state.storage.sql.exec('select name from name').toArray();
    return row === undefined ? undefined : String(row['name']);
  }

  #open(lane: string): ReturnType<typeof createEdgeLane> {
    if (this.#lane !== undefined) return this.#lane;
    const config = configOf(this.#environment);
    if (config === undefined) throw new Error('the settings are missing or wrong; the log names them');
    const around = surroundingsOf(config);
    const { clock, log, random } = around;
    const slices = createSlices();
    const db = openD1(this.#environment.DB, (query) => slices.enter(query));
    // There is one object of a name: whoever else has its lane is an earlier one, which has ended.
    const holder = { id: crypto.randomUUID(), who: 'the bot', host: lane, pidSpace: 'cloudflare', pid: 0 };
    const hasEnded = ({ host, pidSpace }: Holder) => host === lane && pidSpace === holder.pidSpace;
    const leases = createLeases({ db, clock, log, holder, hasEnded, leaseMs });
    const outer: OuterBound = () => (call) => slices.enter(call);
    const enter: Slices['enter'] = (call) => slices.enter(call);
    const { bot, allWoken } = botOn(this.#environment, config, around, { db, leases, outer }, enter);
    return (this.#lane = createEdgeLane({
      state: this.#state,
      lane,
      db,
      leases,
      inbox: bot.inbox,
      clock,
      log,
      random,
      slices,
      callsAtOnce: config.CALLS_PER_SLICE,
      allWoken,
      run: bot.runJob,
    }));
  }
}

function botOn(
  environment: Environment,
  config: Config,
  around: Surroundings,
  parts: { readonly db: Kysely<Tables>; readonly leases: Leases; readonly outer?: OuterBound },
  enter: Slices['enter'],
) {
  const waking = new Set<Promise<void>>();
  const jobsAdded = (jobs: readonly DueJob[]) => {
    const woken = wakeLanes(environment, around.log, jobs, enter).finally(() => waking.delete(woken));
    waking.add(woken);
  };
  const engine = createEngine(config, around, { ...parts, jobsAdded });
  const mailer = createSmtpSender({
    url: config.SMTP_URL,
    from: config.MAIL_FROM,
    mask: around.mask,
    hide: createValueMask(secretsIn(config)),
    log: around.log,
    breaking: usualBreaking,
  });
  const checkStore = () => checkD1(environment.DB);
  return {
    bot: createBotOn(engine, config, around, { mailer, checkStore }),
    /** Resolves when the lanes are woken for which jobs were added. */
    allWoken: async () => void (await Promise.all(waking)),
  };
}

/** What has no lane of its own takes no leases. */
const noLeases: Leases = {
  claim: async () => [],
  release: async () => false,
  others: async () => [],
  close: async () => {},
};

function appOf(environment: Environment, config: Config): Hono {
  const around = surroundingsOf(config);
  const db = openD1(environment.DB, (query) => query());
  const { bot } = botOn(environment, config, around, { db, leases: noLeases }, (call) => call());
  const inbox: Inbox = {
    accept: async (delivery, jobs) => {
      if (await isKnown(db, delivery.id)) return ok('duplicate');
      const [first] = jobs;
      const lane = first === undefined ? rejectedLane : laneOf(first.job);
      const body = delivery.body.length > largestBody ? '' : delivery.body;
      try {
        const kept = await askLane(environment, lane, 'keep', { delivery: { ...delivery, body }, jobs });
        return ok((await kept.json()) as 'new' | 'duplicate' | 'altered');
      } catch (error) {
        return fail({ reason: 'unavailable', said: String(error) });
      }
    },
  };
  return createApp({ ...bot.ports, inbox });
}

/** Whether the store has the delivery by now. While D1 is away, or has no tables yet, the lane finds out later. */
async function isKnown(db: Kysely<Tables>, delivery: string): Promise<boolean> {
  const known = db.selectFrom('deliveries').select('id').where('id', '=', delivery);
  return (await known.executeTakeFirst().catch(() => undefined)) !== undefined;
}

async function wakeLanes(
  environment: Environment,
  log: Log,
  jobs: readonly DueJob[],
  enter: Slices['enter'],
): Promise<void> {
  const lanes = new Map<string, number>();
  for (const { job, dueAt } of jobs) {
    const lane = laneOf(job);
    lanes.set(lane, Math.min(dueAt, lanes.get(lane) ?? dueAt));
  }
  for (const [lane, at] of lanes)
    // The cron trigger finds those that were not told.
    await enter(() => wakeLane(environment, lane, at)).catch((error: unknown) =>
      log.warn('a lane was not woken', { lane, error: String(error) }),
    );
}

async function wakeLane(environment: Environment, lane: string, at: number): Promise<void> {
  await askLane(environment, lane, 'wake', undefined, at);
}

async function askLane(
  { LANE }: Environment,
  lane: string,
  what: 'keep' | 'wake',
  body: HandedOver | undefined,
  at = 0,
): Promise<Response> {
  const query = new URLSearchParams({ lane, at: `${at}` }).toString();
  const answer = await LANE.get(LANE.idFromName(lane)).fetch(`https://lane/${what}?${query}`, {
    method: 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`the lane answered ${answer.status}`);
  return answer;
}

function configOf(environment: Environment): Config | undefined {
  const settings = Object.entries(environment).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const config = parseConfig(Object.fromEntries(settings));
  if (config.ok) return config.value;
  writeLine(describeMistakes(config.failure));
  return undefined;
}

function wrongSettings(): Response {
  return Response.json({ error: 'the settings are missing or wrong; the log names them' }, { status: 500 });
}

function surroundingsOf(config: Config): Surroundings {
  const clock = { now: () => Date.now() };
  const mask = createMask(secretsIn(config));
  const log = createLog({ level: config.LOG_LEVEL, clock, mask, write: writeLine });
  return { clock, log, mask, random: Math.random };
}

function writeLine(line: string): void {
  console.log(line);
}
