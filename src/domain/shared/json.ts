import { parseTree, type Node } from 'jsonc-parser';
import { deepest, firstMistake, type JsonMistake } from './json-error.ts';
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
  // First, since V8 takes seconds for millions of levels.
  const surveyed = survey(json);
  if (surveyed === 'too deep') return fail(firstMistake(json));
  let value: Json;
  try {
    value = JSON.parse(json);
  } catch {
    return fail(firstMistake(json));
  }
  return ok(surveyed === 'exact' ? parseExactly(json) : value);
}

/** Where a value stands in a text: UTF-16 units from its beginning, the quotation marks of a string included. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where the values of an object's fields stand, by their names. */
export type Spans = ReadonlyMap<JsonObject, ReadonlyMap<string, Span>>;

/** Parses JSON as `parseJson` does, and tells where the fields of its objects stand. */
export function parseLocatedJson(
  text: string,
): Result<{ readonly value: Json; readonly spans: Spans }, JsonMistake> {
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  const json = withoutMark(text);
  const tree = parseTree(json);
  if (tree === undefined) throw new Error('Valid JSON has a syntax tree.');
  const spans = new Map<JsonObject, ReadonlyMap<string, Span>>();
  const shift = text.length - json.length;
  const value = valueOf(json, tree, (object, fields) => {
    const own = fields.map(([name, { offset, length }]): readonly [string, Span] => {
      const start = offset + shift;
      return [name, { start, end: start + length }];
    });
    spans.set(object, new Map(own));
  });
  return ok({ value, spans });
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

/** The value by way of a syntax tree, which tells how each number is written. */
function parseExactly(json: string): Json {
  const tree = parseTree(json);
  if (tree === undefined) throw new Error('Valid JSON has a syntax tree.');
  return valueOf(json, tree);
}

type Seen = (object: JsonObject, fields: readonly (readonly [string, Node])[]) => void;

/** @param seen is told of each object, with the nodes of its fields; of fields that are there twice, the last one counts */
function valueOf(json: string, node: Node, seen?: Seen): Json {
  const children = node.children ?? [];
  switch (node.type) {
    case 'object': {
      const fields = children.flatMap(({ children: [field, value] = [] }): (readonly [string, Node])[] =>
        field === undefined || value === undefined ? [] : [[String(field.value), value]],
      );
      const object = Object.fromEntries(fields.map(([name, value]) => [name, valueOf(json, value, seen)]));
      seen?.(object, fields);
      return object;
    }
    case 'array':
      return children.map((child) => valueOf(json, child, seen));
    case 'number': {
      const text = json.slice(node.offset, node.offset + node.length);
      return isChangedByDouble(text) ? rawJson(text) : Number(text);
    }
    case 'property':
    case 'string':
    case 'boolean':
    case 'null':
      return node.value;
  }
}

function isChangedByDouble(text: string): boolean {
  return String(Number(text)) !== text;
}

/**
 * Whether valid JSON nests too deeply, where it ends at once, and whether it takes more than `JSON.parse` to read it without loss, which is many times slower: for a number
 * that a double would change, and for a field whose name is written with an escape, because V8 can take such a name for another that it has
 * met before (https://github.com/nodejs/node/issues/63785). Strings, which are most of a config, are skipped at the speed of `indexOf`.
 * What it says of a text that is no JSON means nothing.
 */
function survey(json: string): 'plain' | 'exact' | 'too deep' {
  let level = 0;
  let exact = false;
  let at = 0;
  let escape = json.indexOf('\\');
  while (at < json.length) {
    const character = json.charAt(at);
    if (character === '"') {
      at = afterString(json, at);
      if (escape !== -1 && escape < at) {
        exact ||= isField(json, at);
        escape = json.indexOf('\\', at);
      }
    } else if (character === '-' || (character >= '0' && character <= '9')) {
      number.lastIndex = at;
      const [text = character] = number.exec(json) ?? [];
      exact ||= isChangedByDouble(text);
      at += text.length;
    } else {
      if (character === '{' || character === '[') level += 1;
      else if (character === '}' || character === ']') level -= 1;
      if (level > deepest) return 'too deep';
      at += 1;
    }
  }
  return exact ? 'exact' : 'plain';
}

function isField(json: string, afterText: number): boolean {
  colon.lastIndex = afterText;
  return colon.test(json);
}

const colon = /\s*:/y;
const number = /[-+.\deE]+/y;

function afterString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(json, end)) end = json.indexOf('"', end + 1);
  return end === -1 ? json.length : end + 1;
}

function isEscaped(json: string, at: number): boolean {
  let first = at;
  while (json[first - 1] === '\\') first -= 1;
  return (at - first) % 2 === 1;
}
