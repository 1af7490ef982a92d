import type { Span } from '../shared/json.ts';

/** A name in a text that may be that of a secret. */
export interface SecretName extends Span {
  readonly text: string;
  /** Where the name and its closing quotation mark end. */
  readonly after: number;
  readonly isQuoted: boolean;
}

/** Secrets in a text, and where what was read for them ends. */
export interface FoundSecrets {
  readonly spans: readonly Span[];
  readonly end: number;
}

export const none: readonly Span[] = [];

export function spanOf(start: number, value: string): FoundSecrets {
  const end = start + value.length;
  return { spans: [{ start, end }], end };
}

export function indentAt(text: string, at: number): number {
  return /^[ \t]*/.exec(text.slice(lineStartOf(text, at), at))?.[0].length ?? 0;
}

/** At most 1,000 characters back: a longer line has no indent that matters. */
export function lineStartOf(text: string, at: number): number {
  const from = Math.max(0, at - 1_000);
  return from + text.slice(from, at).lastIndexOf('\n') + 1;
}

export function lineEndAfter(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}
