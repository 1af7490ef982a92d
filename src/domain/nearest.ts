import { distance } from 'fastest-levenshtein';

/** Longer names are compared by their beginning: nobody mistypes the rest, and the comparison stays quick. */
const compared = 100;

/**
 * The known names that were most likely meant, best first: those that differ in few letters, whatever their case, and those that hold the
 * wanted one or are held by it. Empty where none is near.
 */
export function nearest(wanted: string, known: readonly string[], most = 3): readonly string[] {
  const want = wanted.toLowerCase().slice(0, compared);
  return [...new Set(known)]
    .map((name) => ({ name, away: awayFrom(want, name.toLowerCase().slice(0, compared)) }))
    .filter(({ away }) => away <= Math.max(2, want.length * 0.4))
    .toSorted((one, other) => one.away - other.away || (one.name < other.name ? -1 : 1))
    .slice(0, most)
    .map(({ name }) => name);
}

function awayFrom(want: string, name: string): number {
  const isPart = want.length > 2 && name.length > 2 && (name.includes(want) || want.includes(name));
  return isPart ? 1 : distance(want, name);
}
