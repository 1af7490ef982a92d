import type { AuditEntry } from '../domain/audit.ts';
import { branchAudit } from '../domain/deployment-audit.ts';
import { decide, type BranchView, type Decision } from '../domain/branch-view.ts';
import { isCutOff, orTakeUp } from '../domain/cut-off.ts';
import type { Deployment } from '../domain/deployment.ts';
import { deployJob, laneOf, type DeployJob, type DueJob, type JobOutcome } from '../domain/job.ts';
import type { Gate } from '../domain/gate.ts';
import { gateComments } from '../domain/gate-report.ts';
import type { WorkspaceTarget } from '../domain/mapping.ts';
import { pushReport } from '../domain/push-report.ts';
import { refusalReport } from '../domain/refusal-report.ts';
import { ok } from '../domain/result.ts';
import type { Closing } from '../domain/store.ts';
import { backMergeJobs } from './back-merge.ts';
import { checkGate } from './check-gate.ts';
import type { BranchPorts } from './ports.ts';
import { notYet } from './not-done.ts';
import { retryJob } from './retry-job.ts';
import { runDeployment } from './run-deployment.ts';
import { viewBranch } from './view-branch.ts';

/**
 * Brings the workspace of a branch to the state of the branch: looks at how both are, decides, acts. What woke it up
 * does not matter, and running it once too often finds nothing to do.
 */
export async function deployBranch(ports: BranchPorts, job: DeployJob): Promise<JobOutcome> {
  const key = { projectId: job.projectId, branch: job.branch };
  const last = (await ports.store.lastDeployment(key))?.deployment;
  const looked = await viewBranch(ports, key, isCutOff(last));
  if (!looked.ok) return notYet(looked.failure);
  const others = looked.value.held.filter((branch) => branch !== job.branch);
  const released = now(
    ports,
    others.map((branch) => deployJob(job.projectId, branch)),
  );
  if (looked.value.kind === 'nothing') {
    const { why, deliveries } = looked.value;
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
  const { view, lane } = looked.value;
  if (lane !== laneOf(job)) {
    await ports.jobs.add({ job: { ...job, lane }, dueAt: ports.clock.now() });
    return { kind: 'done' };
  }
  const decision = orTakeUp(decide(view), view, last);
  const { deliveries, head, from } = view;
  ports.log.info('decision', {
    branch: job.branch,
    decision: decision.kind,
    from,
    head,
    deliveries: deliveries.join(' '),
  });
  return act(ports, { view, decision, last }, released);
}

async function act(
  ports: BranchPorts,
  {
    view,
    decision,
    last,
  }: {
    readonly view: BranchView;
    readonly decision: Decision;
    readonly last: Deployment | undefined;
  },
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
      const report = pushReport(view, decision.pipelines, ports.settings);
      const audit = branchAudit(view, 'direct-push', `told of ${decision.pipelines.length} pipelines`);
      return close({ state: decision.state, jobs: now(ports, report) }, [audit]);
    }
    case 'deploy': {
      // What was begun is brought to its end, and nothing with it that came since.
      const isBegun = isCutOff(last) && last?.head === decision.at;
      const gate = isBegun
        ? ok<Gate>({ kind: 'open' })
        : await checkGate(ports, view.project.id, decision.target, view.mergeRequests);
      if (!gate.ok) return notYet(gate.failure);
      if (gate.value.kind !== 'open') return wait(ports, view, decision.target, gate.value, alsoJobs);
      const ran = await runDeployment(ports, { view, decision, alsoJobs, order: undefined });
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
  gate: Exclude<Gate, { kind: 'open' }>,
  alsoJobs: readonly DueJob[],
): Promise<JobOutcome> {
  const { key, state, deliveries, from, origin } = view;
  const tries = deliveries.length > 0 ? 1 : (state?.tries ?? 0) + 1;
  const again: DueJob =
    gate.kind === 'frozen'
      ? { job: deployJob(key.projectId, key.branch), dueAt: gate.frozen.until }
      : retryJob(ports, key, tries);
  ports.log.info('deployment waits', { branch: key.branch, gate: gate.kind });
  const jobs = [
    ...now(ports, gateComments(view, target, gate)),
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
