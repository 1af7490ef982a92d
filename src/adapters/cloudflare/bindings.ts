/** What is used of Cloudflare's runtime, as https://developers.cloudflare.com/workers/runtime-apis/ describes it. */

/** A prepared statement of D1. */
export interface D1Statement {
  bind(...values: readonly unknown[]): D1Statement;
  all(): Promise<D1Answer>;
}

/** What D1 answers to one statement. `results` has an object for each row; `changes` counts the rows that were written. */
export interface D1Answer {
  readonly results: readonly unknown[];
  readonly meta: { readonly changes?: number };
}

/** A D1 database. Each call rejects with what SQLite, or the platform, says. */
export interface D1Database {
  prepare(sql: string): D1Statement;
  /** All of them or none. */
  batch(statements: readonly D1Statement[]): Promise<readonly D1Answer[]>;
}

interface DurableObjectStub {
  fetch(url: string, init?: RequestInit): Promise<Response>;
}

interface DurableObjectNamespace {
  idFromName(name: string): object;
  get(id: object): DurableObjectStub;
}

/** What a Durable Object has of its own: a SQLite database, and one alarm. */
export interface DurableObjectState {
  readonly storage: {
    readonly sql: {
      exec(sql: string, ...values: readonly unknown[]): { toArray(): readonly Record<string, unknown>[] };
    };
    /** Milliseconds since 1970; null where none is set. */
    getAlarm(): Promise<number | null>;
    setAlarm(at: number): Promise<void>;
    deleteAlarm(): Promise<void>;
  };
}

/** What wrangler.toml binds. Settings and secrets come beside these, as texts. */
export interface Bindings {
  readonly DB: D1Database;
  readonly LANE: DurableObjectNamespace;
}
