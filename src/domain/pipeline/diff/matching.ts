/** Two that are the same thing in two versions. */
export interface Pair<Item> {
  readonly one: Item;
  readonly other: Item;
}

interface Paired<Item> {
  readonly pairs: readonly Pair<Item>[];
  readonly onlyBefore: readonly Item[];
  readonly onlyAfter: readonly Item[];
}

/**
 * Pairs the items of two versions: by the first of the keys that only one item on each side has and that both have, and those left over by the
 * next key. An item without a key, or with one that others have too, is left over for the next.
 */
export function pairUp<Item>(
  before: readonly Item[],
  after: readonly Item[],
  keys: readonly ((item: Item) => string | undefined)[],
): Paired<Item> {
  const pairs: Pair<Item>[] = [];
  let [left, right] = [before, after];
  for (const key of keys) {
    const [ones, others] = [byKey(left, key), byKey(right, key)];
    const taken = new Set<Item>();
    for (const [value, one] of ones) {
      const other = others.get(value);
      if (one === undefined || other === undefined) continue;
      pairs.push({ one, other });
      taken.add(one).add(other);
    }
    left = left.filter((item) => !taken.has(item));
    right = right.filter((item) => !taken.has(item));
  }
  return { pairs, onlyBefore: left, onlyAfter: right };
}

/** Undefined for a key that several have. */
function byKey<Item>(
  items: readonly Item[],
  key: (item: Item) => string | undefined,
): ReadonlyMap<string, Item | undefined> {
  const found = new Map<string, Item | undefined>();
  for (const item of items) {
    const value = key(item);
    if (value !== undefined) found.set(value, found.has(value) ? undefined : item);
  }
  return found;
}
