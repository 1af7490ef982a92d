/**
 * Which of the positions have to move so that the others stand in rising order; as few as possible. With one taken out and put in elsewhere, only that one
 * has moved. Takes n log n steps.
 */
export function movedIn(positions: readonly number[]): ReadonlySet<number> {
  // The longest rising subsequence: `ends[k]` is where the best one of length k + 1 ends, `before` leads back.
  const ends: number[] = [];
  const before: (number | undefined)[] = [];
  positions.forEach((position, index) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((positions[ends[middle] ?? 0] ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    before[index] = low === 0 ? undefined : ends[low - 1];
    ends[low] = index;
  });
  const stays = new Set<number>();
  for (let index = ends.at(-1); index !== undefined; index = before[index]) stays.add(index);
  return new Set(positions.keys().filter((index) => !stays.has(index)));
}
