import type { DeployJob, Job, JobOutcome } from '../../domain/jobs/job.ts';
import type { Mailer } from '../../domain/report/mailer.ts';
import { runBackMerge } from '../promotion/back-merge.ts';
import { checkDrift } from '../deployment/drift/check-drift.ts';
import { checkToken } from './check-token.ts';
import { cleanUp, type CleanUpPorts } from './clean-up.ts';
import { deployBranch } from '../deployment/deploy-branch.ts';
import { catchUp, type CatchUpPorts } from './catch-up.ts';
import { lookAtNote } from '../webhook/verify-note.ts';
import { planRequest } from '../deployment/plan/update-merge-plan.ts';
import { runCommand } from '../commands/run-command.ts';
import { runOperatorJob } from '../operator/resume-operator-command.ts';
import { sweep, type SweepPorts } from './sweep.ts';
import { writeRecord, writeStatus } from './write-gitlab-record.ts';
import { tellAtTry } from '../../domain/jobs/broken-job.ts';
import { sendAlert } from './send-alert.ts';
import { tellBroken } from './report-broken-job.ts';
import { sendComment, sendMail, sendReaction } from './deliver-message.ts';

export interface JobPorts extends SweepPorts, CatchUpPorts, CleanUpPorts {
  readonly mailer: Mailer;
}

/**
 * Runs one job.
 * @param tries how often it was tried before
 */
export async function runJob(ports: JobPorts, job: Job, tries: number): Promise<JobOutcome> {
  switch (job.kind) {
    case 'deploy': {
      const outcome = await deployBranch(ports, job, tries);
      if (outcome.kind === 'again' && tries + 1 === tellAtTry) await tellDelay(ports, job, outcome.reason);
      return outcome;
    }
    case 'note':
      return lookAtNote(ports, job, tries);
    case 'command':
      return runCommand(ports, job);
    case 'operator':
      return runOperatorJob(ports, job);
    case 'back-merge':
      return runBackMerge(ports, job);
    case 'check-drift':
      return checkDrift(ports, job);
    case 'plan':
      return planRequest(ports, job);
    case 'status':
      return atMost(tries, await writeStatus(ports, job));
    case 'record':
      return atMost(tries, await writeRecord(ports, job));
    case 'comment':
      return atMost(tries, await sendComment(ports.gitlab, job));
    case 'reaction':
      return atMost(tries, await sendReaction(ports.gitlab, job));
    case 'mail':
      return atMost(tries, await sendMail(ports.mailer, job));
    case 'alert':
      return sendAlert(ports, job);
    case 'tell-broken':
      return tellBroken(ports, job);
    case 'check-token':
      return checkToken(ports);
    case 'sweep':
      return sweep(ports);
    case 'clean-up':
      return cleanUp(ports);
    case 'catch-up':
      return catchUp(ports, job);
  }
}

/** What can't be sent for some five days is given up, as mail servers do. */
function atMost(tries: number, outcome: JobOutcome): JobOutcome {
  return outcome.kind === 'again' && tries >= 500 ? { kind: 'given-up', reason: outcome.reason } : outcome;
}

async function tellDelay({ jobs, clock }: JobPorts, job: DeployJob, reason: string): Promise<void> {
  const { projectId, branch } = job;
  await jobs.add({
    job: { kind: 'alert', alert: { about: 'delayed', projectId, branch, reason } },
    dueAt: clock.now(),
  });
}
