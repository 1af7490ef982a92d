import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  classify,
  isByHand,
  newlyAhead,
  type DriftState,
  type Sighting,
} from '../../../../src/domain/deployment/drift/classify-drift.ts';
import type { Fingerprint } from '../../../../src/domain/pipeline/fingerprint.ts';

const print = (text: string) => text as Fingerprint;
const [a, b, c] = ['a', 'b', 'c'].map(print);

function sighting(more: Partial<Sighting>): Sighting {
  return { name: 'p', live: a, desired: a, base: [], isWaiting: false, ...more };
}

const stateOf = (more: Partial<Sighting>) => classify([sighting(more)])[0]?.state;

describe('a pipeline', () => {
  test.each<readonly [DriftState, string, Partial<Sighting>]>([
    ['in-sync', 'AIC has what Git has, whatever was deployed', { base: [b ?? print('b')] }],
    ['ahead', 'AIC has neither what Git has nor what was deployed', { live: c, base: [b ?? print('b')] }],
    ['ahead', 'nothing is known of what was deployed', { live: c }],
    ['behind', 'AIC has what was deployed, and Git something newer', { live: b, base: [b ?? print('b')] }],
    ['behind', 'a deployment has yet to create it', { live: undefined, isWaiting: true }],
    ['missing', 'it was deployed, and is gone from AIC', { live: undefined }],
    ['unknown', 'Git does not have it', { desired: undefined }],
    ['unreadable', 'AIC gives something strange', { live: 'unreadable' }],
    ['unreadable', 'its file has mistakes', { desired: 'unreadable' }],
  ])('is %s where %s', (state, _why, more) => {
    expect(stateOf(more)).toBe(state);
  });

  test('that has the content of a missing one is that one under another title, once', () => {
    const found = classify([
      sighting({ name: 'old', live: undefined }),
      sighting({ name: 'new', desired: undefined }),
      sighting({ name: 'copy', desired: undefined }),
      sighting({ name: 'other', live: b, desired: undefined }),
    ]);
    expect(found).toMatchObject([
      { name: 'old', state: 'renamed', renamedTo: 'new' },
      { name: 'copy', state: 'unknown' },
      { name: 'other', state: 'unknown' },
    ]);
  });

  const version = fc.constantFrom(undefined, a, b, c, 'unreadable' as const);
  const sightings = fc.uniqueArray(
    fc.record({
      name: fc.string({ maxLength: 3 }),
      live: version,
      desired: version,
      base: fc.subarray([print('a'), print('b')]),
      isWaiting: fc.boolean(),
    }),
    { selector: ({ name }) => name },
  );

  test('is in sync exactly where both sides have the same, and none is told of twice', () => {
    fc.assert(
      fc.property(sightings, (all) => {
        const found = classify(all);
        const byName = new Map(found.map((one) => [one.name, one]));
        expect(byName.size).toBe(found.length);
        for (const { name, live, desired } of all) {
          const isSame = live !== undefined && live === desired && live !== 'unreadable';
          expect(byName.get(name)?.state === 'in-sync').toBe(isSame);
        }
        const renamed = found.flatMap(({ renamedTo }) => renamedTo ?? []);
        expect(new Set(renamed).size).toBe(renamed.length);
        for (const name of renamed) expect(byName.has(name)).toBe(false);
      }),
    );
  });

  test('is news once: what was told of stays told until it is undone', () => {
    fc.assert(
      fc.property(sightings, sightings, (first, second) => {
        const before = classify(first);
        const states = new Map(before.map(({ name, state }) => [name, state]));
        expect(newlyAhead(states, before)).toEqual([]);
        for (const { name, state } of newlyAhead(states, classify(second))) {
          expect(isByHand(state)).toBe(true);
          expect(isByHand(states.get(name) ?? 'in-sync')).toBe(false);
        }
      }),
    );
  });
});
