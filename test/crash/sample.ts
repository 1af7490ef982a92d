import * as fc from 'fast-check';

/** A share of the numbers, at least one of them, the same for the same seed. */
export function sampleOf(all: readonly number[], share: number, seed: number): readonly number[] {
  if (share >= 1) return all;
  const size = Math.max(1, Math.round(all.length * share));
  const [chosen = []] = fc.sample(fc.shuffledSubarray([...all], { minLength: size, maxLength: size }), {
    numRuns: 1,
    seed,
  });
  return chosen;
}
