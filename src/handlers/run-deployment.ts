import type { WorkspaceName } from '../domain/aic.ts';
import type { BranchView, Decision } from '../domain/branch-view.ts';
import { isPending, statusOf, type Deployment, type Item } from '../domain/deployment.ts';
import { deploymentReport } from '../domain/deployment-report.ts';
import type { DueJob, JobOutcome } from '../domain/job.ts';
import { planStep, type Step } from '../domain/plan.ts';
import { settle, type Settled } from '../domain/settle.ts';
import type { WorkspaceKey } from '../domain/store.ts';
import { writeConfig } from '../domain/pipeline-config.ts';
import type { BranchPorts } from './ports.ts';
import { silent, startProgress } from './progress.ts';
import { readVersions } from './read-versions.ts';
import { retryJob } from './retry-job.ts';
import { carryOut, type Save } from './carry-out.ts';

type Deploy = Extract<Decision, { kind: 'deploy' }>;

/**
 * One deployment: read the three versions, plan, write down, carry out, report. Ended by a stop or a crash it stays
 * `running`; the next run takes it up under the same number, and finds in the workspace what was done.
 */
export async function runDeployment(
  ports: BranchPorts,
  view: BranchView,
  decision: Deploy,
  alsoJobs: readonly DueJob[],
): Promise<JobOutcome> {
  const { store, clock, log } = ports;
  const workspace: WorkspaceName = {
    environment: decision.target.environment,
    aicProject: decision.target.aicProject ?? ports.settings.aicProject ?? '',
    workspace: decision.target.name,
  };
  const last = await store.lastDeployment(view.key);
  const again = takesUp(last?.deployment, view, decision);
  const deployment = await store.begin({
    id: again?.id,
    key: view.key,
    workspace,
    head: decision.at,
    mergeRequests: covered(view, last?.deployment),
    startedAt: clock.now(),
  });
  const bound = { ...ports, log: log.with({ deployment: deployment.id }) };
  const before = again === undefined ? [] : (last?.items ?? []);
  const retry = again !== undefined && again.status !== 'running';
  const progress = retry ? silent : startProgress(bound, view, deployment, again === undefined);

  const workspaceKey: WorkspaceKey = { projectId: view.key.projectId, ...workspace };
  const read = await readVersions(bound, { view, decision, workspaceKey });
  if (read === 'stopped') {
    await progress.ended();
    return stopped;
  }
  const steps = read.versions.map((versions) => planStep(versions, decision.target.drift));
  const settled = settle(steps, before);
  const items = new Map(kept(before, steps).map((item) => [item.pipeline, item]));
  for (const { item } of settled) items.set(item.pipeline, item);
  await store.plan(deployment.id, [...items.values()], snapshotsFor(settled));
  progress.show([...items.values()]);

  const save: Save = async (item, holds) => {
    items.set(item.pipeline, item);
    const now = holds === undefined ? undefined : { key: workspaceKey, fingerprint: holds };
    await store.saveItem(deployment.id, item, now);
    progress.show([...items.values()]);
  };
  const done = await Promise.allSettled(settled.map((one) => carryOut(one, read.workspace, save)));
  await progress.ended();
  for (const one of done) if (one.status === 'rejected') throw one.reason;
  if (done.some((one) => one.status === 'fulfilled' && one.value === 'stopped')) return stopped;

  return finish(bound, { view, decision, deployment, retry, before, items: [...items.values()], alsoJobs });
}

const stopped: JobOutcome = { kind: 'stopped' };

/** The deployment that this run continues: one that was cut off, or one whose pending items are tried again. */
function takesUp(last: Deployment | undefined, view: BranchView, decision: Deploy): Deployment | undefined {
  if (last?.status === 'running') return last;
  const retries = view.mergeRequests.length === 0 && view.pending.length > 0;
  return retries && last?.head === decision.at ? last : undefined;
}

/** The merge requests of this run, and those whose pipelines are still pending. */
function covered(view: BranchView, last: Deployment | undefined): Deployment['mergeRequests'] {
  const unfinished = view.pending.length > 0 || last?.status === 'running' ? (last?.mergeRequests ?? []) : [];
  return [...new Set([...unfinished, ...view.mergeRequests.map((request) => request.iid)])];
}

/** What an earlier run of the same deployment did to pipelines that this run does not look at. */
function kept(before: readonly Item[], steps: readonly Step[]): readonly Item[] {
  const now = new Set(steps.map((step) => step.name));
  return before.filter((item) => !now.has(item.pipeline));
}

function snapshotsFor(settled: readonly Settled[]) {
  return settled.flatMap(({ step }) =>
    step.kind === 'update'
      ? [
          {
            pipeline: step.name,
            fingerprint: step.overwrites.fingerprint,
            config: writeConfig(step.name, step.overwrites.content),
          },
        ]
      : [],
  );
}

async function finish(
  ports: BranchPorts,
  run: {
    readonly view: BranchView;
    readonly decision: Deploy;
    readonly deployment: Deployment;
    /** Whether this is one more try at what an ended run left pending. */
    readonly retry: boolean;
    readonly before: readonly Item[];
    readonly items: readonly Item[];
    readonly alsoJobs: readonly DueJob[];
  },
): Promise<JobOutcome> {
  const { view, decision, deployment, items } = run;
  const finishedAt = ports.clock.now();
  const status = statusOf(items);
  const candidates = new Map(decision.candidates.map((candidate) => [candidate.name, candidate]));
  const pending = items.filter(isPending).flatMap(({ pipeline }) => {
    const { paths = [], base = view.from } = candidates.get(pipeline) ?? {};
    return paths.map((path) => ({ pipeline, path, base }));
  });
  const tries = pending.length === 0 ? 0 : decision.state.tries + 1;
  const report = run.retry && sameOutcome(run.before, items) ? [] : deploymentJobs(ports, run, finishedAt);
  const retry = pending.length === 0 ? [] : [retryJob(ports, view.key, tries)];
  await ports.store.close({
    key: view.key,
    deliveries: view.deliveries,
    state: { ...decision.state, tries },
    deployment: { id: deployment.id, status, finishedAt, pending },
    jobs: [...report, ...retry, ...run.alsoJobs],
  });
  ports.log.info('deployed', { status, items: items.length, pending: pending.length });
  return { kind: 'done' };
}

function deploymentJobs(
  ports: BranchPorts,
  run: {
    readonly view: BranchView;
    readonly decision: Deploy;
    readonly deployment: Deployment;
    readonly items: readonly Item[];
  },
  finishedAt: number,
): readonly DueJob[] {
  const deployment = { ...run.deployment, status: statusOf(run.items), finishedAt };
  const mailTo = [...new Set([...ports.settings.mailTo, ...run.decision.target.notify])];
  const report = { project: run.view.project, deployment, items: run.items };
  return deploymentReport(report, { ...ports.settings, mailTo }).map((job) => ({ job, dueAt: finishedAt }));
}

/** Whether a repeated run found everything as the run before left it: then there is nothing new to tell. */
function sameOutcome(before: readonly Item[], items: readonly Item[]): boolean {
  return before.length > 0 && JSON.stringify(sorted(before)) === JSON.stringify(sorted(items));
}

function sorted(items: readonly Item[]): readonly Item[] {
  return items.toSorted((one, other) => (one.pipeline < other.pipeline ? -1 : 1));
}
