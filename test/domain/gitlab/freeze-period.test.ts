import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { endOfPeriod, type FreezePeriod } from '../../../src/domain/gitlab/freeze-period.ts';
import { frozenUntil, unclearPeriod } from '../../../src/domain/mapping/freeze-window.ts';

function period(start: string, end: string, zone = 'UTC'): FreezePeriod {
  return { start, end, zone };
}

const weekend = period('0 23 * * 5', '0 7 * * 1');
const inToronto = period('0 16 * * 5', '0 7 * * 1', 'America/Toronto');
const holidays = period('0 16 18 12 *', '0 8 4 1 *', 'Europe/Berlin');

describe('a freeze period of GitLab', () => {
  test.each<readonly [string, readonly FreezePeriod[], string, string | undefined]>([
    ['is on from the moment of its start', [weekend], '2026-11-27T23:00:00Z', '2026-11-30T07:00:00.000Z'],
    ['is not on a moment before', [weekend], '2026-11-27T22:59:59.999Z', undefined],
    [
      'is on until a moment before its end',
      [weekend],
      '2026-11-30T06:59:59.999Z',
      '2026-11-30T07:00:00.000Z',
    ],
    ['is off at its end', [weekend], '2026-11-30T07:00:00Z', undefined],
    [
      'may last for weeks, over the end of a year',
      [holidays],
      '2026-12-31T12:00:00Z',
      '2027-01-04T07:00:00.000Z',
    ],
    ['is off for the rest of the year', [holidays], '2026-07-01T12:00:00Z', undefined],
    // https://www.timeanddate.com/time/change/canada/toronto?year=2026
    [
      'ends by the clock after clocks went forward',
      [inToronto],
      '2026-03-07T12:00:00Z',
      '2026-03-09T11:00:00.000Z',
    ],
    [
      'ends by the clock after clocks went back',
      [inToronto],
      '2026-10-31T12:00:00Z',
      '2026-11-02T12:00:00.000Z',
    ],
    [
      'goes on while another one does',
      [weekend, period('0 6 * * 1', '30 9 * * 1')],
      '2026-11-29T12:00:00Z',
      '2026-11-30T09:30:00.000Z',
    ],
    // As GitLab itself has it: https://gitlab.com/gitlab-org/gitlab/-/blob/master/app/models/ci/freeze_period.rb
    [
      'is not on where it would start again before it ends',
      [period('0 * * * *', '30 17 1 * *')],
      '2026-11-27T12:00:00Z',
      undefined,
    ],
    [
      'is not on where its end came last',
      [period('0 16 24 12 *', '0 8 * * *')],
      '2026-07-01T12:00:00Z',
      undefined,
    ],
    [
      'may be written with names',
      [period('0 23 * * FRI', '0 7 * * MON')],
      '2026-11-28T12:00:00Z',
      '2026-11-30T07:00:00.000Z',
    ],
  ])('%s', (_what, periods, now, end) => {
    const frozen = frozenUntil(periods, Date.parse(now));
    expect(frozen === undefined ? undefined : new Date(frozen.until).toISOString()).toBe(end);
  });

  test.each([
    ['its start can not be read', period('every friday', '0 7 * * 1')],
    ['its end can not be read', period('0 23 * * 5', '0 7 * * 1%2')],
    ['its time zone is none', period('0 23 * * 5', '0 7 * * 1', 'Berlin')],
    ['no end ever comes', period('0 23 * * 5', '0 0 30 2 *')],
  ])('is unclear where %s', (_what, unclear) => {
    const now = Date.parse('2026-11-25T12:00:00Z');
    expect(unclearPeriod([weekend, unclear], now)).toBe(unclear);
    expect(unclearPeriod([weekend], now)).toBeUndefined();
  });

  test('is on when the window of the mapping file is that says the same', () => {
    const time = fc.record({
      day: fc.integer({ min: 1, max: 7 }),
      minute: fc.integer({ min: 0, max: 1439 }),
    });
    const cron = ({ day, minute }: { day: number; minute: number }) =>
      `${minute % 60} ${Math.floor(minute / 60)} * * ${day % 7}`;
    const moment = fc.integer({ min: Date.UTC(2025, 0), max: Date.UTC(2028, 0) });
    fc.assert(
      fc.property(time, time, fc.constantFrom('UTC', 'Asia/Kolkata'), moment, (from, to, zone, now) => {
        fc.pre(from.day !== to.day || from.minute !== to.minute);
        const frozen = frozenUntil([period(cron(from), cron(to), zone)], now);
        expect(frozen?.until).toBe(frozenUntil([{ from, to, zone }], now)?.until);
      }),
      { numRuns: 200 },
    );
  });

  test('is on, off or unclear for any text, and never throws', () => {
    const field = fc.constantFrom('*', '0', '7', '*/5', '1-5', 'L', 'mon#2', '99', '');
    const line = fc.oneof(
      fc.string(),
      fc.array(field, { minLength: 4, maxLength: 6 }).map((all) => all.join(' ')),
    );
    fc.assert(
      fc.property(line, line, fc.constantFrom('UTC', 'Nowhere', ''), (start, end, zone) => {
        const now = Date.UTC(2026, 10, 27);
        const until = endOfPeriod({ start, end, zone }, now);
        if (typeof until === 'number') expect(until).toBeGreaterThan(now);
        else expect([undefined, 'unclear']).toContain(until);
      }),
    );
  });
});
