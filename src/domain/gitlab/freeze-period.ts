import { Cron } from 'croner';

import type { GitLabResult } from './project.ts';
import type { ProjectId } from '../shared/ids.ts';

/** A freeze period of GitLab's: it begins at each moment that fits the first cron line, and ends at the next that fits the second. */
export interface FreezePeriod {
  readonly start: string;
  readonly end: string;
  readonly zone: string;
}

export interface FreezePeriods {
  /** The freeze periods of a project, at most half a minute old; none where GitLab shows none to this token. */
  freezePeriods(project: ProjectId): Promise<GitLabResult<readonly FreezePeriod[]>>;
}

/**
 * The end of a freeze period that is in force at a moment; undefined where it is not, and `unclear` where one of its cron lines or its time zone can't be
 * read, or no end ever comes. By GitLab's own rule (Ci::FreezePeriodStatus): what last came was a start, and what comes next is an end.
 */
export function endOfPeriod({ start, end, zone }: FreezePeriod, at: number): number | undefined | 'unclear' {
  const [starts, ends] = [cronOf(start, zone), cronOf(end, zone)];
  const [nextStart, nextEnd] = [nextOf(starts, at), nextOf(ends, at)];
  if (starts === undefined || ends === undefined || nextEnd === undefined) return 'unclear';
  const lastStart = lastOf(starts, at);
  if (lastStart === undefined || lastStart <= (lastOf(ends, at) ?? -Infinity)) return undefined;
  return nextStart === undefined || nextEnd < nextStart ? nextEnd : undefined;
}

function cronOf(line: string, timezone: string): Cron | undefined {
  try {
    const cron = new Cron(line, { timezone, mode: '5-or-6-parts' });
    // Whether there is such a zone is found out at the first use.
    cron.nextRun(new Date(0));
    return cron;
  } catch {
    return undefined;
  }
}

function nextOf(cron: Cron | undefined, at: number): number | undefined {
  return cron?.nextRun(new Date(at))?.getTime();
}

/** The last moment that fits, this one included. Cron lines count seconds, and `previousRuns` leaves its own second out. */
function lastOf(cron: Cron, at: number): number | undefined {
  const second = Math.floor(at / 1000) + 1;
  return cron.previousRuns(1, new Date(second * 1000))[0]?.getTime();
}
