import type { JobOutcome, OperatorJob } from '../../domain/jobs/job.ts';
import type { Worker } from '../../domain/jobs/lane-holder.ts';
import type { BranchPorts } from '../shared/ports.ts';

/** A lane that was taken. */
export interface Turn {
  /** What they write is fenced by the lane's lease. */
  readonly ports: BranchPorts;
  /** Gives the lane back and writes how the job ended. False, and nothing is written, when another process has the lane by now. */
  end(outcome: JobOutcome): Promise<boolean>;
}

/** Lanes, as an operator's command takes them. */
export interface LaneDoor {
  /** Writes the job down as running and takes its lane, both or nothing; or tells who works there. */
  take(job: OperatorJob): Promise<Turn | { readonly worker: Worker }>;
}
