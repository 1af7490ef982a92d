import { commandKey, type Job, type JobOutcome, type Waiter } from './job.ts';
import { sha256Hex } from '../shared/sha256.ts';

/** After so many tries in a row that did not end well somebody is told. */
export const tellAtTry = 5;

/** By this a job that broke off is found in the log; the same for each of its tries. @param key the job's */
export async function breakId(key: string): Promise<string> {
  return `E${(await sha256Hex(key)).slice(0, 8)}`;
}

/** A job that threw, which a bug does, or a store that does not take what the job writes. */
export interface Break {
  readonly id: string;
  /** Undefined for one that can't be read. */
  readonly job: Job | undefined;
  readonly lane: string;
  /** How often it was tried, this time among them. */
  readonly times: number;
  /** Whether the operator was told. */
  readonly wasTold: boolean;
  /** Whether a deployment was begun for it that is not ended. */
  readonly isHalfDone: boolean;
}

/**
 * What follows: it is tried again at growing intervals. From the fifth try on whoever waits is told, and the operator once. A command is given up then, since
 * nobody expects it to be carried out hours later, unless it left a workspace half changed.
 */
export function afterBreak({ id, job, lane, times, wasTold, isHalfDone }: Break): {
  readonly outcome: Extract<JobOutcome, { readonly kind: 'again' | 'given-up' }>;
  readonly jobs: readonly Job[];
} {
  const reason = `an internal error, ${id}; the log has it`;
  if (times < tellAtTry) return { outcome: { kind: 'again', reason }, jobs: [] };
  const isRetried = !isOnce(job) || isHalfDone;
  const waits = job === undefined ? undefined : whoWaits(job);
  const told: readonly Job[] = [
    ...(waits === undefined ? [] : [{ kind: 'tell-broken', id, waits, isRetried } as const]),
    ...(wasTold || isTelling(job)
      ? []
      : [{ kind: 'alert', alert: { about: 'broken', id, lane, isRetried } } as const]),
  ];
  return { outcome: { kind: isRetried ? 'again' : 'given-up', reason }, jobs: told };
}

function isOnce(job: Job | undefined): boolean {
  return (
    job?.kind === 'note' || job?.kind === 'command' || job?.kind === 'operator' || job?.kind === 'tell-broken'
  );
}

/** What tells of breaks is not told of by itself: that would never end. The log and `/readyz` have it. */
function isTelling(job: Job | undefined): boolean {
  return job?.kind === 'mail' || job?.kind === 'alert' || job?.kind === 'tell-broken';
}

/** The request that deployments of the job carry. */
export function requestOf(job: Job): string | undefined {
  if (job.kind === 'command') return commandKey(job);
  return job.kind === 'operator' ? job.request : undefined;
}

/** Who waits for the end of a job and would else wait for ever; undefined where nobody does. A job of a later version has nobody that is known. */
export function whoWaits(job: Job): Waiter | undefined {
  switch (job.kind) {
    case 'command': {
      const { projectId, origin, lines, next, answers = [], delivery } = job;
      const left = Math.max(0, lines.length - next - 1);
      return { kind: 'command', projectId, origin, line: lines[next] ?? '', next, left, answers, delivery };
    }
    case 'note':
      return { kind: 'note', projectId: job.projectId, on: job.on, note: job.note };
    case 'deploy':
      return { kind: 'branch', projectId: job.projectId, branch: job.branch };
    case 'plan':
      return { kind: 'plan', projectId: job.projectId, mergeRequest: job.mergeRequest };
    case 'back-merge':
      return job.mergeRequest === undefined
        ? undefined
        : { kind: 'back-merge', projectId: job.projectId, mergeRequest: job.mergeRequest };
    case 'operator':
    case 'status':
    case 'record':
    case 'check-drift':
    case 'comment':
    case 'reaction':
    case 'mail':
    case 'alert':
    case 'tell-broken':
    case 'check-token':
    case 'sweep':
    case 'clean-up':
    case 'catch-up':
      return undefined;
  }
}
