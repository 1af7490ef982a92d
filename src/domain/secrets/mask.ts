import type { Span } from '../shared/json.ts';
import { namedSecrets } from './named-secrets.ts';
import { hidden, hiddenChanged } from './secret-value.ts';
import { unnamedSecrets } from './unnamed-secrets.ts';

/** Shorter values are not searched for: masking every "on" or "8080" would garble the text and protect nothing. */
const shortestSecret = 6;

/**
 * A function that hides secrets in any text that leaves the bot: each known value, also where it stands in JSON, in a URL or in
 * base64, and what looks like a secret.
 */
export function createMask(secrets: readonly string[]): (text: string) => string {
  const maskValues = createValueMask(secrets);
  return (text) => mask(maskValues(text));
}

/**
 * Hides what looks like a secret: the value of a name such as `password`, the account in an address, tokens of a known form. Takes
 * time in proportion to the text, and never fails. Lines stay lines, so that two masked texts can be compared line by line.
 */
export function mask(text: string): string {
  const free = text.includes('[hidden') ? privateUse.filter((unit) => !text.includes(unit)) : [];
  const [one = hidden, other = hiddenChanged] = free;
  // What is hidden already is one unit to all rules, so that masking twice is masking once.
  const opaque = text.replaceAll(hidden, one).replaceAll(hiddenChanged, other);
  const spans = [...namedSecrets(opaque), ...unnamedSecrets(opaque)];
  return hide(opaque, spans, other).replaceAll(one, hidden).replaceAll(other, hiddenChanged);
}

/** Code points that Unicode gives no meaning. */
const privateUse = Array.from({ length: 64 }, (_, index) => String.fromCharCode(0xe0_00 + index));

/** Hides each known value in the same forms and nothing else: for texts of our own, which may speak of a token and its setting. */
export function createValueMask(secrets: readonly string[]): (text: string) => string {
  const forms = secrets.flatMap((secret) =>
    secret.length < shortestSecret
      ? []
      : [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), base64(secret)],
  );
  const longestFirst = [...new Set(forms)].toSorted((one, other) => other.length - one.length);
  return (text) => {
    let masked = text;
    for (const form of longestFirst) masked = masked.replaceAll(form, hidden);
    return masked;
  };
}

/** @param changed stands for a value that is hidden already, and is known to have changed: that stays told */
function hide(text: string, spans: readonly Span[], changed: string): string {
  let masked = '';
  let at = 0;
  let open: Span | undefined;
  const close = () => {
    if (open === undefined) return;
    const secret = text.slice(open.start, open.end);
    masked += text.slice(at, open.start) + (secret === changed ? secret : inLines(secret));
    at = open.end;
  };
  for (const span of spans.toSorted((one, other) => one.start - other.start)) {
    if (span.end <= span.start) continue;
    if (open !== undefined && span.start <= open.end)
      open = { start: open.start, end: Math.max(open.end, span.end) };
    else {
      close();
      open = span;
    }
  }
  close();
  return masked + text.slice(at);
}

function inLines(secret: string): string {
  return secret
    .split('\n')
    .map((line) => (line.trim() === '' ? line : (/^[ \t]*/.exec(line)?.[0] ?? '') + hidden))
    .join('\n');
}

function base64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''));
}
