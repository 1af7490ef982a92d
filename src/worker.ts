import type { Hono } from 'hono';
import type { Kysely } from 'kysely';

import type { OuterBound } from './adapters/http/concurrency-limit.ts';
import { usualBreaking } from './adapters/http/circuit-breaker.ts';
import { askReadiness, wakeLane, wakeLanes } from './adapters/cloudflare/call-lane.ts';
import { checkD1, migrateD1, openD1 } from './adapters/cloudflare/d1.ts';
import { handedOver } from './adapters/cloudflare/lane-message.ts';
import { createEdgeInbox } from './adapters/cloudflare/inbox.ts';
import { createEdgeLane } from './adapters/cloudflare/lane.ts';
import type { Bindings, DurableObjectState } from './adapters/cloudflare/bindings.ts';
import { createSlices, type Slices } from './adapters/cloudflare/slices.ts';
import { createLog } from './adapters/log.ts';
import { createSmtpSender } from './adapters/notify/smtp.ts';
import type { Holder } from './adapters/queue/lease-holder.ts';
import { createLeases, type Leases } from './adapters/queue/leases.ts';
import { waitingIn } from './adapters/queue/claim-job.ts';
import type { Tables } from './adapters/store/tables/schema.ts';
import { createApp } from './http/app.ts';
import { describeMistakes, parseConfig, secretsIn, type Config } from './config.ts';
import type { Clock } from './domain/shared/clock.ts';
import type { DueJob } from './domain/jobs/job.ts';
import { createMask, createValueMask } from './domain/secrets/mask.ts';
import { createBotOn, createEngine, type Surroundings } from './runtime/engine.ts';
import type { Readiness } from './handlers/jobs/readiness.ts';

/** Cloudflare hands settings, secrets and bindings over as one object. */
type Environment = Bindings & Readonly<Record<string, unknown>>;

const leaseMs = 120_000;
const clock: Clock = { now: () => Date.now() };
/** Lanes that one look of the cron trigger wakes. */
const lanesAtOnce = 200;

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
    const { db, bot, allWoken } = unleasedBot(environment, config, surroundingsOf(config));
    await migrateD1(environment.DB, db, clock);
    await bot.keepStanding();
    const due = await waitingIn(db)
      .select(({ fn }) => ['lane', fn.min('due_at').as('at')])
      .where('due_at', '<=', clock.now())
      .groupBy('lane')
      .limit(lanesAtOnce)
      .execute();
    await Promise.all(due.map(({ lane, at }) => wakeLane(environment.LANE, lane, at)));
    await allWoken();
  },
};

/** A lane. There is one object for each, by its name. */
export class Lane {
  readonly #state: DurableObjectState;
  readonly #environment: Environment;
  #lane: ReturnType<typeof createEdgeLane> | undefined;
  #readiness: (() => Promise<Readiness>) | undefined;
  #isMigrated = false;

  constructor(state: DurableObjectState, environment: Environment) {
    this.#state = state;
    this.#environment = environment;
    state.storage.sql.exec('create table if not exists name (name text not null)');
  }

  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname === '/readyz') return Response.json(await this.#ready());
    const name = url.searchParams.get('lane') ?? '';
    if (this.#name() === undefined) this.#state.storage.sql.exec('insert into name values (?)', name);
    const lane = this.#open(name);
    if (url.pathname === '/wake') {
      await lane.wake(Number(url.searchParams.get('at')));
      return new Response(null, { status: 204 });
    }
    return Response.json(await lane.keep(handedOver.parse(await request.json())));
  }

  async alarm(): Promise<void> {
    const name = this.#name();
    if (name === undefined) return;
    const { DB } = this.#environment;
    if (!this.#isMigrated)
      await migrateD1(
        DB,
        openD1(DB, (query) => query()),
        clock,
      );
    this.#isMigrated = true;
    await this.#open(name).alarm();
  }

  /** Only the object of this name is asked: so one answer serves everybody for some seconds, wherever their requests arrive. */
  #ready(): Promise<Readiness> {
    if (this.#readiness === undefined) {
      const config = usableConfigOf(this.#environment);
      this.#readiness = unleasedBot(this.#environment, config, surroundingsOf(config)).bot.ports.readiness;
    }
    return this.#readiness();
  }

  #name(): string | undefined {
    const [row] = this.#state.storage.sql.exec('select name from name').toArray();
    return row === undefined ? undefined : String(row['name']);
  }

  #open(lane: string): ReturnType<typeof createEdgeLane> {
    if (this.#lane !== undefined) return this.#lane;
    const config = usableConfigOf(this.#environment);
    const around = surroundingsOf(config);
    const { log, random } = around;
    const slices = createSlices();
    const db = openD1(this.#environment.DB, (query) => slices.enter(query));
    // There is one object of a name: whoever else has its lane is an earlier one, which has ended.
    const holder = { id: crypto.randomUUID(), who: 'the bot', host: lane, pidSpace: 'cloudflare', pid: 0 };
    const hasEnded = ({ host, pidSpace }: Holder) => host === lane && pidSpace === holder.pidSpace;
    const leases = createLeases({ db, clock, log, holder, hasEnded, leaseMs });
    const outer: OuterBound = () => (call) => slices.enter(call);
    const enter: Slices['enter'] = (call) => slices.enter(call);
    const { bot, jobsAdded, allWoken } = botOn(
      this.#environment,
      config,
      around,
      { db, leases, outer },
      enter,
    );
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
      jobsAdded,
      allWoken,
      checkStore: () => slices.enter(() => checkD1(this.#environment.DB)),
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
    const woken = wakeLanes(environment.LANE, around.log, jobs, enter).finally(() => waking.delete(woken));
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
    jobsAdded,
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

function unleasedBot(environment: Environment, config: Config, around: Surroundings) {
  const db = openD1(environment.DB, (query) => query());
  return { db, ...botOn(environment, config, around, { db, leases: noLeases }, (call) => call()) };
}

function appOf(environment: Environment, config: Config): Hono {
  const { db, bot } = unleasedBot(environment, config, surroundingsOf(config));
  const { LANE } = environment;
  return createApp({ ...bot.ports, inbox: createEdgeInbox(LANE, db), readiness: () => askReadiness(LANE) });
}

function usableConfigOf(environment: Environment): Config {
  const config = configOf(environment);
  if (config === undefined) throw new Error('the settings are missing or wrong; the log names them');
  return config;
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
  const mask = createMask(secretsIn(config));
  const log = createLog({ level: config.LOG_LEVEL, clock, mask, write: writeLine });
  return { clock, log, mask, random: Math.random };
}

function writeLine(line: string): void {
  console.log(line);
}
