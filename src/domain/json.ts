import { deepest, firstMistake, type JsonMistake } from './json-mistake.ts';
import { fail, ok, type Result } from './result.ts';

/** JSON as data. Nothing of a text's meaning is lost in it: see `ExactNumber`. */
export type Json = null | boolean | number | string | ExactNumber | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [field: string]: Json;
}

/**
 * A number whose text a double would change, such as 12345678901234567890, 1.0, 1e400 or -0. It is what `JSON.rawJSON` makes:
 * an object to JavaScript, written by `JSON.stringify` as it came. An object of data can look the same; `isExactNumber` tells.
 */
export interface ExactNumber {
  readonly rawJSON: string;
}

// TypeScript's library does not declare them yet: https://github.com/tc39/proposal-json-parse-with-source
const rawJson: (text: string) => ExactNumber = Reflect.get(JSON, 'rawJSON');
const isRawJson: (value: unknown) => boolean = Reflect.get(JSON, 'isRawJSON');

/**
 * Parses JSON without loss: numbers keep their text, `__proto__` is a field like others. A byte-order mark is passed over. Never
 * throws; fails where the text is not JSON, or nests deeper than 1000 levels.
 */
export function parseJson(text: string): Result<Json, JsonMistake> {
  const json = withoutMark(text);
  let value: Json;
  try {
    value = JSON.parse(json);
  } catch {
    return fail(firstMistake(json));
  }
  const { depth, exact } = survey(json);
  if (depth > deepest) return fail(firstMistake(json));
  return ok(exact ? parseExactly(json) : value);
}

/** Writes JSON as `JSON.stringify` does, with exact numbers as they came. Lone surrogates become escapes. */
export function writeJson(value: Json, indent?: number): string {
  return JSON.stringify(value, undefined, indent);
}

export function isExactNumber(value: Json): value is ExactNumber {
  return isRawJson(value);
}

/** Whether a value was an object in JSON: neither an array nor a number that JavaScript holds as an object. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawJson(value);
}

function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function parseExactly(json: string): Json {
  return JSON.parse(json, (_field, value: Json, context?: { readonly source?: string }) =>
    typeof value === 'number' && context?.source !== undefined && String(value) !== context.source
      ? rawJson(context.source)
      : value,
  );
}

/**
 * How deep valid JSON nests, and whether it has a number that a double would change. A reviver makes parsing several times slower, so
 * it is worth a look: strings, which are most of a config, are skipped at the speed of `indexOf`.
 */
function survey(json: string): { readonly depth: number; readonly exact: boolean } {
  let depth = 0;
  let level = 0;
  let exact = false;
  let at = 0;
  while (at < json.length) {
    const character = json.charAt(at);
    if (character === '"') {
      at = afterString(json, at);
    } else if (character === '-' || (character >= '0' && character <= '9')) {
      number.lastIndex = at;
      const [text = character] = number.exec(json) ?? [];
      exact ||= String(Number(text)) !== text;
      at += text.length;
    } else {
      if (character === '{' || character === '[') depth = Math.max(depth, (level += 1));
      else if (character === '}' || character === ']') level -= 1;
      at += 1;
    }
  }
  return { depth, exact };
}

const number = /[-+.\deE]+/y;

function afterString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1);
  while (isEscaped(json, end)) end = json.indexOf('"', end + 1);
  return end + 1;
}

function isEscaped(json: string, at: number): boolean {
  let first = at;
  while (json[first - 1] === '\\') first -= 1;
  return (at - first) % 2 === 1;
}
