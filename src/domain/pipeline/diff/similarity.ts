import type { Json } from '../../shared/json.ts';

/** More lines than these tell nothing more. */
const mostLines = 1_000;
const mostCharacters = 50_000;

/** The different lines of all texts in a value; what is no text is a line of its own. */
export function linesOf(value: Json): ReadonlySet<string> {
  const lines = new Set<string>();
  addLines(value, lines, { characters: mostCharacters, lines: mostLines });
  return lines;
}

/** How much of two sets of lines is in both, from 0 to 1. */
export function likeness(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let shared = 0;
  for (const line of one) if (other.has(line)) shared += 1;
  return (2 * shared) / Math.max(1, one.size + other.size);
}

function addLines(value: Json, lines: Set<string>, room: { characters: number; lines: number }): void {
  if (room.characters <= 0 || room.lines <= 0) return;
  if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner !== 'object') addLines(`${name}: ${inner}`, lines, room);
      else addLines(inner, lines, room);
    }
    return;
  }
  const text = String(value).slice(0, room.characters);
  room.characters -= text.length;
  for (const line of text.split('\n', room.lines)) {
    lines.add(line.trim());
    room.lines -= 1;
  }
}
