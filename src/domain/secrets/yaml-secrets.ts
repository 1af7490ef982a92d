import type { Span } from '../shared/json.ts';
import {
  lineEndAfter,
  lineStartOf,
  none,
  spanOf,
  type FoundSecrets,
  type SecretName,
} from './secret-location.ts';
import { literalAt, matchAt, mostValueLines, valueAt } from './secret-value.ts';

const yamlBlock = /[ \t]{0,20}[|>][+\d-]{0,3}[ \t]{0,20}(?:#[^\n]{0,200})?\r?\n/y;
const lineEnd = /[ \t]{0,100}(?:#[^\n]{0,200})?\r?\n/y;
/** What begins a block of Python: a colon at its end gives nothing to the name before it. */
export const control =
  /^\s{0,200}(?:if|elif|else|while|for|def|class|with|try|except|lambda|when|case|async)\b/i;

/** YAML below a name: a block of text, a list or a map, all further in. Undefined where none begins. */
export function sectionBelow(text: string, name: SecretName, from: number): FoundSecrets | undefined {
  const head = text.slice(lineStartOf(text, name.start), name.start);
  if (control.test(head + name.text) || !/^[\s\-"']{0,200}$/.test(head)) return undefined;
  const isBlock = matchAt(yamlBlock, text, from);
  const begin = isBlock ?? matchAt(lineEnd, text, from);
  if (begin === undefined) return undefined;
  const own = /^\s*/.exec(head)?.[0].length ?? 0;
  const spans: Span[] = [];
  let at = from + begin.length;
  for (let lines = 0; at < text.length && lines < mostValueLines; lines += 1) {
    const end = lineEndAfter(text, at);
    const line = text.slice(at, end).replace(/\r$/, '');
    const indent = line.length - line.trimStart().length;
    const isItem = /^\s{0,200}- /.test(line) && isBlock === undefined && indent >= own;
    if (line.trim() !== '' && indent <= own && !isItem) break;
    // The names of a map stay, so that the change can be found.
    const label =
      isBlock === undefined
        ? (/^\s*(?:- )?\s*(?:["']?[\w.-]{1,100}["']?:(?=\s|$)\s*)?/.exec(line)?.[0].length ?? 0)
        : indent;
    if (line.length > label) spans.push({ start: at + label, end: at + line.length });
    at = Math.min(text.length, end + 1);
  }
  return spans.length === 0 ? undefined : { spans, end: at };
}

/** Whether a name stands alone at the beginning of its line, as in YAML: then all the rest of the line is the value. */
export function isAlone(text: string, name: SecretName): boolean {
  return !name.isQuoted && /^\s{0,200}(?:- )?$/.test(text.slice(lineStartOf(text, name.start), name.start));
}

/** What stands behind a name and a colon, up to the end of the line where it has no quotation marks. */
export function lineValue(text: string, from: number, indent: number): FoundSecrets {
  const begin = from + (matchAt(/[ \t]{1,100}/y, text, from)?.length ?? 0);
  const isPlain = /^[^\s"'`[{(\\]/.test(text.slice(begin, begin + 1)) && literalAt(text, begin) === undefined;
  const isScheme = matchAt(/(?:bearer|basic|digest|token)[ \t]{1,5}/iy, text, begin);
  const start = begin + (isScheme?.length ?? 0);
  const line = text.slice(start, lineEndAfter(text, start));
  if (!isPlain || begin === from || /[,"'(]/.test(line)) return valueAt(text, from, { depth: 0, indent });
  const note = line.indexOf(' #');
  const value = (note === -1 ? line : line.slice(0, note)).trimEnd();
  return /^(?:None|null|~|)$/.test(value) ? { spans: none, end: start } : spanOf(start, value);
}
