import { mostValueLines } from '../../secrets/secret-value.ts';

/** The part of a text that differs from another version of it, in whole lines, and what stands around it. */
export interface Part {
  /** How many lines the text has before `lead`. */
  readonly skipped: number;
  /** The lines right before the part. They are long enough for whatever hides a secret in the part to be among them. */
  readonly lead: string;
  /** Empty, or ended by a line break, unless the text ends without one. */
  readonly text: string;
  /** The first lines after the part. */
  readonly tail: string;
}

const mostLead = 100_000;

/**
 * What two texts do not have in common at their beginning and end, each in whole lines. Takes one pass over the texts.
 * @param around lines that `tail` holds
 */
export function changedPart(before: string, after: string, around: number): readonly [Part, Part] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start += 1;
  if (start > 0) start = before.lastIndexOf('\n', start - 1) + 1;
  let end = 0;
  while (
    end < shorter - start &&
    before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)
  )
    end += 1;
  const lineBreak = end === 0 ? -1 : before.indexOf('\n', before.length - end);
  // What is in common begins in the middle of a line, unless a line break stands right before it in both.
  const isWhole = [before, after].every(
    (text) => text.length === end || text[text.length - end - 1] === '\n',
  );
  if (!isWhole) end = lineBreak === -1 ? 0 : before.length - lineBreak - 1;
  const leadStart = startOfLead(before, start);
  const skipped = linesIn(before, 0, leadStart);
  const lead = before.slice(leadStart, start);
  const tail = before.slice(before.length - end, endOfLines(before, before.length - end, around));
  return [
    { skipped, lead, tail, text: before.slice(start, before.length - end) },
    { skipped, lead, tail, text: after.slice(start, after.length - end) },
  ];
}

/** How many line breaks a part of a text holds. */
export function linesIn(text: string, from = 0, to = text.length): number {
  let count = 0;
  for (let at = from; at < to; at += 1) if (text.charCodeAt(at) === 10) count += 1;
  return count;
}

/** Where the lines from a place on end, at the end of the text at the latest. */
export function endOfLines(text: string, from: number, lines: number): number {
  let at = from;
  for (let left = lines; left > 0; left -= 1) {
    const next = text.indexOf('\n', at);
    if (next === -1) return text.length;
    at = next + 1;
  }
  return at;
}

function startOfLead(text: string, start: number): number {
  let at = start;
  for (let lines = 0; lines < mostValueLines && at > 0; lines += 1) {
    const previous = at < 2 ? 0 : text.lastIndexOf('\n', at - 2) + 1;
    if (start - previous > mostLead) break;
    at = previous;
  }
  return at;
}
