import type { AuditEntry } from '../../domain/audit/audit-log.ts';
import { branchAudit } from '../../domain/audit/deployment-entry.ts';
import { decide, type BranchView, type Decision } from '../../domain/deployment/decide-deployment.ts';
import { deployJob, laneOf, type DeployJob, type DueJob, type JobOutcome } from '../../domain/jobs/job.ts';
import type { Standstill } from '../../domain/deployment/gate/gate.ts';
import { standstillComments } from '../../domain/deployment/gate/gate-report.ts';
import type { WorkspaceTarget } from '../../domain/mapping/mapping.ts';
import { pushReport } from '../../domain/deployment/reports/direct-push-report.ts';
import { refusalReport } from '../../domain/deployment/reports/merge-refused-report.ts';
import type { Closing } from '../../domain/store/store.ts';
import type { BranchKey } from '../../domain/store/state.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';
import { backMergeJobs } from '../promotion/back-merge.ts';
import { holdBack, isAllToWrite } from './gate/hold-deployment.ts';
import { notYet } from '../jobs/job-outcome.ts';
import type { BranchPorts } from '../shared/ports.ts';
import { endOfGone, resume } from './resume-deployment.ts';
import { retryJob } from '../../domain/jobs/backoff.ts';
import { runDeployment } from './run-deployment.ts';
import { sortCandidates } from './gate/sort-candidates.ts';
import { viewBranch } from './load-branch-view.ts';

/** Tries at pauses of up to 15 minutes: about a day. */
const mostTries = 100;

/**
 * Brings the workspace of a branch to the state of the branch: looks at how both are, decides, acts. What woke it up
 * does not matter, and running it once too often finds nothing to do.
 * @param tries how often that was tried before
 */
export async function deployBranch(ports: BranchPorts, job: DeployJob, tries: number): Promise<JobOutcome> {
  const key = { projectId: job.projectId, branch: job.branch };
  const looked = await viewBranch(ports, key, laneOf(job));
  if (!looked.ok) return tries < mostTries ? notYet(looked.failure) : letGo(ports, key, looked.failure);
  if (looked.value.kind === 'elsewhere') {
    const { lane } = looked.value;
    await ports.jobs.add({ job: { ...job, lane }, dueAt: ports.clock.now() });
    return { kind: 'done' };
  }
  const others = looked.value.held.filter((branch) => branch !== job.branch);
  const released = now(
    ports,
    others.map((branch) => deployJob(job.projectId, branch)),
  );
  if (looked.value.kind === 'nothing') {
    const { why, deliveries, gone } = looked.value;
    if (gone !== undefined) await endOfGone(ports, key, gone);
    ports.log.info('nothing to deploy', { branch: job.branch, why, deliveries: deliveries.join(' ') });
    await ports.store.close({
      key,
      deliveries,
      state: undefined,
      deployment: undefined,
      jobs: released,
      audit: [],
    });
    return { kind: 'done' };
  }
  const { view } = looked.value;
  const resumed = await resume(ports, view);
  switch (resumed.kind) {
    case 'stopped':
      return { kind: 'stopped' };
    case 'not-yet':
      return notYet(resumed.failure);
    case 'ended':
      // The branch is looked at again, as it stands after that.
      await ports.jobs.add(...now(ports, [deployJob(job.projectId, job.branch)]), ...released);
      return { kind: 'done' };
    case 'nothing':
      break;
  }
  const decision = decide(view);
  const { deliveries, head, from } = view;
  ports.log.info('decision', {
    branch: job.branch,
    decision: decision.kind,
    from,
    head,
    deliveries: deliveries.join(' '),
  });
  return act(ports, view, decision, released);
}

/** What GitLab does not have for so long is waited for no more where nothing is remembered of the branch: whoever knows the webhook's secret can make it up. */
async function letGo(
  { store, log }: BranchPorts,
  key: BranchKey,
  failure: UpstreamFailure,
): Promise<JobOutcome> {
  const isGone = failure.reason === 'missing' || failure.reason === 'refused';
  const isRemembered = (await store.branch(key)) !== undefined || (await store.pending(key)).length > 0;
  if (!isGone || isRemembered) return notYet(failure);
  const deliveries = (await store.waiting(key)).map(({ id }) => id);
  log.warn('a branch that GitLab does not show', { ...key, deliveries: deliveries.join(' ') });
  await store.close({ key, deliveries, state: undefined, deployment: undefined, jobs: [], audit: [] });
  return { kind: 'done' };
}

