import type { GitLabResult } from '../../../domain/gitlab/project.ts';
import type { Hold } from '../../../domain/deployment/rollback/hold.ts';
import { ok } from '../../../domain/shared/result.ts';
import type { BranchKey } from '../../../domain/store/state.ts';
import type { BranchPorts } from '../../shared/ports.ts';

/** What is held back on a branch, and what is no longer since its merge request was merged. GitLab is asked only where something is held. */
export async function activeHolds(
  { gitlab, store }: Pick<BranchPorts, 'gitlab' | 'store'>,
  key: BranchKey,
): Promise<GitLabResult<{ readonly holds: readonly Hold[]; readonly over: readonly Hold[] }>> {
  const all = await store.holds(key);
  const merged = new Set<number>();
  for (const request of new Set(all.flatMap((hold) => hold.request ?? []))) {
    const shown = await gitlab.merged(key.projectId, request);
    if (!shown.ok) return shown;
    if (shown.value !== undefined) merged.add(request);
  }
  const isOver = ({ request }: Hold) => request !== undefined && merged.has(request);
  return ok({ holds: all.filter((hold) => !isOver(hold)), over: all.filter(isOver) });
}
