import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { expiryWarning, nextLook, warnAtDays } from '../../../src/domain/alerts/token-expiry.ts';

const day = 24 * 60 * 60_000;
const end = Date.UTC(2026, 11, 2);

describe('a warning', () => {
  test.each([
    ['more than 30 days before', 30 * day + 1, undefined],
    ['30 days before', 30 * day, { id: 'token-expires-2026-12-02-30', daysLeft: 30 }],
    ['15 days before', 15 * day, { id: 'token-expires-2026-12-02-30', daysLeft: 15 }],
    ['14 days before', 14 * day, { id: 'token-expires-2026-12-02-14', daysLeft: 14 }],
    ['a moment after the seventh day began', 7 * day - 1, { id: 'token-expires-2026-12-02-7', daysLeft: 7 }],
    ['five and a half days before', 5.5 * day, { id: 'token-expires-2026-12-02-7', daysLeft: 6 }],
    ['3 days before', 3 * day, { id: 'token-expires-2026-12-02-3', daysLeft: 3 }],
    ['a second before', 1_000, { id: 'token-expires-2026-12-02-1', daysLeft: 1 }],
    ['at the end', 0, { id: 'token-expires-2026-12-02-1', daysLeft: 0 }],
    ['after the end', -9 * day, { id: 'token-expires-2026-12-02-1', daysLeft: 0 }],
  ])('%s is of the nearest threshold', (_when, left, warning) => {
    expect(expiryWarning(end, end - left)).toEqual(
      warning === undefined ? undefined : { ...warning, expiresAt: end },
    );
  });

  test('is never due of a token without an end', () => {
    expect(expiryWarning(undefined, end)).toBeUndefined();
  });

  test('of another end is another one', () => {
    expect(expiryWarning(end, end - day)?.id).not.toBe(expiryWarning(end + day, end)?.id);
  });
});

describe('the next look', () => {
  test('is within a day, and later than now', () => {
    fc.assert(
      fc.property(fc.option(fc.integer({ min: -50 * day, max: 400 * day }), { nil: undefined }), (left) => {
        const next = nextLook(left === undefined ? undefined : end, end - (left ?? 0));
        const ahead = next - (end - (left ?? 0));
        expect(ahead).toBeGreaterThan(0);
        expect(ahead).toBeLessThanOrEqual(day);
      }),
    );
  });

  test('comes at each threshold, wherever the looks began and however long they take', () => {
    const takes = fc.array(fc.integer({ min: 0, max: 20 * 60_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 90 * day }), takes, (ahead, pauses) => {
        const told: string[] = [];
        let now = end - ahead;
        for (let look = 0; now < end; look += 1) {
          const warning = expiryWarning(end, now);
          if (warning !== undefined && !told.includes(warning.id)) told.push(warning.id);
          now = nextLook(end, now) + (pauses[look % pauses.length] ?? 0);
        }
        const passed = warnAtDays.filter((days) => days * day >= ahead);
        const nearest = passed.at(-1);
        const expected = warnAtDays.filter((days) => days === nearest || days * day < ahead);
        expect(told).toEqual(expected.map((days) => `token-expires-2026-12-02-${days}`));
        // The end itself is looked at, soon after it.
        expect(now).toBeLessThanOrEqual(end + 21 * 60_000);
      }),
      { numRuns: 500 },
    );
  });
});
