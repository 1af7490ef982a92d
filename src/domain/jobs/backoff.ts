import { deployJob, pauseAfter, type DueJob } from './job.ts';
import type { BranchKey } from '../store/state.ts';
import type { Clock } from '../shared/clock.ts';

const firstPauseMs = 15_000;

/**
 * The job that looks again at what is pending: a quarter of a minute after the first run that left it, from there at doubling pauses.
 * @param tries the runs in a row that left something pending
 */
export function retryJob(
  { clock, random }: { readonly clock: Clock; readonly random: () => number },
  key: BranchKey,
  tries: number,
): DueJob {
  return {
    job: deployJob(key.projectId, key.branch),
    dueAt: clock.now() + pauseAfter(tries, firstPauseMs, random()),
  };
}
