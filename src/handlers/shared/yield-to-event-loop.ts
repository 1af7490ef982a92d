import type { Clock } from '../../domain/shared/clock.ts';
import type { Difference } from '../../domain/pipeline/diff/difference.ts';

/** Work goes on without a break for about so long: deliveries are to be accepted meanwhile. */
const breathMs = 10;

/** A function for long work to wait for between its parts: it lets others have their turn where that is due. */
export function createBreath(clock: Clock): () => Promise<void> {
  let begun = clock.now();
  let taking: Promise<void> | undefined;
  const take = async () => {
    await new Promise((resolve) => {
      setTimeout(resolve, 0);
    });
    begun = clock.now();
    taking = undefined;
  };
  return async () => {
    if (taking === undefined && clock.now() - begun < breathMs) return;
    await (taking ??= take());
  };
}

/** The end of a comparison that lets others have their turn while it goes on. */
export async function compared(
  comparison: Generator<undefined, readonly Difference[]>,
  breathe: () => Promise<void>,
): Promise<readonly Difference[]> {
  for (;;) {
    const step = comparison.next();
    if (step.done === true) return step.value;
    await breathe();
  }
}
