import type { GitLabResult, Project } from '../../../domain/gitlab/project.ts';
import { planJob, type DueJob } from '../../../domain/jobs/job.ts';
import { ok } from '../../../domain/shared/result.ts';
import { isPlanned } from './compute-merge-plan.ts';
import { isShown } from './update-merge-plan.ts';
import type { BranchPorts } from '../../shared/ports.ts';
import { readMapping } from '../load-branch-view.ts';

/** Has those open merge requests planned that show no plan of what they are now, because no webhook told of them. */
export async function planMissed(ports: BranchPorts, project: Project): Promise<GitLabResult<void>> {
  const { gitlab, store, jobs, clock } = ports;
  const open = await gitlab.openRequests(project.id);
  if (!open.ok) return open;
  const candidates = open.value.filter(({ isDraft, fromFork }) => !isDraft && !fromFork);
  if (candidates.length === 0) return ok(undefined);
  const mapping = await readMapping(ports, project);
  if (!mapping.ok) return mapping;
  const missed: DueJob[] = [];
  for (const request of candidates) {
    if (!isPlanned(project, mapping.value, request.target)) continue;
    const shown = await store.shownPlan(project.id, request.iid);
    if (isShown(shown, request)) continue;
    const job = planJob({ projectId: project.id, mergeRequest: request.iid });
    missed.push({ job, dueAt: clock.now() });
  }
  if (missed.length > 0) await jobs.add(...missed);
  return ok(undefined);
}
