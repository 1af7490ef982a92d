import type { MergeRequest } from '../../../domain/gitlab/merge-request.ts';
import type { GitLabResult, Project } from '../../../domain/gitlab/project.ts';
import { ok } from '../../../domain/shared/result.ts';
import type { BranchPorts } from '../../shared/ports.ts';

/** So many others are asked after. */
const mostAsked = 20;

/**
 * The other open merge requests into the branch that change the same pipelines, by pipeline. The bot knows them by the plans that it made; GitLab is asked
 * only after those that have a pipeline in common.
 */
export async function otherRequests(
  { gitlab, store }: BranchPorts,
  {
    project,
    branch,
    request,
    pipelines,
  }: {
    readonly project: Project;
    readonly branch: string;
    readonly request: MergeRequest;
    readonly pipelines: ReadonlyMap<string, unknown>;
  },
): Promise<GitLabResult<ReadonlyMap<string, readonly MergeRequest[]>>> {
  const found = new Map<string, MergeRequest[]>();
  const overlapping = [...(await store.plansInto(project.id, branch))].filter(
    ([iid, plan]) => iid !== request.iid && plan.pipelines.some((name) => pipelines.has(name)),
  );
  for (const [iid, plan] of overlapping.slice(-mostAsked)) {
    const other = await gitlab.mergeRequest(project.id, iid);
    if (!other.ok) return other;
    if (other.value?.state !== 'opened' || other.value.target !== branch) continue;
    for (const name of plan.pipelines) {
      if (!pipelines.has(name)) continue;
      found.set(name, [...(found.get(name) ?? []), other.value]);
    }
  }
  return ok(found);
}
