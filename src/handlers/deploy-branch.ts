import { decide, mappingPath, type BranchView, type Decision } from '../domain/branch-view.ts';
import { deployJob, type DeployJob, type DueJob, type JobOutcome } from '../domain/job.ts';
import { pushReport } from '../domain/push-report.ts';
import { refusalReport } from '../domain/refusal-report.ts';
import type { Closing } from '../domain/store.ts';
import type { BranchPorts } from './ports.ts';
import { notDone } from './not-done.ts';
import { runDeployment } from './run-deployment.ts';
import { viewBranch } from './view-branch.ts';

/**
 * Brings the workspace of a branch to the state of the branch: looks at how both are, decides, acts. What woke it up
 * does not matter, and running it once too often finds nothing to do.
 */
export async function deployBranch(ports: BranchPorts, job: DeployJob): Promise<JobOutcome> {
  const key = { projectId: job.projectId, branch: job.branch };
  const looked = await viewBranch(ports, key);
  if (!looked.ok) return notDone(looked.failure);
  if (looked.value.kind === 'nothing') {
    ports.log.info('nothing to deploy', { branch: job.branch, why: looked.value.why });
    await ports.store.close({ key, ...untouched, deliveries: looked.value.deliveries });
    return { kind: 'done' };
  }
  const { view, mappingKey } = looked.value;
  if (mappingKey !== job.mappingKey) {
    await ports.jobs.add({ job: { ...job, mappingKey }, dueAt: ports.clock.now() });
    return { kind: 'done' };
  }
  return act(ports, view, decide(view));
}

const untouched = { state: undefined, deployment: undefined, jobs: [] };

async function act(ports: BranchPorts, view: BranchView, decision: Decision): Promise<JobOutcome> {
  const released = await releasedJobs(ports, view);
  const close = async (closing: Pick<Closing, 'state' | 'jobs'>): Promise<JobOutcome> => {
    const jobs = [...closing.jobs, ...released];
    await ports.store.close({
      ...closing,
      key: view.key,
      deliveries: view.deliveries,
      deployment: undefined,
      jobs,
    });
    return { kind: 'done' };
  };
  switch (decision.kind) {
    case 'nothing':
      ports.log.info('nothing to deploy', { branch: view.key.branch, why: decision.why });
      return close({ state: decision.state, jobs: [] });
    case 'refuse': {
      ports.log.warn('refused to deploy', { branch: view.key.branch, reason: decision.refusal.kind });
      const report = refusalReport(view, decision.refusal, ports.settings);
      return close({ state: decision.state, jobs: now(ports, report) });
    }
    case 'report-push': {
      ports.log.info('reported a push', { branch: view.key.branch, head: view.head });
      const report = pushReport(view, decision.pipelines, ports.settings);
      return close({ state: decision.state, jobs: now(ports, report) });
    }
    case 'deploy':
      return runDeployment(ports, view, decision, released);
  }
}

/** After the mapping file changed: the branches whose changes waited for it. */
async function releasedJobs(ports: BranchPorts, view: BranchView): Promise<readonly DueJob[]> {
  if (view.key.branch !== view.project.defaultBranch || !view.changes.paths.includes(mappingPath)) return [];
  const held = await ports.store.held(view.key.projectId);
  return now(
    ports,
    held
      .filter((branch) => branch !== view.key.branch)
      .map((branch) => deployJob(view.key.projectId, branch)),
  );
}

function now(ports: BranchPorts, jobs: readonly DueJob['job'][]): readonly DueJob[] {
  return jobs.map((job) => ({ job, dueAt: ports.clock.now() }));
}
