import type { Span } from '../shared/json.ts';
import type { FoundSecrets, SecretName } from './secret-location.ts';
import { matchAt, valueAt } from './secret-value.ts';

const list = /[\w\s.,"'`[\]$*]{0,500}/y;
const valuesBehind = /\)\s{0,20}(?:values\s{0,20}(?=\()|=(?!=)\s{0,20})/iy;
/** The beginning of a statement that assigns to several names. */
const targets = /(?:^|\n)[ \t]{0,200}[([]?[ \t]{0,20}(?:[\w.]{1,60}[ \t]{0,5},[ \t]{0,5}){0,20}$/;
const farthestHead = 300;

/**
 * For names that are given values together, `user, password = "a", "b"` and `insert into t (user, password) values ('a', 'b')`: called with every
 * name in the text, returns all that they are given, whichever is whose.
 */
export function createTargets(text: string): (name: SecretName) => FoundSecrets | undefined {
  // Names of one list share its end, so that no list is read once for each.
  let seen = { from: 0, to: -1 };
  return (name) => {
    if (name.after < seen.from || name.after > seen.to)
      seen = { from: name.after, to: name.after + (matchAt(list, text, name.after)?.length ?? 0) };
    const stop = seen.to;
    if (text[stop] === ')') {
      const sign = matchAt(valuesBehind, text, stop);
      return sign === undefined ? undefined : allOf(text, stop + sign.length, /\s{0,100},\s{0,100}/y);
    }
    if (text[stop] !== '=' || text[stop + 1] === '=' || name.isQuoted) return undefined;
    const between = text.slice(name.after, stop);
    if (between.includes('\n') || !/^[ \t]*(?:,|$)/.test(between)) return undefined;
    const head = text.slice(Math.max(0, name.start - farthestHead), name.start);
    const isAmongOthers = between.includes(',') || /,[ \t]*$/.test(head);
    if (!isAmongOthers || !targets.test(head)) return undefined;
    return allOf(text, stop + 1, /[ \t]{0,100},(?![ \t]{0,100}\r?\n)/y);
  };
}

function allOf(text: string, from: number, comma: RegExp): FoundSecrets {
  const spans: Span[] = [];
  for (let at = from; ;) {
    const value = valueAt(text, at, { depth: 0, indent: 0 });
    for (const span of value.spans) spans.push(span);
    const sign = matchAt(comma, text, value.end);
    if (sign === undefined) return { spans, end: value.end };
    at = value.end + sign.length;
  }
}
