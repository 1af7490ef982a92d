import { canonicalOf } from '../pipeline/fingerprint.ts';
import { isExactNumber, isJsonObject, type Json } from './json.ts';

/** Whether the fingerprint makes no difference between two values: the order of fields and the spelling of numbers do not count. Builds no text of them. */
export function isSameJson(one: Json, other: Json): boolean {
  if (one === other) return true;
  if (isExactNumber(one) || isExactNumber(other)) return canonicalOf(one) === canonicalOf(other);
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((each, index) => isSameJson(each, other[index] ?? null));
  if (!isJsonObject(one) || !isJsonObject(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSameJson(one[name] ?? null, other[name] ?? null))
  );
}
