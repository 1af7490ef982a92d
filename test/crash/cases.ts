import * as fc from 'fast-check';

import { stopKinds, type Stop } from './stop.ts';

/** How a scenario is run once more than calmly: at which boundaries the bot is stopped, and how. */
export interface Variant {
  readonly stops: readonly Stop[];
}

/**
 * Every way to stop a run with so many boundaries: at each of them in each way, and where the process ends a second time, in the other way, while the next one
 * takes up what was cut off.
 * @param countsStart whether the start of the process has boundaries too: one that is paused there would never listen
 */
export function variantsOf(boundaries: number, countsStart: boolean): readonly Variant[] {
  const kinds = stopKinds.filter((kind) => kind !== 'SIGSTOP' || !countsStart);
  return Array.from({ length: boundaries }, (_, index) => index + 1).flatMap((at) => [
    ...kinds.map((kind) => ({ stops: [{ kind, at }] })),
    // At a boundary of the start, or shortly after it.
    { stops: [{ kind: 'SIGKILL', at } as const, { kind: 'SIGTERM', at: 1 + (at % 12) } as const] },
    { stops: [{ kind: 'SIGTERM', at } as const, { kind: 'SIGKILL', at: 1 + ((at * 5) % 23) } as const] },
  ]);
}

/** So many of them, the same for the same seed. */
export function sampleOf<One>(all: readonly One[], size: number, seed: number): readonly One[] {
  if (size >= all.length) return all;
  const [chosen = []] = fc.sample(fc.shuffledSubarray([...all], { minLength: size, maxLength: size }), {
    numRuns: 1,
    seed,
  });
  return chosen;
}

/** As text, and back. */
export function nameOf({ stops }: Variant): string {
  return stops.map(({ kind, at }) => `${kind} ${at}`).join(' + ');
}

export function variantNamed(name: string): Variant {
  const stops = name.split(' + ').map((part): Stop => {
    const kind = stopKinds.find((one) => part.startsWith(one));
    const at = Number(part.slice(part.lastIndexOf(' ')));
    if (kind === undefined || !(at > 0))
      throw new Error(`${part} is no stop; write, for example, SIGKILL 12`);
    return { kind, at };
  });
  return { stops };
}
