import type { FreezePeriods as Client } from '@gitbeaker/rest';
import { z } from 'zod';

import type { Clock } from '../../domain/shared/clock.ts';
import type { FreezePeriod, FreezePeriods } from '../../domain/gitlab/freeze-period.ts';
import type { ProjectId } from '../../domain/shared/ids.ts';
import type { Log } from '../../domain/shared/log.ts';
import { ok } from '../../domain/shared/result.ts';
import { attempt, mostPages } from './requester.ts';

const periods = z.array(
  z
    .object({ freeze_start: z.string(), freeze_end: z.string(), cron_timezone: z.string().nullish() })
    .transform((shown): FreezePeriod => ({
      start: shown.freeze_start,
      end: shown.freeze_end,
      zone: shown.cron_timezone ?? 'UTC',
    })),
);

const lifetime = 30_000;

/** What was read of each project, and until when that is believed. */
export type KnownPeriods = Map<
  ProjectId,
  { readonly periods: readonly FreezePeriod[]; readonly until: number }
>;

/** Freeze periods, which whoever is a Reporter of the project can read. */
export function createFreezePeriods(
  client: Client,
  known: KnownPeriods,
  clock: Clock,
  log: Log,
): FreezePeriods {
  // Two that ask at once both write what GitLab said a moment ago.
  const remember = (project: ProjectId, found: readonly FreezePeriod[]) => {
    known.set(project, { periods: found, until: clock.now() + lifetime });
    return ok(found);
  };
  return {
    freezePeriods: async (project) => {
      const remembered = known.get(project);
      if (remembered !== undefined && remembered.until > clock.now()) return ok(remembered.periods);
      const read = await attempt(async () =>
        periods.parse(await client.all(project, { perPage: 100, maxPages: mostPages })),
      );
      if (!read.ok && read.failure.reason !== 'missing' && read.failure.reason !== 'denied') return read;
      if (!read.ok) log.warn('freeze periods are not shown', { project, said: read.failure.said });
      return remember(project, read.ok ? read.value : []);
    },
  };
}
