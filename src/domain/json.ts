import { createScanner, parseTree, printParseErrorCode, visit, type Node } from 'jsonc-parser';
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

/** Why a text is not JSON: the first mistake, by line and column from 1, columns in UTF-16 units. */
export interface JsonMistake {
  readonly line: number;
  readonly column: number;
  readonly problem: string;
}

/**
 * How deep a text may nest. Whoever walks JSON by recursion (`JSON.stringify` does) is safe at this depth on every runtime; pipelines
 * nest some dozen levels.
 */
const deepest = 1000;

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
  if (depth > deepest) return fail(tooDeep(json) ?? mistakeAt(json, 0, deepProblem));
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

/**
 * The line, from 1, of a field, or of an entry of the array in that field, in the object that a valid text holds. Of fields that are
 * there twice the last one counts, as it does for the parser.
 */
export function lineOf(text: string, field: string, index?: number): number | undefined {
  const json = withoutMark(text);
  const property = parseTree(json)?.children?.findLast((node) => node.children?.[0]?.value === field);
  const found: Node | undefined = index === undefined ? property : property?.children?.[1]?.children?.[index];
  return found === undefined ? undefined : mistakeAt(json, found.offset, '').line;
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

const deepProblem = 'nested too deeply';

/** Every kind of error that jsonc-parser reports, in plain words. */
const problems: Readonly<Record<string, string>> = {
  InvalidSymbol: 'this is not a JSON value',
  InvalidNumberFormat: 'this is not a number',
  PropertyNameExpected: 'a field name in double quotes is expected here',
  ValueExpected: 'a value is expected here',
  ColonExpected: 'a colon is expected here',
  CommaExpected: 'a comma is expected here',
  CloseBraceExpected: 'a closing brace is expected here',
  CloseBracketExpected: 'a closing bracket is expected here',
  EndOfFileExpected: 'nothing may follow the value',
  InvalidCommentToken: 'JSON has no comments',
  UnexpectedEndOfString: 'the string that begins here does not end on its line',
  UnexpectedEndOfNumber: 'this number is incomplete',
  InvalidUnicode: 'this string has a \\u without four hex digits',
  InvalidEscapeCharacter: 'this string has a backslash before a character that needs none',
  InvalidCharacter: 'this string has a control character that must be escaped',
};

const conflictMarker = /^(?:<{7}|={7}|>{7})/;

/** The first mistake in a text that is known not to be JSON. V8's own messages do not always say where it is. */
function firstMistake(json: string): JsonMistake {
  const deep = tooDeep(json);
  if (deep !== undefined) return deep;
  let first: JsonMistake | undefined;
  try {
    visit(
      json,
      {
        onError: (code, offset) => {
          if (first !== undefined) return;
          const kind = conflictMarker.test(json.slice(offset, offset + 7))
            ? 'an unresolved merge conflict begins or ends here'
            : problems[printParseErrorCode(code)];
          first = mistakeAt(json, offset, kind ?? 'this is not JSON');
        },
      },
      { disallowComments: true },
    );
  } catch (error) {
    // Behind a mistake, visit can nest deeper than the brackets do ("[},[},…") and run out of stack; the first mistake is known by then.
    if (!(error instanceof RangeError)) throw error;
  }
  return first ?? mistakeAt(json, json.length, 'this is not JSON');
}

/** Where a text, valid or not, begins to nest too deeply. Works without recursion. */
function tooDeep(json: string): JsonMistake | undefined {
  const scanner = createScanner(json, true);
  let level = 0;
  for (scanner.scan(); scanner.getTokenLength() > 0; scanner.scan()) {
    const offset = scanner.getTokenOffset();
    const character = json.charAt(offset);
    if (character === '{' || character === '[') level += 1;
    else if (character === '}' || character === ']') level = Math.max(0, level - 1);
    if (level > deepest) return mistakeAt(json, offset, deepProblem);
  }
  return undefined;
}

function mistakeAt(json: string, offset: number, problem: string): JsonMistake {
  const lines = json.slice(0, offset).split(/\r\n?|\n/);
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1, problem };
}
