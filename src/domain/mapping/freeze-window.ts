import { Temporal } from 'temporal-polyfill';

import { endOfPeriod, type FreezePeriod } from '../gitlab/freeze-period.ts';
import { phrase, words, type Phrase } from '../report/phrase.ts';
import { fail, ok, type Result } from '../shared/result.ts';

/** A moment of every week, by the clocks of a time zone. */
interface WeekTime {
  /** From 1 for Monday to 7 for Sunday. */
  readonly day: number;
  /** From 0 to 1440. */
  readonly minute: number;
}

/** A part of every week in which nothing is deployed by itself. */
export interface FreezeWindow {
  readonly from: WeekTime;
  readonly to: WeekTime;
  /** A name of the IANA time zone database. */
  readonly zone: string;
}

/** What keeps deployments from beginning: a window of the mapping file, or a freeze period of GitLab's. */
export type Freeze = FreezeWindow | FreezePeriod;

/** When a freeze ends, in milliseconds since 1970, and by which clock that is told. */
export interface Frozen {
  readonly until: number;
  readonly zone: string;
  /** What is in force; where it is several, the one that ends last. */
  readonly by: Freeze;
}

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const weekTime = '([a-z]{3})[a-z]* +(\\d{1,2}):(\\d{2})';
const written = new RegExp(`^${weekTime} *[-–] *${weekTime}(?: +([\\w/+-]+))?$`, 'i');
export const freezeExample = 'Fri 16:00 - Mon 07:00 America/Toronto';

/** Reads a window such as `Fri 16:00 - Mon 07:00 America/Toronto`; without a time zone it is UTC. Fails with what is wrong with it. */
export function parseFreeze(text: string): Result<FreezeWindow, Phrase> {
  const [, fromDay, fromHour, fromMinute, toDay, toHour, toMinute, zone = 'UTC'] =
    written.exec(text.trim()) ?? [];
  const from = weekTimeOf(fromDay, fromHour, fromMinute);
  const to = weekTimeOf(toDay, toHour, toMinute);
  if (from === undefined || to === undefined) return fail(phrase`${text} is no part of a week.`);
  if (!isZone(zone)) return fail(phrase`${zone} is no time zone.`);
  return ok({ from, to, zone });
}

function weekTimeOf(
  day: string | undefined,
  hour: string | undefined,
  minute: string | undefined,
): WeekTime | undefined {
  const number = days.indexOf(day?.toLowerCase() ?? '') + 1;
  const minutes = Number(hour) * 60 + Number(minute);
  const isTime = Number(minute) < 60 && minutes <= 24 * 60;
  return number > 0 && isTime ? { day: number, minute: minutes } : undefined;
}

function isZone(name: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}

const longestMs = 21 * 24 * 60 * 60_000;

/**
 * Until when freezes keep deployments from beginning at a moment: the end of the whole stretch, where one follows upon another. Undefined where none does. Moments that a
 * clock skips or has twice are taken as `Temporal` takes them: after the gap, and the first of the two.
 * A period that can't be read freezes nothing here: `unclearPeriod` finds it.
 * @param now milliseconds since 1970
 */
export function frozenUntil(freezes: readonly Freeze[], now: number): Frozen | undefined {
  let found: Frozen | undefined;
  for (let at = now; at - now < longestMs;) {
    const ends = freezes.flatMap((by) => {
      const until = isPeriod(by) ? endOfPeriod(by, at) : endOf(by, at);
      return typeof until === 'number' ? [{ until, zone: by.zone, by }] : [];
    });
    const [last] = ends.toSorted((one, other) => other.until - one.until);
    if (last === undefined) return found;
    found = { ...last, by: found?.by ?? last.by };
    at = last.until;
  }
  return found;
}

/** A freeze period of which nobody can tell whether it is in force. */
export function unclearPeriod(periods: readonly FreezePeriod[], now: number): FreezePeriod | undefined {
  return periods.find((period) => endOfPeriod(period, now) === 'unclear');
}

/** What freezes, such as `GitLab's freeze period from …`. */
export function freezeName(freeze: Freeze): Phrase {
  return isPeriod(freeze)
    ? phrase`GitLab's freeze period from ${freeze.start} to ${freeze.end} (${freeze.zone})`
    : words('the mapping file');
}

function isPeriod(freeze: Freeze): freeze is FreezePeriod {
  return 'start' in freeze;
}

/** Whether the windows leave no time to deploy in. */
export function isAlwaysFrozen(windows: readonly FreezeWindow[]): boolean {
  const someday = Date.UTC(2026, 0, 7);
  const frozen = frozenUntil(windows, someday);
  return frozen !== undefined && frozen.until - someday >= longestMs;
}

/** The end of the window if it has begun and not ended. */
function endOf({ from, to, zone }: FreezeWindow, at: number): number | undefined {
  const here = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
  const length = (to.day - from.day) * 24 * 60 + to.minute - from.minute;
  const minutes = length > 0 ? length : length + 7 * 24 * 60;
  const monday = here.toPlainDate().subtract({ days: here.dayOfWeek - 1 });
  for (const weeks of [0, 1]) {
    const begin = monday
      .subtract({ weeks })
      .add({ days: from.day - 1 })
      .toPlainDateTime()
      .add({ minutes: from.minute });
    const [start, end] = [begin, begin.add({ minutes })].map(
      (time) => time.toZonedDateTime(zone).epochMilliseconds,
    );
    if (start !== undefined && end !== undefined && start <= at && at < end) return end;
  }
  return undefined;
}

/** Such as `Mon 30 Nov 2026, 07:00 America/Toronto`. */
export function momentIn({ until, zone }: Omit<Frozen, 'by'>): Phrase {
  const time = Temporal.Instant.fromEpochMilliseconds(until).toZonedDateTimeISO(zone);
  const day = days[time.dayOfWeek - 1] ?? '';
  const month = months[time.month - 1] ?? '';
  const clock = `${String(time.hour).padStart(2, '0')}:${String(time.minute).padStart(2, '0')}`;
  return words(
    `${day.charAt(0).toUpperCase()}${day.slice(1)} ${time.day} ${month} ${time.year}, ${clock} ${zone}`,
  );
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
