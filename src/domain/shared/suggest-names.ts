import { distance } from 'fastest-levenshtein';

/** Longer names, which no system here has, are compared by their beginning: the comparison stays quick whatever is typed. */
const compared = 255;

/**
 * The known names that were most likely meant, the one that differs in the fewest letters first, whatever their case. A name that holds the
 * wanted one, or is held by it, counts however much longer it is. Empty where none is near.
 */
export function nearest(wanted: string, known: readonly string[], most = 3): readonly string[] {
  const want = wanted.toLowerCase().slice(0, compared);
  return [...new Set(known)]
    .map((name) => ({ name, ...closeness(want, name.toLowerCase().slice(0, compared)) }))
    .filter(({ isPlausible }) => isPlausible)
    .toSorted((one, other) => one.away - other.away || (one.name < other.name ? -1 : 1))
    .slice(0, most)
    .map(({ name }) => name);
}

function closeness(want: string, name: string): { readonly away: number; readonly isPlausible: boolean } {
  const away = distance(want, name);
  const isPart = want.length > 2 && name.length > 2 && (name.includes(want) || want.includes(name));
  // Two short names without a letter in common are few letters apart all the same.
  const isAlike = away === 0 || away < Math.max(want.length, name.length);
  return { away, isPlausible: isPart || (isAlike && away <= Math.max(2, want.length * 0.4)) };
}

/** Names that nothing has, each with the nearest ones that something has. */
export type Unknown = readonly { readonly name: string; readonly nearest: readonly string[] }[];

/** The names that are not among those that are known. */
export function unknownNames(wanted: readonly string[], known: readonly string[]): Unknown {
  const there = new Set(known);
  return [...new Set(wanted)]
    .filter((name) => !there.has(name))
    .map((name) => ({ name, nearest: nearest(name, known) }));
}
