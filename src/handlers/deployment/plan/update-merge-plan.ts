import type { MappingProblem } from '../../../domain/deployment/decide-deployment.ts';
import type { MergeRequest } from '../../../domain/gitlab/merge-request.ts';
import type { Project } from '../../../domain/gitlab/project.ts';
import {
  planJob,
  type DueJob,
  type Job,
  type JobOutcome,
  type PlanJob,
  type StatusJob,
} from '../../../domain/jobs/job.ts';
import type { Mapping } from '../../../domain/mapping/mapping.ts';
import {
  mergePlanReport,
  noLongerNeeded,
  noPlanReport,
  outdated,
  planVerdict,
  type ShowablePlan,
} from '../../../domain/deployment/plan/merge-plan-report.ts';
import type { ShownPlan } from '../../../domain/store/shown-plans.ts';
import { toComment, toComments } from '../../../domain/report/markdown.ts';
import type { Result } from '../../../domain/shared/result.ts';
import { refusalFor } from '../../commands/verbs/embed.ts';
import { embedCode } from '../../push/embed-code.ts';
import { notDone, notYet } from '../../jobs/job-outcome.ts';
import { isPlanned, planMerge } from './compute-merge-plan.ts';
import type { BranchPorts } from '../../shared/ports.ts';
import { readMapping } from '../load-branch-view.ts';

/** GitLab tells a merge request's new head some moments after the push. */
const untilHeadMovedMs = 5_000;

/**
 * Shows on a merge request what merging it would do, as one comment that is kept up to date, and as a commit status. Whatever woke this up, the merge request as
 * it is now tells whether there is anything to do: a plan of the same commits into the same branch stays as it is.
 */
export async function planRequest(ports: BranchPorts, job: PlanJob): Promise<JobOutcome> {
  const { gitlab, store, settings } = ports;
  const project = await gitlab.project(job.projectId);
  if (!project.ok) return notDone(project.failure);
  if (!settings.serves(project.value.path)) return { kind: 'done' };
  const shown = await store.shownPlan(job.projectId, job.mergeRequest);
  const asked = await gitlab.mergeRequest(job.projectId, job.mergeRequest);
  if (!asked.ok) return notYet(asked.failure);
  const request = asked.value;
  if (request === undefined || request.state !== 'opened') {
    if (shown !== undefined) await store.savePlan(job.projectId, job.mergeRequest, undefined, []);
    return { kind: 'done' };
  }
  // Whoever may open one from a fork need not be a member: what a workspace holds is shown to them when a member asks for it.
  if (request.isDraft || request.fromFork || isShown(shown, request)) return { kind: 'done' };
  const mapping = await readMapping(ports, project.value);
  if (!mapping.ok) return notYet(mapping.failure);
  return makeAndShow(ports, { project: project.value, mapping: mapping.value, request, shown });
}

/** Whether the merge request shows the plan of what it is now. */
export function isShown(shown: ShownPlan | undefined, { head, target }: MergeRequest): boolean {
  return shown !== undefined && shown.head === head && shown.target === target;
}

interface Wanted {
  readonly project: Project;
  readonly mapping: Result<Mapping, MappingProblem>;
  readonly request: MergeRequest;
  readonly shown: ShownPlan | undefined;
}

async function makeAndShow(ports: BranchPorts, wanted: Wanted): Promise<JobOutcome> {
  const { project, mapping, request, shown } = wanted;
  if (!isPlanned(project, mapping, request.target)) {
    if (shown !== undefined) await takeBack(ports, wanted, shown);
    return { kind: 'done' };
  }
  if (shown !== undefined) await markOutdated(ports, wanted, shown);
  if (await hasEmbedded(ports, wanted)) return { kind: 'done' };
  const planned = await planMerge(ports, { project, mapping, request, pipelines: [] });
  if (!planned.ok) return notYet(planned.failure);
  switch (planned.value.kind) {
    case 'unmapped':
      if (shown !== undefined) await takeBack(ports, wanted, shown);
      return { kind: 'done' };
    case 'not-ready':
      return { kind: 'again', reason: 'GitLab does not know yet what the merge request changes' };
    case 'plan':
    case 'no-mapping':
    case 'mends-mapping':
    case 'rules':
      await showPlan(ports, { ...wanted, planned: planned.value });
      return { kind: 'done' };
  }
}

