/** What is used of Cloudflare's runtime, as https://developers.cloudflare.com/workers/runtime-apis/ describes it. */

export interface D1Statement {
  bind(...values: readonly unknown[]): D1Statement;
  all(): Promise<D1Answer>;
}

export interface D1Answer {
  readonly results: readonly unknown[];
  readonly meta: { readonly changes?: number; readonly last_row_id?: number };
}

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
