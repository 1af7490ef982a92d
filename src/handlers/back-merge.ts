import type { AuditEntry } from '../domain/audit.ts';
import { backMergeBranch, backMergeTargets, directMerges, isHotfix } from '../domain/back-merge.ts';
import type { BranchView } from '../domain/branch-view.ts';
import { backMergeReport, type BackMerged } from '../domain/back-merge-report.ts';
import type { BackMergeJob, DueJob, JobOutcome } from '../domain/job.ts';
import type { Reason } from '../domain/reason.ts';
import { toComment } from '../domain/report-markdown.ts';
import { broughtChanges } from './brought-changes.ts';
import { notDone } from './not-done.ts';
import { openBackMerge } from './open-back-merge.ts';
import type { BranchPorts } from './ports.ts';
import { readMapping } from './view-branch.ts';

/** The jobs that a view of a branch leads to: one for each merge into production that came by no other branch. */
export function backMergeJobs({ clock }: Pick<BranchPorts, 'clock'>, view: BranchView): readonly DueJob[] {
  return directMerges(view).map((mergeRequest) => ({
    job: { kind: 'back-merge', projectId: view.project.id, mergeRequest, deliveries: view.deliveries },
    dueAt: clock.now(),
  }));
}

/**
 * Opens the merge requests that bring what was merged into production to the branches of the other roles that lack it, and tells of them on its own merge
 * request; where none lacks it, that is told of a hotfix alone. Run again, it finds what is there.
 */
export async function runBackMerge(ports: BranchPorts, job: BackMergeJob): Promise<JobOutcome> {
  const { gitlab, settings, clock, log } = ports;
  const project = await gitlab.project(job.projectId);
  if (!project.ok) return notDone(project.failure);
  if (!settings.serves(project.value.path)) return { kind: 'done' };
  const hotfix = await gitlab.merged(job.projectId, job.mergeRequest);
  if (!hotfix.ok) return notDone(hotfix.failure);
  if (hotfix.value === undefined) return { kind: 'done' };
  const mapping = await readMapping(ports, project.value);
  if (!mapping.ok) return notDone(mapping.failure);
  if (!mapping.value.ok)
    return { kind: 'again', reason: `the mapping file is ${mapping.value.failure.kind}` };
  const changes = await broughtChanges(ports, job.projectId, hotfix.value, ['config', 'code']);
  if (!changes.ok) return notDone(changes.failure);
  if (changes.value === undefined) return { kind: 'again', reason: 'GitLab does not tell what was merged' };

  const outcomes: BackMerged[] = [];
  for (const target of backMergeTargets(mapping.value.value)) {
    const branch = backMergeBranch(hotfix.value, target);
    const wish = { hotfix: hotfix.value, changes: changes.value, target, branch };
    const opened = await openBackMerge(ports, project.value, wish);
    if (!opened.ok && isPassing(opened.failure)) return notDone(opened.failure.failure);
    outcomes.push(opened.ok ? opened.value : { target, kind: 'failed', reason: opened.failure });
  }
  const isNews = outcomes.some(({ kind }) => kind === 'requested' || kind === 'failed');
  if (!isHotfix(hotfix.value) && !isNews) return { kind: 'done' };
  log.info('back-merge', { hotfix: hotfix.value.iid, branches: outcomes.length });
  const comment = {
    kind: 'comment',
    projectId: job.projectId,
    place: { kind: 'merge-request', iid: hotfix.value.iid },
    marker: 'aic-bot:back-merge',
    body: toComment(backMergeReport(hotfix.value, outcomes)),
  } as const;
  const { mergedBy: name, mergedById: id, iid, source, target } = hotfix.value;
  const entry: AuditEntry = {
    key: `back-merge:${job.projectId}:${iid}`,
    kind: 'back-merge',
    project: job.projectId,
    who: [{ id, name }],
    what: `back-merge of !${iid} (${source})`,
    where: target,
    reason: undefined,
    result: outcomes.map((each) => `${each.target}: ${toldOf(each)}`).join('; '),
    items: [],
    deliveries: job.deliveries ?? [],
  };
  await ports.store.record([entry], [{ job: comment, dueAt: clock.now() }]);
  return { kind: 'done' };
}

function toldOf(outcome: BackMerged): string {
  return outcome.kind === 'requested' ? `!${outcome.request.iid}` : outcome.kind;
}

function isPassing(reason: Reason): reason is Extract<Reason, { kind: 'upstream' }> {
  return reason.kind === 'upstream' && ['passing', 'stopped'].includes(reason.failure.reason);
}
