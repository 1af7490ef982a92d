import type { JobOutcome } from '../../domain/jobs/job.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';

/** What becomes of a job whose call to another system failed. Rights and reachability change; what is missing or refused does not. */
export function notDone(failure: UpstreamFailure): JobOutcome {
  const reason = `${failure.system} answered ${failure.status ?? 'nothing'} to ${failure.asked}: ${failure.said}`;
  switch (failure.reason) {
    case 'stopped':
      return { kind: 'stopped' };
    case 'passing':
    case 'denied':
    case 'conflict':
      return { kind: 'again', reason };
    case 'missing':
    case 'refused':
    case 'too-large':
      return { kind: 'given-up', reason };
  }
}

/** The same for work that is never given up: what GitLab does not show now, it may show later. */
export function notYet(failure: UpstreamFailure): JobOutcome {
  const outcome = notDone(failure);
  return outcome.kind === 'given-up' ? { kind: 'again', reason: outcome.reason } : outcome;
}