async function act(
  ports: BranchPorts,
  view: BranchView,
  decision: Decision,
  alsoJobs: readonly DueJob[],
): Promise<JobOutcome> {
  const close = async (
    closing: Pick<Closing, 'state' | 'jobs'>,
    audit: readonly AuditEntry[] = [],
  ): Promise<JobOutcome> => {
    const jobs = [
      ...closing.jobs,
      ...alsoJobs,
      ...backMergeJobs(ports, view),
      ...(view.pending.some(({ paused }) => !paused)
        ? [retryJob(ports, view.key, Math.max(1, closing.state?.tries ?? 1))]
        : []),
    ];
    await ports.store.close({
      ...closing,
      key: view.key,
      deliveries: view.deliveries,
      deployment: undefined,
      jobs,
      audit,
    });
    return { kind: 'done' };
  };
  switch (decision.kind) {
    case 'nothing':
      ports.log.info('nothing to deploy', { why: decision.why });
      return close({ state: decision.state, jobs: [] });
    case 'refuse': {
      ports.log.warn('refused to deploy', { reason: decision.refusal.kind });
      const report = refusalReport(view, decision.refusal, ports.settings);
      const audit = branchAudit(view, 'refusal', `refused: the mapping is ${decision.refusal.kind}`);
      return close({ state: decision.state, jobs: now(ports, report) }, [audit]);
    }
    case 'report-push': {
      const report = pushReport(
        view,
        { pushed: decision.pipelines, unknown: [] },
        ports.settings,
        'next-merge',
      );
      const audit = branchAudit(view, 'direct-push', `told of ${decision.pipelines.length} pipelines`);
      return close({ state: decision.state, jobs: now(ports, report) }, [audit]);
    }
    case 'deploy': {
      const sorted = await sortCandidates(ports, view, decision.target, decision.candidates);
      if (!sorted.ok) return notYet(sorted.failure);
      if (sorted.value.kind !== 'sorted') return wait(ports, view, decision.target, sorted.value, alsoJobs);
      const { open, held, requests, lacking } = sorted.value;
      const run = { view, decision, requests, held, lacking, alsoJobs, order: undefined };
      if (open.length === 0 && (await isAllToWrite(ports, run))) return holdBack(ports, run);
      const ran = await runDeployment(ports, run);
      if (ran.kind === 'not-yet') return notYet(ran.failure);
      return { kind: ran.kind === 'ended' ? 'done' : 'stopped' };
    }
  }
}

/**
 * Lets a deployment wait: at the end of a freeze, or after a while, the branch is looked at again, as it is then. The deliveries are done with, since what they
 * told of stands in the branch.
 */
async function wait(
  ports: BranchPorts,
  view: BranchView,
  target: WorkspaceTarget,
  gate: Standstill,
  alsoJobs: readonly DueJob[],
): Promise<JobOutcome> {
  const { key, state, deliveries, from, origin } = view;
  const tries = deliveries.length > 0 ? 1 : (state?.tries ?? 0) + 1;
  ports.log.info('deployment waits', { branch: key.branch, gate: gate.kind });
  const again: DueJob =
    gate.kind === 'frozen'
      ? { job: deployJob(key.projectId, key.branch), dueAt: gate.frozen.until }
      : retryJob(ports, key, tries);
  const jobs = [
    ...now(ports, standstillComments(view, target, gate)),
    again,
    ...alsoJobs,
    ...backMergeJobs(ports, view),
  ];
  const audit = state?.gated === true ? [] : [branchAudit(view, 'refusal', `waits: ${gate.kind}`)];
  await ports.store.close({
    key,
    deliveries,
    state: { ...state, deployed: from, origin, held: false, reported: state?.reported, tries, gated: true },
    deployment: undefined,
    jobs,
    audit,
  });
  return { kind: 'done' };
}

function now(ports: BranchPorts, jobs: readonly DueJob['job'][]): readonly DueJob[] {
  return jobs.map((job) => ({ job, dueAt: ports.clock.now() }));
}
