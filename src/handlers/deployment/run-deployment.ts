import type { Actor, AuditEntry } from '../../domain/audit/audit-log.ts';
import { deploymentAudit } from '../../domain/audit/deployment-entry.ts';
import {
  isPending,
  outcomeOf,
  statusOf,
  type Deployment,
  type EndedDeployment,
  type EndedItem,
} from '../../domain/deployment/deployment.ts';
import {
  deploymentReport,
  statusJob,
  type EndedFacts,
} from '../../domain/deployment/reports/deployment-report.ts';
import type { MergeRequest } from '../../domain/gitlab/merge-request.ts';
import type { Lacking } from '../../domain/deployment/gate/gate.ts';
import { pendingHeld, type Held } from '../../domain/deployment/gate/held.ts';
import type { DueJob } from '../../domain/jobs/job.ts';
import { withHolds } from '../../domain/deployment/rollback/hold.ts';
import { isAgreed, planStep, type Step } from '../../domain/deployment/plan/plan-step.ts';
import { unknownProvenance } from '../../domain/deployment/gate/provenance.ts';
import type { Pending, WorkspaceKey } from '../../domain/store/state.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';
import { backMergeJobs } from '../promotion/back-merge.ts';
import type { BranchPorts } from '../shared/ports.ts';
import { silent, startProgress } from './progress-comment.ts';
import { readVersions } from './read-versions.ts';
import { retryJob } from '../../domain/jobs/backoff.ts';
import { activeHolds } from './rollback/active-holds.ts';
import { gateJobs } from './gate/hold-deployment.ts';
import { behindGate, mergedBy, placesOf, requestsIn, scopeOf, takesUp, type Run } from './deployment-run.ts';
import { carryOutPlan } from './execute-plan.ts';
import { unfinishedCandidates } from './unfinished-candidates.ts';
import { keyOfWorkspace } from '../shared/workspace-key.ts';

/**
 * How a run ended. The next run takes the deployment up after `stopped`: the bot is shutting down, and after `not-yet`: GitLab does not tell what a run that was
 * cut off before has left to do.
 */
export type Ran =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'not-yet'; readonly failure: UpstreamFailure }
  | ({ readonly kind: 'ended' } & Omit<EndedFacts, 'project'>);

/**
 * One deployment: read the three versions, plan, write down, carry out, report. Ended by a stop or a crash it stays
 * `running`; the next run takes it up under the same number, and finds in the workspace what was done.
 * Once cancelled, it begins no further item.
 */
export async function runDeployment(ports: BranchPorts, run: Run): Promise<Ran> {
  const { view, decision, order, resumed } = run;
  const { store, clock, log } = ports;
  const workspaceKey = keyOfWorkspace(ports, view.project.id, decision.target);
  const last = resumed ?? (await store.lastDeployment(view.key));
  const again = takesUp(last, run, workspaceKey);
  const deployment = await store.begin({
    id: again?.id,
    key: view.key,
    workspace: workspaceKey,
    head: decision.at,
    places: placesOf(run, last?.deployment, again),
    by: order?.by ?? mergedBy(run) ?? again?.by,
    reason: order?.reason ?? again?.reason,
    request: order?.request,
    scope: scopeOf(run),
    startedAt: clock.now(),
  });
  if (again === undefined) await ports.jobs.add(recordJob(ports, deployment));
  const bound = { ...ports, log: log.with({ deployment: deployment.id }) };
  const before = again === undefined ? [] : (last?.items ?? []);
  // What is tried again by itself is told of only where it ends otherwise than before.
  const retry = again?.told !== undefined && order === undefined;
  const progress =
    retry || deployment.places.length === 0
      ? silent
      : startProgress(bound, view.project, deployment, again === undefined);

  const { at, target } = decision;
  const projectId = view.project.id;
  const unfinished = await unfinishedCandidates(bound, { ...decision, projectId }, before);
  if (!unfinished.ok) {
    await progress.ended();
    return { kind: 'not-yet', failure: unfinished.failure };
  }
  const candidates = [...decision.candidates, ...unfinished.value];
  const question = { project: view.project, candidates, at, from: view.from, target, before };
  const read = await readVersions(bound, question);
  if (read === 'stopped') {
    await progress.ended();
    return { kind: 'stopped' };
  }
  const steps = read.versions.map((versions) => planStep(versions, target.drift));
  const held = await heldBack(bound, run, steps);
  if (held === 'stopped') {
    await progress.ended();
    return { kind: 'stopped' };
  }
  const { workspace } = read;
  const agreed = new Set(read.versions.filter((one) => isAgreed(one)).map(({ name }) => name));
  const gated = behindGate(held.steps, run, agreed);
  const provenance = new Map(candidates.map(({ name, provenance: its }) => [name, its]));
  const plan = { deployment, steps: gated.steps, provenance, before, workspace, workspaceKey, progress };
  const items = await carryOutPlan(bound, plan);
  if (items === 'stopped') return { kind: 'stopped' };
  const { waits } = gated;
  return finish(bound, {
    ...run,
    decision: { ...decision, candidates },
    deployment,
    retry,
    items,
    waits,
    released: held.released,
    workspaceKey,
  });
}

/**
 * The steps with what was rolled back held back, and the holds that are over. An order with force ends them. While GitLab does not tell whether a revert was
 * merged, its pipelines stay held.
 */
