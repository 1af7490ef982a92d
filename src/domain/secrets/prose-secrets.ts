import type { Span } from '../shared/json.ts';
import { none, spanOf, type FoundSecrets, type SecretName } from './secret-location.ts';
import { literalAt, matchAt, valueAt } from './secret-value.ts';

/** `password is x`, `password for etl: x`. */
const prose =
  /[ \t]{1,5}(?:(?:for|of)[ \t]{1,5}\S{1,60}[ \t]{1,5})?(?:is|was|to|are|be)[ \t]{0,5}:?[ \t]{1,5}(?=\S)/iy;
const proseWord = /[^\s"',;)]{1,200}/y;
const ordinary =
  /^(?:not|no|now|valid|invalid|required|wrong|set|unset|empty|missing|expired|expiring|incorrect|correct|needed|used|unknown|hidden|secret|optional|mandatory|read|stored|kept|here|there|it|them|the|a|an|this|that|in|changed|rotated|false|true|null|none)[.!?]?$/i;
/** `by`, and `with <plugin> as`. */
const identifiedBy =
  /\s{1,20}(?:globally\s{1,20}|externally\s{1,20}|(?:with|via)\s{1,20}["'`]?\w{1,60}["'`]?\s{1,20})?(?:by|as|using)\s{1,20}(?:values\s{1,20}|password\s{0,5}\(?\s{0,5})?/iy;
const replacing = /\s{1,20}replace\s{1,20}/iy;
/** `set password for etl =`. */
const setFor = /\s{1,20}(?:for|of)\s{1,20}(?=([^=;\n!<>]{1,100}))\1=(?!=)/iy;
const byLiteral = /\s{1,20}by\s{1,20}(?=["'`])/iy;
const gap = /[ \t]{0,20}(?:\\?\r?\n[ \t]{0,200}){1,3}|[ \t]{1,20}/y;
const block = /[rbfu]{0,2}\\{0,7}(?:"""|''')/iy;
/** A word that looks like a password, and is not the type of a column. */
const mixed =
  /(?=[^\s"'`,;()=<>{}[\]]{0,100}\d)(?=[^\s"'`,;()=<>{}[\]]{0,100}\p{L})[^\s"'`,;()=<>{}[\]]{6,200}(?![(=])/uy;
const type = /^(?:n?varchar2?|n?char\d*|u?int\d+|float\d+|number\d*|utf-?\d+|sha-?\d+|base64)$/i;
const accountBefore = /(?:^|\s)(?:login|user|account|machine)[ \t]{1,20}\S{1,100}\s{1,20}$/i;
const sqlWord = /[^\s;,)"']{1,500}/y;
const httpScheme = /[ \t]{1,5}([\w.~+/=-]{6,4000})/y;

/** `PASSWORD 'x'`, `password is x`, `--password x`. */
export function said(text: string, name: SecretName): FoundSecrets {
  const nothing = { spans: none, end: name.end };
  const beside = literalBeside(text, name);
  if (beside !== undefined) return beside;
  if (name.isQuoted) return nothing;
  const given = matchAt(setFor, text, name.end);
  if (given !== undefined) return valueAt(text, name.end + given.length, { depth: 0, indent: 0 });
  const space = matchAt(/[ \t]{1,20}/y, text, name.end);
  if (space !== undefined) {
    const word = bareBeside(text, name, name.end + space.length);
    if (word !== undefined) return word;
    if (name.text.startsWith('-') && name.text !== '-') {
      const value = matchAt(sqlWord, text, name.end + space.length);
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

/** `password 'x'`, `"password" "x"`, `password by 'x'`, also on the next line. A block on the next line is another statement. */
function literalBeside(text: string, name: SecretName): FoundSecrets | undefined {
  const between = matchAt(byLiteral, text, name.after) ?? matchAt(gap, text, name.after);
  if (between === undefined) return undefined;
  const at = name.after + between.length;
  if (between.includes('\n') && matchAt(block, text, at) !== undefined) return undefined;
  const literal = literalAt(text, at);
  return literal === undefined ? undefined : { spans: [literal.inner], end: literal.end };
}

/** `login etl password x`, and a word of letters and digits behind any name. */
function bareBeside(text: string, name: SecretName, at: number): FoundSecrets | undefined {
  const isAccount = accountBefore.test(text.slice(Math.max(0, name.start - 150), name.start));
  const word = matchAt(isAccount ? sqlWord : mixed, text, at);
  return word === undefined || type.test(word) || ordinary.test(word) ? undefined : spanOf(at, word);
}

/** `identified by x replace y`. */
export function identified(text: string, name: SecretName): FoundSecrets {
  const by = matchAt(identifiedBy, text, name.end);
  if (by === undefined) return { spans: none, end: name.end };
  const spans: Span[] = [];
  let at = name.end + by.length;
  for (;;) {
    const literal = literalAt(text, at);
    const value = literal === undefined ? matchAt(sqlWord, text, at) : undefined;
    if (literal !== undefined) spans.push(literal.inner);
    else if (value !== undefined) spans.push({ start: at, end: at + value.length });
    at = literal?.end ?? at + (value?.length ?? 0);
    const replaced = matchAt(replacing, text, at);
    if (replaced === undefined || spans.length > 1) return { spans, end: at };
    at += replaced.length;
  }
}

/** A token behind its scheme, which nothing names: `"Bearer x"`. */
export function httpToken(text: string, name: SecretName): FoundSecrets | undefined {
  httpScheme.lastIndex = name.end;
  const [whole, token] = httpScheme.exec(text) ?? [];
  if (whole === undefined || token === undefined) return undefined;
  const isAtStart = /["'`:=]\s{0,3}$/.test(text.slice(Math.max(0, name.start - 4), name.start));
  if (!isAtStart && !/\d/.test(token)) return undefined;
  return spanOf(name.end + whole.length - token.length, token);
}

function isInComment(text: string, at: number): boolean {
  return /(?:--|#|\/\/|\/\*)[^\n]{0,300}$/.test(text.slice(Math.max(0, at - 300), at));
}
