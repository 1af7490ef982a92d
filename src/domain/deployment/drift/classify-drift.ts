import type { Fingerprint } from '../../pipeline/fingerprint.ts';

/**
 * How a pipeline of a workspace compares with its branch:
 * - `in-sync`: AIC has what Git has
 * - `ahead`: somebody changed it in AIC since it was last deployed or pushed
 * - `behind`: AIC has what was last deployed, Git has something newer, or has it alone
 * - `missing`: it was deployed, and AIC does not have it any more
 * - `renamed`: missing, but AIC has the same content under another title
 * - `unknown`: AIC has it and Git does not
 * - `unreadable`: one of the two can't be read
 */
export const driftStates = [
  'in-sync',
  'ahead',
  'behind',
  'missing',
  'renamed',
  'unknown',
  'unreadable',
] as const;
export type DriftState = (typeof driftStates)[number];

/** What is known of one pipeline. */
export interface Sighting {
  readonly name: string;
  /** Of what AIC has; undefined where it has nothing. */
  readonly live: Fingerprint | 'unreadable' | undefined;
  /** Of what Git has at the branch's head; undefined where it has nothing. */
  readonly desired: Fingerprint | 'unreadable' | undefined;
  /** What AIC had when it was last deployed or pushed; none where that is not known. */
  readonly base: readonly Fingerprint[];
  /** Whether a deployment still has to bring what Git has. */
  readonly isWaiting: boolean;
}

/** A pipeline with its state. */
export interface Drift {
  readonly name: string;
  readonly state: DriftState;
  readonly live: Fingerprint | undefined;
  /** Whether it is known what AIC had before: then a difference is somebody's change. */
  readonly isKnown: boolean;
  /** The title that it has in AIC now. */
  readonly renamedTo?: string;
}

/** Compares each pipeline of a workspace with its branch. */
export function classify(sightings: readonly Sighting[]): readonly Drift[] {
  const plain = sightings.map((sighting): Drift & { readonly sighting: Sighting } => ({
    name: sighting.name,
    state: stateOf(sighting),
    live: sighting.live === 'unreadable' ? undefined : sighting.live,
    isKnown: sighting.base.length > 0,
    sighting,
  }));
  const unknown = new Map<Fingerprint, string[]>();
  for (const { state, live, name } of plain)
    if (state === 'unknown' && live !== undefined) unknown.set(live, [...(unknown.get(live) ?? []), name]);
  const taken = new Set<string>();
  const renamed = plain.map(({ sighting, ...drift }): Drift => {
    if (drift.state !== 'missing') return drift;
    const { desired } = sighting;
    const known = [...(desired === undefined || desired === 'unreadable' ? [] : [desired]), ...sighting.base];
    const renamedTo = known.flatMap((print) => unknown.get(print) ?? []).find((name) => !taken.has(name));
    if (renamedTo === undefined) return drift;
    taken.add(renamedTo);
    return { ...drift, state: 'renamed', renamedTo };
  });
  return renamed.filter(({ name, state }) => state !== 'unknown' || !taken.has(name));
}

function stateOf({ live, desired, base, isWaiting }: Sighting): DriftState {
  if (live === 'unreadable' || desired === 'unreadable') return 'unreadable';
  if (desired === undefined) return 'unknown';
  if (live === undefined) return isWaiting ? 'behind' : 'missing';
  if (live === desired) return 'in-sync';
  return base.includes(live) ? 'behind' : 'ahead';
}

/** Whether somebody changed the pipeline by hand in AIC. */
export function isByHand(state: DriftState): boolean {
  return state === 'ahead' || state === 'renamed';
}

/**
 * The pipelines that were changed by hand since the last look; people are told of these once. What differs at the first look at a workspace of which nothing is
 * known may have differed for years.
 */
export function newlyAhead(before: ReadonlyMap<string, DriftState>, now: readonly Drift[]): readonly Drift[] {
  return now.filter(({ name, state, isKnown }) => {
    const old = before.get(name);
    return isByHand(state) && (old === undefined ? isKnown : !isByHand(old));
  });
}
