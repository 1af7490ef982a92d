import type { Span } from '../shared/json.ts';

/** What stands for a secret. Only the mask and the comparison of JSON write them; both are left as they are when masked again. */
export const hidden = '[hidden]';
export const hiddenChanged = '[hidden, changed]';

/** A value that goes on for longer is taken to end: a bracket or a quotation mark that nobody closed must not hide the rest of a text. */
export const mostValueLines = 500;
const mostValueCharacters = 100_000;

const quoteMark = /\\{0,7}(?:"""|'''|["'`])/y;
const prefix = /(?:[rbfu]|rb|br|rf|fr|N|q|E|x)(?=\\{0,7}["'])/iy;
const scheme = /(?:bearer|basic|digest|negotiate|token|apikey)[ \t]+(?=[^\s"'])/iy;
const bare = /[^\s"'\\,;&)}\]]{1,100000}/y;
const joining = /(?:or|if|else|await|new)\b/iy;
/** A call or an index of something with a plain name; a password without quotation marks looks otherwise. */
const call =
  /[A-Za-z_][A-Za-z_.]{0,200}(?=\((?:\s{0,50}[rbfu]{0,2}["')]|\s{0,50}[A-Za-z_.]{1,50}[=,)(.[])|\[[rbfu]{0,2}["'])/iy;
const nothing = /(?:None|null|nil|undefined)(?![\w.-])/y;
const separated = /[,;&](?=\s|$|["'}\])]|[\w.-]{1,60}\s{0,3}[=:])/my;
const comment = /(?:#|--|\/\/)[^\n]*/y;

export function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** A literal that begins with the quotation mark at a place: what is between its marks, and where it ends. Undefined where none begins. */
export function literalAt(
  text: string,
  at: number,
): { readonly inner: Span; readonly end: number } | undefined {
  const begin = at + (matchAt(prefix, text, at)?.length ?? 0);
  const mark = matchAt(quoteMark, text, begin);
  if (mark === undefined) return undefined;
  const start = begin + mark.length;
  const end =
    mark.length > 2 && mark.endsWith(mark.slice(-1).repeat(3))
      ? endOfBlock(text, start, mark)
      : endOfLiteral(text, start, mark);
  return { inner: { start, end: end.inner }, end: end.outer };
}

interface End {
  readonly inner: number;
  readonly outer: number;
}

/** Where as many backslashes and the same mark stand again; else the end of the line, or where an outer literal ends. */
function endOfLiteral(text: string, start: number, mark: string): End {
  const [slashes, quote] = [mark.length - 1, mark.slice(-1)];
  let run = 0;
  let at = start;
  for (; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\n') break;
    if (character === '\\') run += 1;
    else {
      // Without backslashes before the opening mark, an even number of them escapes itself.
      if (character === quote && (slashes === 0 ? run % 2 === 0 : run <= slashes)) {
        const closes = slashes === 0 ? 0 : run;
        return { inner: at - closes, outer: at + (run < slashes ? -closes : 1) };
      }
      run = 0;
    }
  }
  return { inner: at, outer: at };
}

function endOfBlock(text: string, start: number, mark: string): End {
  const end = text.indexOf(mark, start);
  if (end !== -1 && end - start <= mostValueCharacters) return { inner: end, outer: end + mark.length };
  const cut = Math.min(text.length, start + mostValueCharacters);
  return { inner: cut, outer: cut };
}

/**
 * The secrets of an expression that a name of a secret is given, and where the expression ends: its literals, also those that are joined to
 * the first or stand in its brackets, over as many lines as it has, and the first word of one that has no quotation marks. Takes time in
 * proportion to the length of the expression.
 * @param depth brackets that are open already, as within a call
 * @param indent of the line on which the name stands; a word on a later line counts only if it stands further in
 */
export function valueAt(
  text: string,
  from: number,
  { depth: open, indent }: { readonly depth: number; readonly indent: number },
): { readonly spans: readonly Span[]; readonly end: number } {
  const spans: Span[] = [];
  const limit = Math.min(text.length, from + mostValueCharacters);
  let depth = open;
  let lines = 0;
  let lineStart = -1;
  // An operand comes next, rather than a sign that joins another one to the last.
  let expecting = true;
  let at = from;
  while (at < limit) {
    const character = text.charAt(at);
    if (character === '\n') {
      if ((depth === 0 && !expecting) || (lines += 1) > mostValueLines) break;
      lineStart = at += 1;
      continue;
    }
    if (/\s/.test(character)) {
      at += 1;
      continue;
    }
    const literal = literalAt(text, at);
    if (literal !== undefined) {
      const isKey = depth > 0 && /^\s{0,5}:(?![:=])/.test(text.slice(literal.end, literal.end + 8));
      if (!isKey) spans.push(literal.inner);
      at = literal.end;
      expecting = isKey;
      continue;
    }
    const note = lineStart !== -1 || depth > 0 ? matchAt(comment, text, at) : undefined;
    if (note !== undefined) at += note.length;
    else if ('([{'.includes(character)) {
      depth += 1;
      at += 1;
      expecting = true;
    } else if (')]}'.includes(character)) {
      if (depth === 0) break;
      depth -= 1;
      at += 1;
      expecting = false;
    } else if (depth === 0 && !expecting && ',;&'.includes(character)) break;
    else if (character === '\\') {
      // Python's sign that a line goes on.
      if (depth === 0 && text[at + 1] !== '\n' && text.slice(at + 1, at + 3) !== '\r\n') break;
      expecting = true;
      at += 1;
      // The shell's next line need not stand further in.
      if (depth === 0) {
        at += text[at] === '\r' ? 2 : 1;
        lines += 1;
      }
    } else if (depth === 0 && expecting && spans.length === 0) {
      if (lineStart !== -1 && at - lineStart <= indent) break;
      const callee = matchAt(call, text, at);
      if (callee !== undefined) {
        at += callee.length;
        expecting = false;
        continue;
      }
      at += matchAt(scheme, text, at)?.length ?? 0;
      const word = bareAt(text, at);
      if (word === '') break;
      if (matchAt(nothing, text, at) === undefined) spans.push({ start: at, end: at + word.length });
      depth += word.split('(').length - 1;
      at += word.length;
      expecting = depth > 0;
    } else {
      const word = matchAt(joining, text, at);
      if (word !== undefined) {
        expecting = true;
        at += word.length;
      } else if (/[+|%?:.*=<>!~^/@&,;-]/.test(character)) {
        expecting = true;
        at += 1;
      } else if (depth === 0 && !expecting) break;
      else {
        const operand = /^[^\s"'\\,;&()[\]{}=:+|]+/.exec(text.slice(at, at + 200))?.[0] ?? character;
        if (depth > 0 && /\d/.test(operand) && /\p{L}/u.test(operand) && text[at + operand.length] !== '(')
          spans.push({ start: at, end: at + operand.length });
        expecting = false;
        at += operand.length;
      }
    }
  }
  return { spans, end: Math.max(at, from) };
}

/** A value without quotation marks: up to white space, or to a sign that another value follows. A comma alone may be part of a password. */
function bareAt(text: string, from: number): string {
  let at = from;
  while (at < text.length) {
    at += matchAt(bare, text, at)?.length ?? 0;
    const sign = text.charAt(at);
    if (sign === '' || !',;&'.includes(sign) || matchAt(separated, text, at) !== undefined || sign === ';')
      break;
    at += 1;
    if (at - from > 10_000) break;
  }
  return text.slice(from, at);
}
