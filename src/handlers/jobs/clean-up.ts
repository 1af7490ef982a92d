import { cleanUpJob, type JobOutcome } from '../../domain/jobs/job.ts';
import type { BranchPorts } from '../shared/ports.ts';

export interface CleanUpPorts extends Pick<BranchPorts, 'store' | 'jobs' | 'clock' | 'log'> {
  /** How long the bodies of deliveries, with what is as old, and the snapshots are kept, in milliseconds. */
  readonly keep: { readonly deliveriesMs: number; readonly snapshotsMs: number };
}

const dayMs = 24 * 60 * 60_000;

/** Drops what is older than it is to be kept, in small transactions. Each run leaves the next one behind. */
export async function cleanUp({ store, jobs, clock, log, keep }: CleanUpPorts): Promise<JobOutcome> {
  const now = clock.now();
  const deliveries = await all(() => store.dropBodies(now - keep.deliveriesMs));
  const givenUp = await all(() => store.dropGivenUp(now - keep.deliveriesMs));
  const pushes = await all(() => store.dropPushes(now - keep.deliveriesMs));
  const snapshots = await all(() => store.dropSnapshots(now - keep.snapshotsMs));
  log.info('cleaned up', { deliveries, givenUp, pushes, snapshots });
  await jobs.add({ job: cleanUpJob, dueAt: now + dayMs });
  return { kind: 'done' };
}

/** @param drop drops a few, and tells how many */
async function all(drop: () => Promise<number>): Promise<number> {
  let sum = 0;
  for (;;) {
    const dropped = await drop();
    if (dropped === 0) return sum;
    sum += dropped;
  }
}
