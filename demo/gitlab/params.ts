import type { Context } from 'hono';
import { badParameter } from './refusal.ts';

/** The parameters of a call, wherever they stand: query, JSON or form. GitLab tells no difference. */
export interface Params {
  has(name: string): boolean;
  /** A number counts as its text. */
  text(name: string): string | undefined;
  /** The text, or a 400 that says it is missing; `filled` refuses an empty one, too. */
  required(name: string, filled?: 'filled'): string;
  flag(name: string): boolean | undefined;
  whole(name: string): number | undefined;
  list(name: string): readonly unknown[] | undefined;
  date(name: string): Date | undefined;
}

/** Reads the parameters; throws a 400 for a body that is not JSON. */
export async function readParams(c: Context): Promise<Params> {
  const values = new Map<string, unknown>();
  for (const [name, all] of Object.entries(c.req.queries())) {
    if (name.endsWith('[]')) values.set(name.slice(0, -2), all);
    else values.set(name, all.at(-1));
  }
  if (!['GET', 'HEAD'].includes(c.req.method)) {
    for (const [name, value] of Object.entries(await readBody(c))) values.set(name, value);
  }
  return createParams(values);
}

async function readBody(c: Context): Promise<object> {
  const type = c.req.header('content-type') ?? '';
  if (type.includes('form')) return c.req.parseBody();
  const text = await c.req.text();
  if (text === '') return {};
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  } catch {
    // Refused below.
  }
  throw badParameter('Problem while parsing request');
}

/** The parameters of one map, also of an object inside a list. */
function createParams(values: ReadonlyMap<string, unknown>): Params {
  const params: Params = {
    has: (name) => values.has(name) && values.get(name) !== null,
    text(name) {
      const value = values.get(name);
      if (typeof value === 'string') return value;
      if (typeof value === 'number' || typeof value === 'boolean') return String(value);
      if (value === undefined || value === null) return undefined;
      throw badParameter(`${name} is invalid`);
    },
    required(name, filled) {
      const value = params.text(name);
      if (value === undefined) throw badParameter(`${name} is missing`);
      if (filled !== undefined && value.trim() === '') throw badParameter(`${name} is empty`);
      return value;
    },
    flag(name) {
      const value = params.text(name);
      if (value === undefined || value === '') return undefined;
      if (['true', '1', 't', 'on', 'yes'].includes(value)) return true;
      if (['false', '0', 'f', 'off', 'no'].includes(value)) return false;
      throw badParameter(`${name} is invalid`);
    },
    whole(name) {
      const value = params.text(name);
      if (value === undefined || value === '') return undefined;
      if (!/^-?\d{1,15}$/.test(value)) throw badParameter(`${name} is invalid`);
      return Number(value);
    },
    list(name) {
      const value = values.get(name);
      if (value === undefined || value === null) return undefined;
      return Array.isArray(value) ? value : params.text(name)?.split(',');
    },
    date(name) {
      const value = params.text(name);
      if (value === undefined || value === '') return undefined;
      const time = Date.parse(value);
      if (Number.isNaN(time)) throw badParameter(`${name} is invalid`);
      return new Date(time);
    },
  };
  return params;
}

/** The parameters of an object inside a list. */
export function nestedParams(value: unknown, name: string): Params {
  if (typeof value !== 'object' || value === null) throw badParameter(`${name} is invalid`);
  return createParams(new Map(Object.entries(value)));
}
