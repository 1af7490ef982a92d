import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  frozenUntil,
  isAlwaysFrozen,
  momentIn,
  parseFreeze,
  type FreezeWindow,
} from '../../../src/domain/mapping/freeze-window.ts';
import { plain } from '../../../src/domain/report/text.ts';

function window(text: string): FreezeWindow {
  const parsed = parseFreeze(text);
  if (!parsed.ok) throw new Error(plain(parsed.failure));
  return parsed.value;
}

function until(texts: readonly string[], now: string): string | undefined {
  const frozen = frozenUntil(texts.map(window), Date.parse(now));
  return frozen === undefined ? undefined : new Date(frozen.until).toISOString();
}

const weekend = 'Fri 16:00 - Mon 07:00 America/Toronto';

describe('a freeze', () => {
  test.each<readonly [string, readonly string[], string, string | undefined]>([
    ['is on from its beginning', [weekend], '2026-11-27T21:00:00Z', '2026-11-30T12:00:00.000Z'],
    ['is not on a moment before', [weekend], '2026-11-27T20:59:59Z', undefined],
    ['is off at its end', [weekend], '2026-11-30T12:00:00Z', undefined],
    ['goes over the end of the week', [weekend], '2026-11-30T11:59:59Z', '2026-11-30T12:00:00.000Z'],
    // https://www.timeanddate.com/time/change/canada/toronto?year=2026: clocks go forward on 8 March, back on 1 November.
    [
      'ends by the clock after the clocks went forward',
      [weekend],
      '2026-03-07T12:00:00Z',
      '2026-03-09T11:00:00.000Z',
    ],
    [
      'ends by the clock after the clocks went back',
      [weekend],
      '2026-10-31T12:00:00Z',
      '2026-11-02T12:00:00.000Z',
    ],
    [
      'ends after a time that the clocks skip',
      ['Sun 01:00 - Sun 02:30 America/Toronto'],
      '2026-03-08T06:30:00Z',
      '2026-03-08T07:30:00.000Z',
    ],
    [
      'is by UTC without a time zone',
      ['mon 09:00 – Mon 12:00'],
      '2026-11-30T10:00:00Z',
      '2026-11-30T12:00:00.000Z',
    ],
    [
      'may last until midnight',
      ['Sat 00:00 - Sun 24:00'],
      '2026-11-28T10:00:00Z',
      '2026-11-30T00:00:00.000Z',
    ],
    [
      'goes on while another one does',
      ['Mon 09:00 - Mon 12:00', 'Mon 12:00 - Mon 13:00', 'Mon 11:00 - Mon 12:30'],
      '2026-11-30T10:00:00Z',
      '2026-11-30T13:00:00.000Z',
    ],
  ])('%s', (_what, windows, now, end) => {
    expect(until(windows, now)).toBe(end);
  });

  test('is told with day and clock of its time zone', () => {
    const frozen = { until: Date.parse('2026-11-30T12:00:00Z'), zone: 'America/Toronto' };
    expect(plain(momentIn(frozen))).toBe('Mon 30 Nov 2026, 07:00 America/Toronto');
  });

  test('that leaves no time is known as such', () => {
    expect(isAlwaysFrozen([window('Mon 09:00 - Mon 09:00')])).toBe(true);
    expect(isAlwaysFrozen([window('Mon 00:00 - Thu 12:00'), window('Thu 12:00 - Mon 00:00 UTC')])).toBe(true);
    expect(isAlwaysFrozen([window('Mon 09:00 - Mon 08:59')])).toBe(false);
  });

  const weekTime = fc.record({
    day: fc.integer({ min: 1, max: 7 }),
    minute: fc.integer({ min: 0, max: 1440 }),
  });
  const windows = fc.array(
    fc.record({
      from: weekTime,
      to: weekTime,
      zone: fc.constantFrom('UTC', 'America/Toronto', 'Asia/Kolkata', 'Pacific/Apia', 'Australia/Lord_Howe'),
    }),
    { maxLength: 3 },
  );

  test('is on right up to the end that is told, and off then', () => {
    const moment = fc.integer({ min: Date.UTC(2025, 0), max: Date.UTC(2028, 0) });
    fc.assert(
      fc.property(windows, moment, fc.double({ min: 0, max: 0.999, noNaN: true }), (all, now, part) => {
        fc.pre(!isAlwaysFrozen(all));
        const frozen = frozenUntil(all, now);
        if (frozen === undefined) return;
        expect(frozen.until).toBeGreaterThan(now);
        const between = now + Math.floor((frozen.until - now) * part);
        expect(frozenUntil(all, between)?.until).toBe(frozen.until);
        expect(frozenUntil(all, frozen.until)).toBeUndefined();
      }),
    );
  });

  test('is read from any text or refused, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.stringMatching(/^[FSM][a-z]{2} \d\d:\d\d - [a-z]{3} \d:\d\d [A-Za-z/]{0,9}$/),
        ),
        (text) => {
          const parsed = parseFreeze(text);
          if (parsed.ok) frozenUntil([parsed.value], 0);
        },
      ),
    );
  });
});
