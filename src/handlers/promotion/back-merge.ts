import type { RequestAsker } from '../../domain/deployment/gate/approval.ts';
import type { AuditEntry } from '../../domain/audit/audit-log.ts';
import {
  arrivalOfMerge,
  arrivalOfPush,
  backMergeBranch,
  backMergeTargets,
  directMerges,
  isDirectPush,
  type Arrival,
} from '../../domain/promotion/back-merge.ts';
import type { BranchView } from '../../domain/deployment/decide-deployment.ts';
import { backMergeReport, type BackMerged } from '../../domain/promotion/back-merge-report.ts';
import type { MergeRequest } from '../../domain/gitlab/merge-request.ts';
import type { GitLabResult, Project } from '../../domain/gitlab/project.ts';
import type { ProjectId } from '../../domain/shared/ids.ts';
import type { BackMergeJob, DueJob, JobOutcome } from '../../domain/jobs/job.ts';
import type { Reason } from '../../domain/report/reason.ts';
import { ok } from '../../domain/shared/result.ts';
import { toComment } from '../../domain/report/markdown.ts';
import { broughtChanges, type BroughtChanges } from '../deployment/merged-changes.ts';
import { notDone } from '../jobs/job-outcome.ts';
import { openBackMerge } from './open-back-merge.ts';
import type { BranchPorts } from '../shared/ports.ts';
import { readMapping } from '../deployment/load-branch-view.ts';

/** The jobs that a view of a branch leads to: one for each merge into production that came by no other branch, or for a push that is deployed. */
export function backMergeJobs({ clock }: Pick<BranchPorts, 'clock'>, view: BranchView): readonly DueJob[] {
  const { project, key, deliveries, from: before, head: after } = view;
  const common = { kind: 'back-merge', projectId: project.id, deliveries } as const;
  const jobs: readonly BackMergeJob[] = isDirectPush(view)
    ? [{ ...common, mergeRequest: undefined, push: { branch: key.branch, before, after } }]
    : directMerges(view).map((mergeRequest) => ({ ...common, mergeRequest }));
  return jobs.map((job) => ({ job, dueAt: clock.now() }));
}

/**
 * Opens the merge requests that bring what came into production to the branches of the other roles that lack it, and tells of them where it came from; where
 * none lacks it, that is told of a hotfix alone. Run again, it finds what is there.
 */
export async function runBackMerge(ports: BranchPorts, job: BackMergeJob): Promise<JobOutcome> {
  const { gitlab, settings, clock, log } = ports;
  const project = await gitlab.project(job.projectId);
  if (!project.ok) return notDone(project.failure);
  if (!settings.serves(project.value.path)) return { kind: 'done' };
  const came = await arrivalOf(ports, project.value, job);
  if (!came.ok) return notDone(came.failure);
  if (came.value === undefined) return { kind: 'done' };
  const { arrival, changes, request } = came.value;
  const mapping = await readMapping(ports, project.value);
  if (!mapping.ok) return notDone(mapping.failure);
  if (!mapping.value.ok)
    return { kind: 'again', reason: `the mapping file is ${mapping.value.failure.kind}` };
  if (changes === undefined) return { kind: 'again', reason: 'GitLab does not tell what was merged' };

  const makers = await makersOf(ports, job.projectId, request);
  const outcomes: BackMerged[] = [];
  for (const target of backMergeTargets(mapping.value.value)) {
    const branch = backMergeBranch(arrival, target);
    const opened = await openBackMerge(ports, project.value, { arrival, changes, target, branch });
    if (!opened.ok && isPassing(opened.failure)) return notDone(opened.failure.failure);
    if (opened.ok && opened.value.kind === 'requested')
      await ports.store.saveAskers(job.projectId, opened.value.request.iid, makers);
    outcomes.push(opened.ok ? opened.value : { target, kind: 'failed', reason: opened.failure });
  }
  const isNews = outcomes.some(({ kind }) => kind === 'requested' || kind === 'failed');
  if (!arrival.isHotfix && !isNews) return { kind: 'done' };
  log.info('back-merge', { source: arrival.source, branches: outcomes.length });
  const comment = {
    kind: 'comment',
    projectId: job.projectId,
    place: arrival.place,
    marker: 'aic-bot:back-merge',
    body: toComment(backMergeReport(arrival, outcomes)),
  } as const;
  const entry: AuditEntry = {
    key: `back-merge:${job.projectId}:${arrival.id}`,
    kind: 'back-merge',
    project: job.projectId,
    who: [arrival.by],
    what: `back-merge of ${arrival.place.kind === 'commit' ? arrival.id : `!${arrival.id}`} (${arrival.source})`,
    where: arrival.production,
    reason: undefined,
    result: outcomes.map((each) => `${each.target}: ${toldOf(each)}`).join('; '),
    items: [],
    deliveries: job.deliveries ?? [],
  };
  await ports.store.record([entry], [{ job: comment, dueAt: clock.now() }]);
  return { kind: 'done' };
}

interface Came {
  readonly arrival: Arrival;
  /** Undefined where GitLab does not tell. */
  readonly changes: BroughtChanges | undefined;
  /** Undefined for a push. */
  readonly request: MergeRequest | undefined;
}

/** Who made what a merge request brought: they count as those who asked for its back-merge, and do not approve it. Nobody is known of a push. */
async function makersOf(
  { store }: Pick<BranchPorts, 'store'>,
  project: ProjectId,
  request: MergeRequest | undefined,
): Promise<readonly RequestAsker[]> {
  if (request === undefined) return [];
  const { iid, author, mergedBy: username, mergedById: id } = request;
  return [
    ...(await store.askersOf(project, iid)),
    ...(author === undefined ? [] : [author]),
    ...(id === undefined || username === undefined ? [] : [{ id, username }]),
  ];
}

/** What came into production, as GitLab has it now; undefined where it is no merged merge request. */
async function arrivalOf(
  ports: BranchPorts,
  project: Project,
  { mergeRequest, push }: BackMergeJob,
): Promise<GitLabResult<Came | undefined>> {
  const folders = ['config', 'code'];
  if (push !== undefined) {
    const { branch, before, after } = push;
    const changes = await ports.gitlab.changes(project.id, before, after, folders);
    if (!changes.ok) return changes;
    const { value } = changes;
    const brought = value === undefined ? undefined : { before, after, paths: value.paths };
    return ok({ arrival: arrivalOfPush(project, branch, after), changes: brought, request: undefined });
  }
  const merged =
    mergeRequest === undefined ? ok(undefined) : await ports.gitlab.merged(project.id, mergeRequest);
  if (!merged.ok) return merged;
  if (merged.value === undefined) return ok(undefined);
  const changes = await broughtChanges(ports, project.id, merged.value, folders);
  if (!changes.ok) return changes;
  return ok({ arrival: arrivalOfMerge(merged.value), changes: changes.value, request: merged.value });
}

function toldOf(outcome: BackMerged): string {
  return outcome.kind === 'requested' ? `!${outcome.request.iid}` : outcome.kind;
}

function isPassing(reason: Reason): reason is Extract<Reason, { kind: 'upstream' }> {
  return reason.kind === 'upstream' && ['passing', 'stopped'].includes(reason.failure.reason);
}