async function heldBack(
  ports: BranchPorts,
  { view, order }: Run,
  steps: readonly Step[],
): Promise<{ readonly steps: readonly Step[]; readonly released: readonly string[] } | 'stopped'> {
  const known = await ports.store.holds(view.key);
  if (known.length === 0) return { steps, released: [] };
  if (order?.force === true) return { steps, released: steps.map(({ name }) => name) };
  const active = await activeHolds(ports, view.key);
  if (!active.ok && active.failure.reason === 'stopped') return 'stopped';
  const { holds, over } = active.ok ? active.value : { holds: known, over: [] };
  const held = withHolds(steps, holds);
  return { steps: held.steps, released: [...over.map(({ pipeline }) => pipeline), ...held.over] };
}

interface Finished extends Run {
  readonly deployment: Deployment;
  /** Whether this is one more try at what an ended run left pending. */
  readonly retry: boolean;
  readonly items: readonly EndedItem[];
  /** Pipelines that wait behind the gate. */
  readonly waits: ReadonlySet<string>;
  /** Pipelines that are held back no longer. */
  readonly released: readonly string[];
  readonly workspaceKey: WorkspaceKey;
}

async function finish(ports: BranchPorts, run: Finished): Promise<Ran> {
  const { view, decision, items } = run;
  const finishedAt = ports.clock.now();
  const status = statusOf(items);
  const deployment: EndedDeployment = { ...run.deployment, status, finishedAt };
  const pending = pendingAfter(run);
  const waits = pending.some(({ paused }) => !paused);
  const tries = waits ? decision.state.tries + 1 : 0;
  const told = await outcomeOf(items);
  const isNews = !run.retry || run.deployment.told !== told;
  const report = isNews ? deploymentJobs(ports, run, deployment) : [];
  await ports.store.close({
    key: view.key,
    deliveries: view.deliveries,
    state: { ...decision.state, tries, ...(pending.some(({ held }) => held) ? { gated: true } : {}) },
    deployment: { id: deployment.id, items, finishedAt, told, pending, released: run.released },
    jobs: [
      ...report,
      ...(waits ? [retryJob(ports, view.key, tries)] : []),
      ...gateJobs(ports, view, decision.target, { ...toldByComments(run), pending }),
      ...run.alsoJobs,
      ...backMergeJobs(ports, view),
    ],
    audit: isNews ? await auditOf(ports, run, deployment) : [],
  });
  ports.log.info('deployed', { status, items: items.length, pending: pending.length });
  return { kind: 'ended', deployment, items };
}

/** Of what the gate keeps back, what waits indeed, where its merge requests are told by comments of their own. */
function toldByComments({ held, lacking, waits }: Finished): {
  readonly held: readonly Held[];
  readonly lacking: readonly Lacking[];
} {
  if (lacking === undefined) return { held: [], lacking: [] };
  return { held: held.filter(({ candidate }) => waits.has(candidate.name)), lacking };
}

async function auditOf(
  { store }: BranchPorts,
  run: Finished,
  deployment: Deployment,
): Promise<readonly AuditEntry[]> {
  const { view, items, order, workspaceKey } = run;
  const names = items.map(({ pipeline }) => pipeline);
  const baselines = await store.baselines(workspaceKey, names);
  return deploymentAudit({
    deployment,
    items,
    who: order === undefined ? mergersOf(requestsIn(run), deployment) : [{ id: order.byId, name: order.by }],
    before: await store.overwritten(deployment.id),
    after: new Map([...baselines].map(([name, { fingerprint }]) => [name, fingerprint])),
    deliveries: [...view.deliveries, ...(order?.deliveries ?? [])],
  });
}

/** Who merged what is deployed; of one more try at it only the names are kept. */
function mergersOf(requests: readonly MergeRequest[], { by }: Deployment): readonly Actor[] {
  if (requests.length === 0) return by === undefined ? [] : [{ id: undefined, name: by }];
  return requests.map(({ mergedBy: name, mergedById: id }) => ({ id, name }));
}

/** What this run could not deploy, what is held, and what was pending and not looked at. */
function pendingAfter({ view, decision, items, waits, left = [], resumed }: Finished): readonly Pending[] {
  const candidates = new Map(decision.candidates.map((candidate) => [candidate.name, candidate]));
  const stuck = items
    .filter((item) => isPending(item) && !waits.has(item.pipeline))
    .flatMap(({ pipeline, state }) => {
      const { paths = [], base = view.from, provenance = unknownProvenance } = candidates.get(pipeline) ?? {};
      const paused =
        state.kind === 'blocked' &&
        (state.reason.kind === 'cancelled' || state.reason.kind === 'rolled-back');
      return paths.map((path) => ({ pipeline, path, base, paused, held: false, provenance }));
    });
  const held = [
    ...(resumed?.scope?.held ?? []),
    ...pendingHeld([...decision.candidates.filter(({ name }) => waits.has(name)), ...left], view.from),
  ];
  const known = new Set([...candidates.keys(), ...held.map(({ pipeline }) => pipeline)]);
  return [...view.pending.filter(({ pipeline }) => !known.has(pipeline)), ...stuck, ...held];
}

function deploymentJobs(
  ports: BranchPorts,
  { view, decision, items }: Finished,
  deployment: EndedDeployment,
): readonly DueJob[] {
  const mailTo = [...new Set([...ports.settings.mailTo, ...decision.target.notify])];
  const report = { project: view.project, deployment, items };
  const dueAt = deployment.finishedAt;
  const told = [...deploymentReport(report, { ...ports.settings, mailTo }), statusJob(report)];
  return [...told.map((job) => ({ job, dueAt })), recordJob(ports, deployment)];
}

/** The job that makes GitLab's record of a deployment tell how it stands. */
export function recordJob(
  { clock }: Pick<BranchPorts, 'clock'>,
  { id, projectId, branch }: Deployment,
): DueJob {
  return { job: { kind: 'record', projectId, branch, deployment: id }, dueAt: clock.now() };
}
