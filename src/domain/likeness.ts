import { writeJson, type Json } from './json.ts';

/** More lines than these tell nothing more. */
const mostLines = 2_000;

/** The different lines of all texts in a value, and of the value itself. */
export function linesOf(value: Json): ReadonlySet<string> {
  return new Set(
    writeJson(value, 1)
      .split(/\\n|\n/, mostLines)
      .map((line) => line.trim()),
  );
}

/** How much of two sets of lines is in both, from 0 to 1. */
export function likeness(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let shared = 0;
  for (const line of one) if (other.has(line)) shared += 1;
  return (2 * shared) / Math.max(1, one.size + other.size);
}
