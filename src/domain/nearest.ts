import { distance } from 'fastest-levenshtein';
export function nearest(wanted: string, known: readonly string[], most = 3): string[] {
  return known.filter((k) => distance(k.toLowerCase(), wanted.toLowerCase()) <= Math.max(2, k.length * 0.4)).slice(0, most);
}
