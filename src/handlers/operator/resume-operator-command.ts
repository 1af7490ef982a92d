import { failure } from '../../domain/commands/refusals.ts';
import type { JobOutcome, OperatorJob } from '../../domain/jobs/job.ts';
import { plain } from '../../domain/report/text.ts';
import { notDone } from '../jobs/job-outcome.ts';
import { operatorAudit } from './operator-audit-entry.ts';
import { prepareGiven } from './prepare-operator-command.ts';
import type { BranchPorts } from '../shared/ports.ts';

/**
 * Carries out a command whose command line was cut off, from its beginning: what had been done is found in AIC and in the branch. Nobody waits
 * for its report at a terminal any more, so that is logged.
 */
export async function runOperatorJob(ports: BranchPorts, job: OperatorJob): Promise<JobOutcome> {
  if (await ports.store.isRecorded(job.request)) return { kind: 'done' };
  const prepared = await prepareGiven(ports, job);
  if (!prepared.ok) {
    const outcome = notDone(prepared.failure);
    if (outcome.kind === 'given-up') {
      const report = failure({ kind: 'upstream', failure: prepared.failure });
      await ports.store.record([operatorAudit(job, { done: false, report })], []);
    }
    return outcome;
  }
  const { lane, run } = prepared.value;
  if (lane !== undefined && lane !== job.lane) {
    await ports.jobs.add({ job: { ...job, lane }, dueAt: ports.clock.now() });
    return { kind: 'done' };
  }
  const ended = await run();
  if (ended.kind === 'stopped') return ended;
  await ports.store.record([operatorAudit(job, ended)], []);
  ports.log.info('took up an operator’s command', {
    verb: job.command.verb,
    by: job.username,
    done: ended.done,
    report: plain(ended.report.outcome),
  });
  return { kind: 'done' };
}
