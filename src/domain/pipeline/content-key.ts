import { isExactNumber, isJsonObject, type Json } from '../shared/json.ts';

/** So much of a long text is read from each of its ends. */
const sampled = 1_000;

/**
 * A key that equal values share, and different ones hardly ever: good for a guess which is the other version of a value, not for a verdict. Quick, because it
 * reads little of long texts and builds none. Fields count in any order.
 */
export function contentKey(value: Json): string {
  return String(hashOf(value));
}

function hashOf(value: Json): number {
  if (typeof value === 'string') return ofText(value);
  if (isExactNumber(value)) return ofText(value.rawJSON);
  if (Array.isArray(value)) return value.reduce<number>((hash, each) => mixed(hash, hashOf(each)), 7);
  if (!isJsonObject(value)) return ofText(JSON.stringify(value));
  let sum = 11;
  for (const name of Object.keys(value)) sum = (sum + mixed(ofText(name), hashOf(value[name] ?? null))) | 0;
  return sum;
}

function ofText(text: string): number {
  let hash = mixed(17, text.length);
  const step = (from: number, to: number) => {
    for (let at = from; at < to; at += 1) hash = mixed(hash, text.charCodeAt(at));
  };
  step(0, Math.min(sampled, text.length));
  step(Math.max(sampled, text.length - sampled), text.length);
  return hash;
}

/** FNV-1a, by 16 bits. */
function mixed(hash: number, next: number): number {
  return Math.imul(hash ^ next, 0x01_00_01_93);
}
