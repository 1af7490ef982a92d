import { commandLines } from '../../../domain/commands/find-commands.ts';
import { frozenUntil, unclearPeriod } from '../../../domain/mapping/freeze-window.ts';
import { missingIn, type Gate, type Lacking } from '../../../domain/deployment/gate/gate.ts';
import type { MergeRequest } from '../../../domain/gitlab/merge-request.ts';
import type { GitLabResult } from '../../../domain/gitlab/project.ts';
import type { ProjectId } from '../../../domain/shared/ids.ts';
import type { WorkspaceTarget } from '../../../domain/mapping/mapping.ts';
import { ok } from '../../../domain/shared/result.ts';
import type { BranchPorts } from '../../shared/ports.ts';

/** Whether what these merge requests brought may be deployed to the workspace now. GitLab is asked of reviews only where the mapping file requires one. */
export async function checkGate(
  { gitlab, store, clock }: Pick<BranchPorts, 'gitlab' | 'store' | 'clock'>,
  project: ProjectId,
  target: WorkspaceTarget,
  mergeRequests: readonly MergeRequest[],
): Promise<GitLabResult<Gate>> {
  const periods = await gitlab.freezePeriods(project);
  if (!periods.ok) return periods;
  const frozen = frozenUntil([...target.freeze, ...periods.value], clock.now());
  if (frozen !== undefined) return ok({ kind: 'frozen', frozen });
  const period = unclearPeriod(periods.value, clock.now());
  if (period !== undefined) return ok({ kind: 'unclear', period });
  if (target.require.length === 0) return ok({ kind: 'open' });
  const lacking: Lacking[] = [];
  for (const request of mergeRequests) {
    const review = await gitlab.review(project, request.iid, target.require);
    if (!review.ok) return review;
    const isCommand = (comment: string) =>
      comment.split(/\r\n?|\n/).filter((line) => line.trim() !== '').length === commandLines(comment).length;
    const askers = await store.askersOf(project, request.iid);
    const missing = missingIn(review.value ?? {}, target.require, askers, isCommand);
    if (missing.length > 0) lacking.push({ request, missing });
  }
  return ok(lacking.length === 0 ? { kind: 'open' } : { kind: 'held', lacking });
}