/**
 * Where the mapping file wants it, writes edited code into the configs that the merge request leaves alone; the plan is then of the new commit. What
 * can't be embedded the plan tells.
 */
async function hasEmbedded(ports: BranchPorts, { project, mapping, request }: Wanted): Promise<boolean> {
  if (!mapping.ok || mapping.value.embed !== 'auto' || refusalFor(mapping.value, request) !== undefined)
    return false;
  const id = `embed:${project.id}:${request.iid}:${request.head}`;
  const wish = { project, request, pipelines: [], onlyUnchangedConfigs: true, by: 'the mapping file', id };
  const done = await embedCode(ports, wish);
  if (!done.ok || done.value.kind !== 'embedded' || done.value.commits.length === 0) return false;
  const job = planJob({ projectId: project.id, mergeRequest: request.iid });
  await ports.jobs.add({ job, dueAt: ports.clock.now() + untilHeadMovedMs });
  return true;
}

/** Remembers a plan, and has its comments and its commit status written. */
export async function showPlan(
  { store, clock }: Pick<BranchPorts, 'store' | 'clock'>,
  { project, request, shown, planned }: Omit<Wanted, 'mapping'> & { readonly planned: ShowablePlan },
): Promise<void> {
  const { head, target, iid } = request;
  if (head === undefined) return;
  const bodies = toComments(mergePlanReport(planned));
  const pipelines = planned.kind === 'plan' ? planned.own : [];
  await store.savePlan(
    project.id,
    iid,
    { head, target, pipelines, bodies },
    [
      ...commentsOfPlan(project, request, bodies, shown),
      ...planStatus(project, request, planVerdict(planned)),
    ].map((job): DueJob => ({ job, dueAt: clock.now() })),
  );
}

/** The comments of a plan, which take the place of those of the plan that is shown. */
export function commentsOfPlan(
  project: Project,
  request: MergeRequest,
  bodies: readonly string[],
  shown: ShownPlan | undefined,
): readonly Job[] {
  const left = (shown?.bodies.slice(bodies.length) ?? []).map(() => noLongerNeeded);
  return commentsOf(project, request, [...bodies, ...left]);
}

/** The status of the merge request's head. */
export function planStatus(
  project: Project,
  { head, source, webUrl, pipeline }: MergeRequest,
  verdict: Pick<StatusJob, 'state' | 'description'>,
): readonly Job[] {
  if (head === undefined) return [];
  return [
    {
      kind: 'status',
      projectId: project.id,
      commit: head,
      ref: source,
      name: 'aic-bot/plan',
      ...verdict,
      targetUrl: webUrl,
      ...(pipeline === undefined ? {} : { pipeline: pipeline.id }),
    },
  ];
}

/** A merge request that goes into another branch now, which is not deployed. */
async function takeBack(
  { store, clock }: BranchPorts,
  { project, request }: Wanted,
  shown: ShownPlan,
): Promise<void> {
  const bodies = [
    toComment(noPlanReport(request.target)),
    ...shown.bodies.slice(1).map(() => noLongerNeeded),
  ];
  const jobs = commentsOf(project, request, bodies);
  await store.savePlan(
    project.id,
    request.iid,
    undefined,
    jobs.map((job) => ({ job, dueAt: clock.now() })),
  );
}

function commentsOf(project: Project, { iid }: MergeRequest, bodies: readonly string[]): readonly Job[] {
  return bodies.map((body, index) => ({
    kind: 'comment',
    projectId: project.id,
    place: { kind: 'merge-request', iid },
    marker: markerOf(index),
    body,
  }));
}

/** The hidden texts by which a plan's comments are found again. */
function markerOf(index: number): string {
  return index === 0 ? 'aic-bot:plan' : `aic-bot:plan:${index + 1}`;
}

/** What can't be marked is not: the new plan replaces it in any case. */
async function markOutdated(
  { gitlab, log }: BranchPorts,
  { project, request }: Wanted,
  shown: ShownPlan,
): Promise<void> {
  const [body = ''] = shown.bodies;
  const place = { kind: 'merge-request', iid: request.iid } as const;
  const comment = { marker: markerOf(0), body: `${outdated}\n\n${body}` };
  const marked = await gitlab.putComment(project.id, place, comment, false);
  if (!marked.ok) log.warn('plan not marked as outdated', { said: marked.failure.said });
}
