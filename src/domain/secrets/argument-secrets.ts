import type { Span } from '../shared/json.ts';
import type { FoundSecrets, SecretName } from './secret-location.ts';
import { literalAt, matchAt, valueAt } from './secret-value.ts';

/** What takes the names of columns: a second argument is another name, not the value of the first. */
const takesColumns =
  /(?:select|selectexpr|drop|dropduplicates|groupby|orderby|sort|partitionby|withcolumnrenamed|col|join|agg|isin|in|keys|fillna|subset|columns|todf|struct|array|coalesce|concat|concat_ws)\s{0,3}$/i;
const crypts = /(?:(?:en|de)crypt\w{0,20}|hmac(?:\.new)?|fernet)$/i;
const opens = /(?:^|\.)(?:login|connect|authenticate)$/i;
const plainArgument = /[\w.]{1,100}(?=\s{0,5}[,)])/y;
const mostArguments = 10;
const farthestBracket = 200;

/** What a quoted name is given as the next arguments: `set("password", "x")`, `setattr(config, "password", "x")`. Undefined where they are no values. */
export function nextArguments(text: string, name: SecretName, indent: number): FoundSecrets | undefined {
  const comma = matchAt(/\s{0,100},/y, text, name.after);
  if (comma === undefined) return undefined;
  const open = bracketBefore(text, name.start);
  if (open === undefined || text[open] !== '(') return undefined;
  const callee = text.slice(Math.max(0, open - 60), open);
  if (takesColumns.test(callee)) return undefined;
  // A pair needs no callee; in a longer list of names without one, any may follow.
  const isFirst = /^\s*[rbfu]{0,2}\\{0,7}["'`]$/i.test(text.slice(open + 1, name.start));
  if (!isFirst && !/[\w\])]\s{0,3}$/.test(callee)) return undefined;
  return valueAt(text, name.after + comma.length, { depth: 1, indent });
}

/** The bracket that is open at a place; what is in quotation marks counts like the rest. */
function bracketBefore(text: string, from: number): number | undefined {
  let depth = 0;
  const begin = Math.max(0, from - farthestBracket);
  for (const { 0: bracket, index } of [...text.slice(begin, from).matchAll(/[([{}\])]/g)].toReversed()) {
    if (')]}'.includes(bracket)) depth += 1;
    else if (depth === 0) return begin + index;
    else depth -= 1;
  }
  return undefined;
}

/** What is a secret by what it is given to: `aes_decrypt(column, "x")`, `server.login(user, "x")`. */
export function givenByPlace(text: string, name: SecretName): FoundSecrets | undefined {
  if (name.isQuoted || text[name.after] !== '(') return undefined;
  if (crypts.test(name.text)) return literalsIn(valueAt(text, name.after + 1, { depth: 1, indent: 0 }), text);
  return opens.test(name.text) ? { spans: behindFirst(text, name.after + 1), end: name.end } : undefined;
}

/** Those of the secrets that stand in quotation marks. */
export function literalsIn({ spans, end }: FoundSecrets, text: string): FoundSecrets {
  return { spans: spans.filter((span) => '"\'`'.includes(text.charAt(span.start - 1))), end };
}

/** The literals among the arguments without a name, but for the first, which tells who or where. */
function behindFirst(text: string, from: number): readonly Span[] {
  const spans: Span[] = [];
  let at = from;
  for (let count = 0; count < mostArguments; count += 1) {
    at += matchAt(/\s{1,100}/y, text, at)?.length ?? 0;
    const literal = literalAt(text, at);
    if (literal !== undefined && count > 0) spans.push(literal.inner);
    at = literal?.end ?? at + (matchAt(plainArgument, text, at)?.length ?? 0);
    const comma = matchAt(/\s{0,100},/y, text, at);
    if (comma === undefined) break;
    at += comma.length;
  }
  return spans;
}
