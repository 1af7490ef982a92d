import { fail, ok, type Result } from '../shared/result.ts';

/** One word of a command. */
export interface Word {
  /** Of `key=value`, in lower case; undefined for a word without. */
  readonly key: string | undefined;
  readonly text: string;
  /** Whether it stood in quotation marks, and so is a name and nothing else. */
  readonly quoted: boolean;
}

/** Quotation marks by what closes them. Text editors turn straight ones into any of the others. */
const closing: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ['“', '“”'],
  ['”', '“”'],
  ['„', '“”'],
  ['«', '»'],
  ['‘', '‘’'],
  ['’', '‘’'],
  ['‚', '‘’'],
]);

const space = /\s/;
/** Marks without width that copying from a web page brings along. */
const invisible = /[\u200B\u2060\uFEFF]/g;
const keyed = /^[a-z][a-z-]*=/i;

/**
 * The words of a line: separated by white space, names with spaces in quotation marks, `key=value` and `key="a value"`. Within quotation marks a
 * backslash stands before a quotation mark or a backslash that is meant as itself. Fails with the word whose quotation mark is never closed.
 */
export function wordsOf(line: string): Result<readonly Word[], { readonly open: string }> {
  const words: Word[] = [];
  let at = 0;
  while (at < line.length) {
    if (space.test(line.charAt(at))) {
      at += 1;
      continue;
    }
    const key = keyed.exec(line.slice(at, at + 40))?.[0];
    const start = at + (key?.length ?? 0);
    const ends = closing.get(line.charAt(start));
    const read = ends === undefined ? bare(line, start) : quotedText(line, start + 1, ends);
    if (read === undefined) return fail({ open: line.slice(at) });
    const text = ends === undefined ? read.text.replaceAll(invisible, '') : read.text;
    if (text !== '' || ends !== undefined || key !== undefined) {
      words.push({ key: key?.slice(0, -1).toLowerCase(), text, quoted: ends !== undefined });
    }
    at = read.end;
  }
  return ok(words);
}

interface Read {
  readonly text: string;
  readonly end: number;
}

function bare(line: string, start: number): Read {
  let end = start;
  while (end < line.length && !space.test(line.charAt(end))) end += 1;
  return { text: line.slice(start, end), end };
}

function quotedText(line: string, start: number, ends: string): Read | undefined {
  let text = '';
  for (let at = start; at < line.length; at += 1) {
    const character = line.charAt(at);
    const next = line.charAt(at + 1);
    if (character === '\\' && next !== '' && (next === '\\' || ends.includes(next))) {
      text += next;
      at += 1;
    } else if (ends.includes(character)) {
      return { text, end: at + 1 };
    } else {
      text += character;
    }
  }
  return undefined;
}

/** A word as it is written in a command, in quotation marks whatever it is. */
export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, (mark) => `\\${mark}`)}"`;
}
