import type { Span } from '../shared/json.ts';
import type { FoundSecrets, SecretName } from './secret-location.ts';
import { literalAt, matchAt } from './secret-value.ts';

const inTag = /[^<>"'`\\]{1,300}/y;
const mostAttributes = 20;
const mostText = 100_000;

/** What an element named like a secret holds: `<password>x</password>`, `<password value="x"/>`. Undefined where the name is no element's. */
export function elementSecrets(text: string, name: SecretName): FoundSecrets | undefined {
  if (name.isQuoted || !/<(?:[\w.-]{1,40}:)?$/.test(text.slice(Math.max(0, name.start - 42), name.start)))
    return undefined;
  const spans: Span[] = [];
  let at = name.end;
  for (let count = 0; count < mostAttributes; count += 1) {
    at += matchAt(inTag, text, at)?.length ?? 0;
    const literal = literalAt(text, at);
    if (literal === undefined) break;
    spans.push(literal.inner);
    at = literal.end;
  }
  if (text[at] !== '>') return undefined;
  const start = at + 1;
  if (text[at - 1] === '/') return { spans, end: start };
  const isData = text.startsWith('<![CDATA[', start);
  const end = isData ? text.indexOf(']]>', start) : text.indexOf('<', start);
  // Without an end it is no element, but a type or a comparison.
  if (end === -1 || end - start > mostText || (!isData && !/^<\\?[/!]/.test(text.slice(end, end + 3))))
    return spans.length === 0 ? undefined : { spans, end: start };
  return { spans: [...spans, { start: isData ? start + '<![CDATA['.length : start, end }], end };
}
