import { expect, it } from 'vitest';

import { defaultRetry } from '../../../src/adapters/http/client.ts';
import type { ProjectId } from '../../../src/domain/shared/ids.ts';
import { retryJob } from '../../../src/domain/jobs/backoff.ts';

const key = { projectId: 1 as ProjectId, branch: 'main' };

it.each([
  [1, 15_000],
  [2, 30_000],
  [3, 60_000],
  [50, 15 * 60_000],
])('what is pending for the %ith time is looked at after at most %i ms', (tries, most) => {
  const at = (random: number) =>
    retryJob({ clock: { now: () => 0 }, random: () => random }, key, tries).dueAt;
  expect(at(0)).toBe(most);
  expect(at(0.999)).toBeGreaterThanOrEqual(most * 0.8);
});

it('a call to a real system is tried again for a minute, at pauses of up to half a minute', () => {
  expect(defaultRetry).toEqual({ firstPauseMs: 500, longestPauseMs: 30_000, totalMs: 60_000 });
});
