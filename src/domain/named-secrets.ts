import type { Span } from './json.ts';
import { strengthOf } from './secret-names.ts';
import { literalAt, matchAt, mostValueLines, valueAt } from './secret-value.ts';

/** A word that may be part of the name of a secret, or of a field that holds one. */
const hit =
  /pass|pwd|pw|pswd|secret|token|cred|auth|bearer|basic|jwt|key|sas|sig|salt|cookie|session|cert|dsn|login|hmac|nonce|otp|kennwort|wachtwoord|senha|contrase|conn|identified|value|default/gi;

const longestName = 120;
const inName = /[\p{L}\d_$.-]/u;
const closing = /\\{0,7}["'`]/y;
const types =
  '(?:typing\\.|t\\.)?(?:str|bytes|bytearray|string|any|final|optional|union|literal|classvar|list|dict|tuple|set|sequence|mapping|secretstr|object|option|text|unknown|n?varchar2?|n?char|n?clob|raw|varbinary|sysname)';
/** `: str =`, `: Optional[str] =`, `varchar2(30) :=`. */
const annotation = new RegExp(
  `(?:\\s{0,3}:\\s{0,3}|[ \\t]{1,5}(?:constant[ \\t]{1,5})?)${types}(?:\\[[\\w.,\\s|"']{0,80}\\]|\\(\\d{1,6}(?: \\w{1,5})?\\))?(?:\\s{0,3}\\|\\s{0,3}\\w{1,40}){0,3}[ \\t]{0,5}(?:not null[ \\t]{1,5})?(?::=|=(?!=)|default\\b)`,
  'iy',
);
const sign = /[ \t]{0,100}(?::=|={1,3}>?|!==?|<>|\+=|\|\|=|\?\?=|->|:(?!:))/y;
/** `password is x`, `password for etl: x`. */
const prose =
  /[ \t]{1,5}(?:(?:for|of)[ \t]{1,5}\S{1,60}[ \t]{1,5})?(?:is|was|to|are|be)[ \t]{0,5}:?[ \t]{1,5}(?=\S)/iy;
const proseWord = /[^\s"',;)]{1,200}/y;
const ordinary =
  /^(?:not|no|now|valid|invalid|required|wrong|set|unset|empty|missing|expired|expiring|incorrect|correct|needed|used|unknown|hidden|secret|optional|mandatory|read|stored|kept|here|there|it|them|the|a|an|this|that|in|changed|rotated|false|true|null|none)[.!?]?$/i;
const identifiedBy = /\s{1,20}(?:globally\s{1,20}|externally\s{1,20})?by\s{1,20}(?:values\s{1,20})?/iy;
const replacing = /[ \t]{1,20}replace[ \t]{1,20}/iy;
const word = /[^\s;,)"']{1,500}/y;
const plainWord = /[^\s"'\\,;&()}\]=:]{8,200}/y;
const httpScheme = /[ \t]{1,5}([\w.~+/=-]{6,4000})/y;
const yamlBlock = /[ \t]{0,20}[|>][+\d-]{0,3}[ \t]{0,20}(?:#[^\n]{0,200})?\r?\n/y;
const lineEnd = /[ \t]{0,100}(?:#[^\n]{0,200})?\r?\n/y;
const control = /^\s{0,200}(?:if|elif|else|while|for|def|class|with|try|except|lambda|when|case|async)\b/i;
/** What takes the names of columns: a second argument is another name, not the value of the first. */
const takesColumns =
  /(?:select|selectexpr|drop|dropduplicates|groupby|orderby|sort|partitionby|withcolumnrenamed|col|join|agg|isin|in|keys|fillna|subset|columns)\s{0,3}$/i;
const asks = /^(?:get|read|fetch|load|look|lookup|find|has|is|check|validate|count|max|min|sum)(?![a-z])/i;

interface Name extends Span {
  readonly text: string;
  /** Where the name and its closing quotation mark end. */
  readonly after: number;
  readonly isQuoted: boolean;
}

interface Found {
  readonly spans: readonly Span[];
  readonly end: number;
}

/** The values that names of secrets are given in a text, in code, SQL, YAML, JSON, connection strings and prose. Takes time in proportion to the text. */
export function namedSecrets(text: string): readonly Span[] {
  const spans: Span[] = [];
  const fields = createFields(text);
  hit.lastIndex = 0;
  for (let at = 0; ;) {
    hit.lastIndex = at;
    const found = hit.exec(text);
    if (found === null) return spans;
    const name = nameAround(text, found.index, found.index + found[0].length);
    const its = secretsOf(text, name);
    spans.push(...its.spans, ...fields(name));
    at = Math.max(its.end, name.end, found.index + found[0].length);
  }
}

function nameAround(text: string, from: number, to: number): Name {
  let start = from;
  while (start > 0 && from - start < longestName && inName.test(text.charAt(start - 1))) start -= 1;
  let end = to;
  while (end < text.length && end - to < longestName && inName.test(text.charAt(end))) end += 1;
  const mark = matchAt(closing, text, end);
  const isQuoted = mark !== undefined && '"\'`'.includes(text.charAt(start - 1) || ' ');
  return { text: text.slice(start, end), start, end, after: end + (mark?.length ?? 0), isQuoted };
}

const none: readonly Span[] = [];

function secretsOf(text: string, name: Name): Found {
  const nothing = { spans: none, end: name.end };
  if (/^identified$/i.test(name.text)) return identified(text, name);
  if (/^(?:bearer|basic)$/i.test(name.text)) {
    const token = httpToken(text, name);
    if (token !== undefined) return token;
  }
  const strength = strengthOf(name.text);
  if (strength === 'none') return nothing;
  if (strength === 'weak') return randomValue(text, name) ?? nothing;
  return givenTo(text, name) ?? said(text, name);
}

/** What a name such as a bare `key` is assigned, where it looks random. Reads one value and no more: what follows is looked at for itself. */
function randomValue(text: string, name: Name): Found | undefined {
  const at = name.after + (text[name.after] === ']' ? 1 : 0);
  const assigned = matchAt(annotation, text, at) ?? matchAt(sign, text, at);
  if (assigned === undefined) return undefined;
  const from = at + assigned.length + (matchAt(/\s{1,100}/y, text, at + assigned.length)?.length ?? 0);
  const literal = literalAt(text, from);
  const bare = literal === undefined ? matchAt(plainWord, text, from) : undefined;
  const inner = literal?.inner ?? { start: from, end: from + (bare?.length ?? 0) };
  return looksRandom(text.slice(inner.start, inner.end))
    ? { spans: [inner], end: literal?.end ?? inner.end }
    : undefined;
}

/** What a name is assigned, or given as an argument behind it. */
function givenTo(text: string, name: Name): Found | undefined {
  const indent = indentAt(text, name.start);
  let at = name.after;
  if (text[at] === ']') at += 1;
  const typed = matchAt(annotation, text, at);
  const assigned = typed ?? matchAt(sign, text, at);
  if (assigned !== undefined) {
    const from = at + assigned.length;
    if (assigned.endsWith(':')) {
      if (opensBlock(text, name, from)) return undefined;
      const below = sectionBelow(text, name, from);
      if (below !== undefined) return below;
      if (isAlone(text, name)) return lineValue(text, from, indent);
    }
    return valueAt(text, from, { depth: 0, indent });
  }
  if (name.isQuoted) {
    const before = text.slice(Math.max(0, name.start - 200), name.start).replace(/[rbfu]?\\{0,7}["'`]$/i, '');
    if (/^\s{0,100},/.test(text.slice(at, at + 102)) && /[([{,]\s*$/.test(before)) {
      const isCall = /\(\s*$/.test(before) && !takesColumns.test(before.replace(/\(\s*$/, ''));
      return isCall ? valueAt(text, text.indexOf(',', at) + 1, { depth: 1, indent }) : undefined;
    }
    if (text[at] === ')' && /^\)\s{0,5}(?:or\b|\|\||\?\?)/.test(text.slice(at, at + 12)))
      return joinedTo(text, at + 1, indent);
    return undefined;
  }
  const last = name.text.slice(name.text.lastIndexOf('.') + 1);
  if (text[at] === '(' && strengthOf(last) === 'strong' && !asks.test(last)) {
    const call = valueAt(text, at + 1, { depth: 1, indent });
    return { ...call, spans: call.spans.filter((span) => '"\'`'.includes(text.charAt(span.start - 1))) };
  }
  return undefined;
}

/** `if password:`, `for token in tokens:`: what follows is no value. */
function opensBlock(text: string, name: Name, from: number): boolean {
  const head = text.slice(lineStartOf(text, name.start), name.end);
  const next = /^\s{0,100}[rbfu]{0,2}\\{0,7}["'`]/i.test(text.slice(from, from + 110));
  return !name.isQuoted && control.test(head) && !/[{([]/.test(head) && !next;
}

/** `getenv("PASSWORD") or "x"`. */
function joinedTo(text: string, from: number, indent: number): Found {
  const start = from + (/^\s{0,5}(?:or\b|\|\||\?\?)/.exec(text.slice(from, from + 12))?.[0].length ?? 0);
  return valueAt(text, start, { depth: 0, indent });
}

/** `PASSWORD 'x'`, `password is x`, `--password x`. */
function said(text: string, name: Name): Found {
  const nothing = { spans: none, end: name.end };
  if (name.isQuoted) return nothing;
  const space = matchAt(/[ \t]{1,20}/y, text, name.end);
  if (space !== undefined) {
    const literal = literalAt(text, name.end + space.length);
    if (literal !== undefined) return { spans: [literal.inner], end: literal.end };
    if (name.text.startsWith('-') && name.text !== '-') {
      const value = matchAt(word, text, name.end + space.length);
      if (value !== undefined && name.text.startsWith('--') && !/^(?:is|was|for|of|to)$/i.test(value))
        return spanOf(name.end + space.length, value);
    }
  }
  const words = matchAt(prose, text, name.end);
  if (words === undefined) return nothing;
  const from = name.end + words.length;
  const literal = literalAt(text, from);
  if (literal !== undefined) return { spans: [literal.inner], end: literal.end };
  const value = matchAt(proseWord, text, from);
  if (value === undefined || ordinary.test(value)) return nothing;
  const behind = from + value.length;
  const isLast = /^[.!]?[ \t]*(?:\*\/)?[ \t]*\r?(?:\n|$)/.test(text.slice(behind, behind + 100));
  const isSecret = /\d|[^\p{L}\d.!?:'’_-]/u.test(value) || (isLast && isInComment(text, name.start));
  return isSecret ? spanOf(from, value) : nothing;
}

function spanOf(start: number, value: string): Found {
  const end = start + value.length;
  return { spans: [{ start, end }], end };
}

function identified(text: string, name: Name): Found {
  const by = matchAt(identifiedBy, text, name.end);
  if (by === undefined) return { spans: none, end: name.end };
  const spans: Span[] = [];
  let at = name.end + by.length;
  for (;;) {
    const literal = literalAt(text, at);
    const value = literal === undefined ? matchAt(word, text, at) : undefined;
    if (literal !== undefined) spans.push(literal.inner);
    else if (value !== undefined) spans.push({ start: at, end: at + value.length });
    at = literal?.end ?? at + (value?.length ?? 0);
    const replaced = matchAt(replacing, text, at);
    if (replaced === undefined || spans.length > 1) return { spans, end: at };
    at += replaced.length;
  }
}

/** A token behind its scheme, which nothing names: `"Bearer x"`. */
function httpToken(text: string, name: Name): Found | undefined {
  httpScheme.lastIndex = name.end;
  const [whole, token] = httpScheme.exec(text) ?? [];
  if (whole === undefined || token === undefined) return undefined;
  const isAtStart = /["'`:=]\s{0,3}$/.test(text.slice(Math.max(0, name.start - 4), name.start));
  if (!isAtStart && !/\d/.test(token)) return undefined;
  return spanOf(name.end + whole.length - token.length, token);
}

/** YAML below a name: a block of text, a list or a map, all further in. Undefined where none begins. */
function sectionBelow(text: string, name: Name, from: number): Found | undefined {
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
function isAlone(text: string, name: Name): boolean {
  return !name.isQuoted && /^\s{0,200}(?:- )?$/.test(text.slice(lineStartOf(text, name.start), name.start));
}

function lineValue(text: string, from: number, indent: number): Found {
  const begin = from + (matchAt(/[ \t]{1,100}/y, text, from)?.length ?? 0);
  const isPlain = /^[^\s"'`[{(\\]/.test(text.slice(begin, begin + 1)) && literalAt(text, begin) === undefined;
  const isScheme = matchAt(/(?:bearer|basic|digest|token)[ \t]{1,5}/iy, text, begin);
  const start = begin + (isScheme?.length ?? 0);
  const line = text.slice(start, lineEndAfter(text, start));
  if (!isPlain || begin === from || /[,"'(]/.test(line)) return valueAt(text, from, { depth: 0, indent });
  const value = line.replace(/\s+#.*$/, '').trimEnd();
  return /^(?:None|null|~|)$/.test(value) ? { spans: none, end: start } : spanOf(start, value);
}

/**
 * For variables, whose name and value are fields of their own: called with every name in the text, returns the value once its neighbour names
 * a secret.
 */
function createFields(text: string): (name: Name) => readonly Span[] {
  // The value that was met last, for a name behind it.
  let last: { readonly inner: Span; readonly end: number } | undefined;
  return (name) => {
    if (/^(?:default[-_]?)?value$/i.test(name.text) && name.isQuoted) {
      const colon = matchAt(/\s{0,5}:\s{0,5}/y, text, name.after);
      last = colon === undefined ? undefined : literalAt(text, name.after + colon.length);
      return none;
    }
    const before = text.slice(Math.max(0, name.start - 60), name.start);
    if (
      !/(?:id|name|key)\\{0,7}["']\s{0,5}:\s{0,5}\\{0,7}["'][^"'\n]{0,30}$/i.test(before) ||
      strengthOf(name.text) !== 'strong'
    )
      return none;
    if (last !== undefined && name.start - last.end < 300 && !/[{}]/.test(text.slice(last.end, name.start)))
      return [last.inner];
    const rest = text.slice(name.end, name.end + 400).split(/[{}]/, 1)[0] ?? '';
    const field = /(?:default[-_]?)?value\\{0,7}["']\s{0,5}:\s{0,5}/i.exec(rest);
    const literal = field === null ? undefined : literalAt(text, name.end + field.index + field[0].length);
    return literal === undefined ? none : [literal.inner];
  };
}

/** Letters of both cases and digits, or many letters and digits, with neither space nor the signs of a path. */
function looksRandom(value: string): boolean {
  if (value.length < 8 || value.length > 1_000 || /[\s/\\:{}()]/.test(value) || !/\d/.test(value))
    return false;
  return (/[a-z]/.test(value) && /[A-Z]/.test(value)) || (/[a-z]/i.test(value) && value.length >= 20);
}

function isInComment(text: string, at: number): boolean {
  return /(?:--|#|\/\/|\/\*)[^\n]{0,300}$/.test(text.slice(Math.max(0, at - 300), at));
}

function indentAt(text: string, at: number): number {
  return /^[ \t]*/.exec(text.slice(lineStartOf(text, at), at))?.[0].length ?? 0;
}

/** At most 1,000 characters back: a longer line has no indent that matters. */
function lineStartOf(text: string, at: number): number {
  const from = Math.max(0, at - 1_000);
  return from + text.slice(from, at).lastIndexOf('\n') + 1;
}

function lineEndAfter(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}
