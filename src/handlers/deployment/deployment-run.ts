import type { BranchView, Candidate, Decision } from '../../domain/deployment/decide-deployment.ts';
import type { WorkspaceName } from '../../domain/aic/aic.ts';
import type { Deployment } from '../../domain/deployment/deployment.ts';
import type { MergeRequest } from '../../domain/gitlab/merge-request.ts';
import { pendingHeld, type Held } from '../../domain/deployment/gate/held.ts';
import type { Lacking } from '../../domain/deployment/gate/gate.ts';
import type { MergeRequestIid } from '../../domain/shared/ids.ts';
import type { DueJob } from '../../domain/jobs/job.ts';
import type { Order } from '../../domain/deployment/deploy-request.ts';
import { placeName, type Place } from '../../domain/gitlab/comment-location.ts';
import type { Step } from '../../domain/deployment/plan/plan-step.ts';
import type { Scope } from '../../domain/store/store.ts';
import type { BranchPorts } from '../shared/ports.ts';
import { isSameWorkspace } from '../shared/workspace-key.ts';

type Deploy = Extract<Decision, { kind: 'deploy' }>;

/** What is deployed, and for whom. */
export interface Run {
  readonly view: BranchView;
  readonly decision: Deploy;
  /** The merge requests that it came from. */
  readonly requests: readonly MergeRequest[];
  /** Of the candidates, those that the gate keeps back. */
  readonly held: readonly Held[];
  /** What merge requests lack, where they are told it by comments of their own. */
  readonly lacking?: readonly Lacking[];
  readonly alsoJobs: readonly DueJob[];
  /** Undefined when a merge, or what it left pending, is deployed by itself. */
  readonly order: Order | undefined;
  /** What changed and is not ordered, where the branch's record passes it. */
  readonly left?: readonly Candidate[];
  /** The deployment that was cut off, which this run brings to its end. */
  readonly resumed?: LastDeployment;
}

export type LastDeployment = NonNullable<Awaited<ReturnType<BranchPorts['store']['lastDeployment']>>>;

/** What is settled at the beginning. What is held is not part of it, but is not forgotten at the end either. */
export function scopeOf(run: Run): Scope {
  const { view, decision, held, left = [], order, resumed } = run;
  if (resumed?.scope !== undefined) return resumed.scope;
  return {
    from: view.from,
    candidates: openIn(run),
    held: pendingHeld([...held.map(({ candidate }) => candidate), ...left], view.from),
    force: order?.force === true,
    state: decision.state,
  };
}

/**
 * The steps without those that the gate keeps back, and the pipelines that wait for it. Of an order, and of what was cut off, each of them is told; what would write nothing, or what
 * the bot brought there before, waits for nothing.
 */
export function behindGate(
  steps: readonly Step[],
  { held, order, resumed }: Run,
  agreed: ReadonlySet<string>,
): { readonly steps: readonly Step[]; readonly waits: ReadonlySet<string> } {
  const waits = new Map(held.map((one) => [one.candidate.name, one.waits]));
  const kept = new Set(
    steps
      .filter(({ name, kind }) => waits.has(name) && isKept(kind) && !agreed.has(name))
      .map(({ name }) => name),
  );
  const open = steps.filter(({ name }) => !kept.has(name));
  if (order === undefined && resumed === undefined) return { steps: open, waits: kept };
  const blocked = [...kept].map((name): Step => ({
    kind: 'blocked',
    name,
    reason: { kind: 'held', waits: waits.get(name) ?? [] },
  }));
  return { steps: [...open, ...blocked], waits: kept };
}

export function mergedBy(run: Run): string | undefined {
  const names = new Set(requestsIn(run).flatMap((request) => request.mergedBy ?? []));
  return names.size === 0 ? undefined : [...names].join(', ');
}

/**
 * The deployment that this run continues: one that was cut off, one of an older version that did not note what it was about, or one whose pending items
 * are tried again in the same workspace.
 */
export function takesUp(
  last: LastDeployment | undefined,
  { view, decision, order, resumed }: Run,
  workspace: WorkspaceName,
): Deployment | undefined {
  if (last === undefined || last.deployment.rollsBack !== undefined) return undefined;
  if (resumed !== undefined) return resumed.deployment;
  const { deployment, items } = last;
  if (!isSameWorkspace(deployment.workspace, workspace)) return undefined;
  if (deployment.status === 'running') return deployment;
  if (deployment.head !== decision.at || order?.kind === 'deploy' || view.mergeRequests.length > 0)
    return undefined;
  const tried = new Set(items.map(({ pipeline }) => pipeline));
  return decision.candidates.every(({ name }) => tried.has(name)) ? deployment : undefined;
}

/** The merge requests that its pipelines came from, and where its order was given. What can't be traced concerns all that the range brought. */
export function placesOf(
  run: Run,
  last: Deployment | undefined,
  again: Deployment | undefined,
): readonly Place[] {
  const { view, order } = run;
  const isUntraced = openIn(run).some(({ provenance }) => provenance?.isUnknown === true);
  const places: readonly Place[] = [
    ...(again?.places ?? []),
    ...(isUntraced && view.pending.length > 0 && order === undefined ? (last?.places ?? []) : []),
    // The thread that it was ordered in stands for its merge request.
    ...broughtBy(run)
      .filter((iid) => order?.place?.kind !== 'merge-request' || order.place.iid !== iid)
      .map((iid): Place => ({ kind: 'merge-request', iid })),
    ...(order?.place === undefined ? [] : [order.place]),
  ];
  return [...new Map(places.map((place) => [placeName(place), place])).values()];
}

/** The merge requests that what is not held came from. */
function broughtBy(run: Run): readonly MergeRequestIid[] {
  const open = openIn(run);
  const traced = open.flatMap(({ provenance }) => provenance?.mergeRequests ?? []);
  const isUntraced = open.some(({ provenance }) => provenance?.isUnknown === true);
  const all = isUntraced ? [...traced, ...run.view.mergeRequests.map(({ iid }) => iid)] : traced;
  return [...new Set(all)].toSorted((one, other) => one - other);
}

function openIn({ decision, held }: Pick<Run, 'decision' | 'held'>): readonly Candidate[] {
  const names = new Set(held.map(({ candidate }) => candidate.name));
  return decision.candidates.filter(({ name }) => !names.has(name));
}

/** Those of them that are known. */
export function requestsIn(run: Run): readonly MergeRequest[] {
  const own = new Set(broughtBy(run));
  return run.requests.filter(({ iid }) => own.has(iid));
}

/** Whether the gate keeps a step back: what writes nothing needs no review. */
export function isKept(step: Step['kind']): boolean {
  return step !== 'unchanged' && step !== 'left' && step !== 'gone';
}
