import { printParseErrorCode, visit } from 'jsonc-parser';

/** Why a text can't be read as JSON: the first mistake, by line and column from 1, columns in UTF-16 units. */
export interface JsonMistake {
  readonly line: number;
  readonly column: number;
  readonly problem: string;
}

/**
 * How deep a text may nest. Whoever walks JSON by recursion (`JSON.stringify` does) is safe at this depth on every runtime; pipelines
 * nest some dozen levels.
 */
export const deepest = 1000;

/** Ends the reading of a text at its first mistake. Behind one, visit can nest deeper than the brackets do ("[},[},…") and run out of stack. */
class Found extends Error {}

/**
 * The first mistake in a text that is known not to be JSON or to nest too deeply. V8's own messages do not always say where it is.
 */
export function firstMistake(json: string): JsonMistake {
  const deep = tooDeep(json);
  if (deep !== undefined) return deep;
  let first: JsonMistake | undefined;
  try {
    visit(
      json,
      {
        onError: (code, offset) => {
          const kind = conflictMarker.test(json.slice(offset, offset + 7))
            ? 'an unresolved merge conflict begins or ends here'
            : problems[printParseErrorCode(code)];
          first = mistakeAt(json, offset, kind ?? 'this is not JSON');
          throw new Found();
        },
      },
      { disallowComments: true },
    );
  } catch (error) {
    if (!(error instanceof Found)) throw error;
  }
  return first ?? mistakeAt(json, json.length, 'this is not JSON');
}

/** Fields and indexes, from the outermost value inwards. */
type Path = readonly (string | number)[];

/**
 * The lines, from 1, of these places in a valid text: a field's is that of its name. Undefined for a place that the text does not have;
 * of fields that are there twice the last one counts, as it does for the parser.
 */
export function linesOf(text: string, places: readonly Path[]): readonly (number | undefined)[] {
  const lines: (number | undefined)[] = places.map(() => undefined);
  const note = (path: Path, line: number): void => {
    for (const [at, place] of places.entries()) {
      if (place.length === path.length && place.every((part, index) => part === path[index])) {
        lines[at] = line + 1;
      }
    }
  };
  const noteValue = (path: Path, line: number): void => {
    if (typeof path.at(-1) !== 'string') note(path, line);
  };
  visit(text, {
    onObjectProperty: (field, _offset, _length, line, _character, path) => note([...path(), field], line),
    onObjectBegin: (_offset, _length, line, _character, path) => noteValue(path(), line),
    onArrayBegin: (_offset, _length, line, _character, path) => noteValue(path(), line),
    onLiteralValue: (_value, _offset, _length, line, _character, path) => noteValue(path(), line),
  });
  return lines;
}

/** Where a text, valid or not, begins to nest too deeply. Works without recursion. */
function tooDeep(json: string): JsonMistake | undefined {
  let level = 0;
  for (let at = 0; at < json.length; at += 1) {
    const character = json.charAt(at);
    if (character === '"') at = endOfString(json, at);
    else if (character === '{' || character === '[') level += 1;
    else if (character === '}' || character === ']') level = Math.max(0, level - 1);
    if (level > deepest) return mistakeAt(json, at, 'nested too deeply');
  }
  return undefined;
}

/** A string ends on its line at the latest. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  for (; at < json.length; at += 1) {
    const character = json.charAt(at);
    if (character === '"' || character === '\n' || character === '\r') return at;
    if (character === '\\') at += 1;
  }
  return at;
}

function mistakeAt(json: string, offset: number, problem: string): JsonMistake {
  const lines = json.slice(0, offset).split(/\r\n?|\n/);
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1, problem };
}

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
