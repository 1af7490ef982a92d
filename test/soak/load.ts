import * as fc from 'fast-check';

/** What somebody does in one of the projects. */
export interface Deed {
  /** From 0. */
  readonly project: number;
  readonly kind: 'merge' | 'push' | 'status' | 'plan' | 'deploy' | 'talk';
  /** One of the project's pipelines, from 0. */
  readonly pipeline: number;
}

/** What goes wrong for a moment. */
export interface Trouble {
  readonly system: 'GitLab' | 'AIC' | 'mail';
  readonly fault: 'status 500' | 'status 429' | 'after work' | 'reset' | 'half body' | 'html';
  /** For so many calls. */
  readonly times: number;
}

export const pipelinesOfEach = 4;

/** So many deeds, the same for the same seed. */
export function deeds(count: number, projects: number, seed: number): readonly Deed[] {
  const kind = fc.oneof(
    { weight: 6, arbitrary: fc.constant('merge' as const) },
    { weight: 3, arbitrary: fc.constant('push' as const) },
    { weight: 3, arbitrary: fc.constantFrom('status' as const, 'plan' as const, 'deploy' as const) },
    { weight: 1, arbitrary: fc.constant('talk' as const) },
  );
  const deed = fc.record({
    project: fc.nat(projects - 1),
    kind,
    pipeline: fc.nat(pipelinesOfEach - 1),
  });
  return fc.sample(fc.noShrink(deed), { numRuns: count, seed });
}

/** So many troubles, the same for the same seed. */
export function troubles(count: number, seed: number): readonly Trouble[] {
  const trouble = fc.record({
    system: fc.constantFrom('GitLab' as const, 'AIC' as const, 'mail' as const),
    fault: fc.constantFrom(
      'status 500' as const,
      'status 429' as const,
      'after work' as const,
      'reset' as const,
      'half body' as const,
      'html' as const,
    ),
    times: fc.integer({ min: 1, max: 8 }),
  });
  return fc.sample(fc.noShrink(trouble), { numRuns: count, seed });
}

/**
 * When each of so many deeds begins, in milliseconds from the start: at a rate that rises evenly from a fifth of the average to nearly twice
 * of it.
 */
export function moments(count: number, totalMs: number): readonly number[] {
  const first = 0.2;
  // The share of deeds that are begun by the share x of the time is first * x + (1 - first) * x².
  return Array.from({ length: count }, (_, index) => {
    const share = index / count;
    const x = (-first + Math.sqrt(first * first + 4 * (1 - first) * share)) / (2 * (1 - first));
    return Math.round(x * totalMs);
  });
}
