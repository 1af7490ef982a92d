import type { Span } from '../shared/json.ts';
import { givenByPlace, literalsIn, nextArguments } from './argument-secrets.ts';
import { elementSecrets } from './markup-secrets.ts';
import { strengthOf } from './secret-names.ts';
import { identified, httpToken, said } from './prose-secrets.ts';
import { indentAt, lineStartOf, none, type FoundSecrets, type SecretName } from './secret-location.ts';
import { literalAt, matchAt, valueAt } from './secret-value.ts';
import { createTargets } from './tuple-secrets.ts';
import { createFields } from './variable-fields.ts';
import { control, isAlone, lineValue, sectionBelow } from './yaml-secrets.ts';

/** A word that may be part of the name of a secret, or of a field that holds one. */
const hit =
  /pass|pwd|pw|pswd|secret|token|cred|auth|bearer|basic|jwt|key|sas|sig|salt|cookie|session|cert|dsn|login|hmac|nonce|otp|kennwort|wachtwoord|senha|contrase|conn|identified|value|\bval\b|content|default|crypt|fernet/gi;

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
/** `Annotated[str, Field()]`, as far as its bracket. */
const genericType = /\s{0,3}:\s{0,3}[A-Za-z_][\w.]{0,80}\[/y;
const longestType = 200;
const noBracket = /[^[\]]{1,200}/y;
const behindType = /\](?:\s{0,3}\|\s{0,3}[\w.]{1,40}){0,3}\s{0,5}=(?!=)/y;
/** A sign at the beginning of the next line. */
const signBelow = /[ \t]{0,100}(?:\\?\r?\n[ \t]{0,200}){1,3}(?::=|={1,3}(?![=>])|!==?|\+=)/y;
const longestCompared = 300;
const signBefore = /["'`]\s{0,5}(?:={1,3}|!==?|<>|:=)\s{0,5}$/;
const comparison = /\s{0,5}(?:={2,3}|!==?|<>)\s{0,5}/y;
const identifier = /[\p{L}_][\p{L}\d_$.]{0,119}/uy;
const sign = /[ \t]{0,100}(?::=|={1,3}>?|!==?|<>|\+=|\|\|=|\?\?=|->|:(?!:))/y;
const plainWord = /[^\s"'\\,;&()}\]=:]{8,200}/y;
const asks = /^(?:get|read|fetch|load|look|lookup|find|has|is|check|validate|count|max|min|sum)(?![a-z])/i;

/** The values that names of secrets are given in a text, in code, SQL, YAML, JSON, connection strings and prose. Takes time in proportion to the text. */
export function namedSecrets(text: string): readonly Span[] {
  const spans: Span[] = [];
  const fields = createFields(text);
  const targets = createTargets(text);
  hit.lastIndex = 0;
  for (let at = 0; ;) {
    hit.lastIndex = at;
    const found = hit.exec(text);
    if (found === null) return spans;
    const name = nameAround(text, found.index, found.index + found[0].length);
    const its = secretsOf(text, name, targets);
    for (const span of its.spans) spans.push(span);
    for (const span of fields(name)) spans.push(span);
    at = Math.max(its.end, name.end, found.index + found[0].length);
  }
}

function nameAround(text: string, from: number, to: number): SecretName {
  let start = from;
  while (start > 0 && from - start < longestName && inName.test(text.charAt(start - 1))) start -= 1;
  let end = to;
  while (end < text.length && end - to < longestName && inName.test(text.charAt(end))) end += 1;
  const mark = matchAt(closing, text, end);
  const isQuoted = mark !== undefined && '"\'`'.includes(text.charAt(start - 1) || ' ');
  return { text: text.slice(start, end), start, end, after: end + (mark?.length ?? 0), isQuoted };
}

function secretsOf(
  text: string,
  name: SecretName,
  targets: (name: SecretName) => FoundSecrets | undefined,
): FoundSecrets {
  const nothing = { spans: none, end: name.end };
  if (/^identified$/i.test(name.text)) return identified(text, name);
  if (/^(?:bearer|basic)$/i.test(name.text)) {
    const token = httpToken(text, name);
    if (token !== undefined) return token;
  }
  const strength = strengthOf(name.text);
  if (strength === 'strong') {
    if (isComparedText(text, name)) return nothing;
    const its = elementSecrets(text, name) ?? targets(name) ?? givenTo(text, name) ?? said(text, name);
    const compared = comparedWith(text, name);
    return compared === undefined ? its : { spans: [compared, ...its.spans], end: its.end };
  }
  const byPlace = givenByPlace(text, name);
  if (byPlace !== undefined) return byPlace;
  return (strength === 'weak' ? randomValue(text, name) : undefined) ?? nothing;
}

/** Whether it is no name but a text that looks like one, and the name stands behind it: `"my_pw" == password`. */
function isComparedText(text: string, name: SecretName): boolean {
  if (!name.isQuoted) return false;
  const compared = matchAt(comparison, text, name.after);
  if (compared === undefined) return false;
  const other = matchAt(identifier, text, name.after + compared.length);
  return other !== undefined && strengthOf(other) === 'strong';
}

/** `"x" == password`. */
function comparedWith(text: string, name: SecretName): Span | undefined {
  if (name.isQuoted) return undefined;
  const found = signBefore.exec(text.slice(Math.max(0, name.start - 16), name.start));
  if (found === null) return undefined;
  const end = name.start - found[0].length;
  const before = text.slice(Math.max(0, end - longestCompared), end);
  const length = before.length - 1 - Math.max(before.lastIndexOf('\n'), before.lastIndexOf(text.charAt(end)));
  return { start: end - length, end };
}

/** What a name such as a bare `key` is assigned, where it looks random. Reads one value and no more: what follows is looked at for itself. */
function randomValue(text: string, name: SecretName): FoundSecrets | undefined {
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
function givenTo(text: string, name: SecretName): FoundSecrets | undefined {
  const indent = indentAt(text, name.start);
  let at = name.after;
  if (text[at] === ']') at += 1;
  const generic = genericAssignment(text, at, indent);
  if (generic !== undefined) return generic;
  const typed = matchAt(annotation, text, at);
  const assigned = typed ?? matchAt(sign, text, at) ?? matchAt(signBelow, text, at);
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
    const given = nextArguments(text, name, indent);
    if (given !== undefined) return given;
    if (text[at] === ')' && /^\)\s{0,5}(?:or\b|\|\||\?\?)/.test(text.slice(at, at + 12)))
      return joinedTo(text, at + 1, indent);
    return undefined;
  }
  const last = name.text.slice(name.text.lastIndexOf('.') + 1);
  if (text[at] === '(' && strengthOf(last) === 'strong' && !asks.test(last)) {
    return literalsIn(valueAt(text, at + 1, { depth: 1, indent }), text);
  }
  return undefined;
}

/** `: Annotated[str, Field(default="x")] = "x"`, with what its type holds. */
function genericAssignment(text: string, at: number, indent: number): FoundSecrets | undefined {
  const begin = matchAt(genericType, text, at);
  if (begin === undefined) return undefined;
  let end = at + begin.length;
  for (let depth = 1; end < at + longestType; end += 1) {
    end += matchAt(noBracket, text, end)?.length ?? 0;
    depth += text[end] === '[' ? 1 : -1;
    if (depth === 0) break;
  }
  const behind = matchAt(behindType, text, end);
  if (behind === undefined) return undefined;
  const inType = literalsIn(valueAt(text.slice(0, end), at + begin.length, { depth: 1, indent }), text);
  const value = valueAt(text, end + behind.length, { depth: 0, indent });
  return { spans: [...inType.spans, ...value.spans], end: value.end };
}

/** `if password:`, `for token in tokens:`: what follows is no value. */
function opensBlock(text: string, name: SecretName, from: number): boolean {
  const head = text.slice(lineStartOf(text, name.start), name.end);
  const next = /^\s{0,100}[rbfu]{0,2}\\{0,7}["'`]/i.test(text.slice(from, from + 110));
  return !name.isQuoted && control.test(head) && !/[{([]/.test(head) && !next;
}

/** `getenv("PASSWORD") or "x"`. */
function joinedTo(text: string, from: number, indent: number): FoundSecrets {
  const start = from + (/^\s{0,5}(?:or\b|\|\||\?\?)/.exec(text.slice(from, from + 12))?.[0].length ?? 0);
  return valueAt(text, start, { depth: 0, indent });
}

/** Letters of both cases and digits, or many letters and digits, with neither space nor the signs of a path. */
function looksRandom(value: string): boolean {
  if (value.length < 8 || value.length > 1_000 || /[\s/\\:{}()]/.test(value) || !/\d/.test(value))
    return false;
  return (/[a-z]/.test(value) && /[A-Z]/.test(value)) || (/[a-z]/i.test(value) && value.length >= 20);
}
