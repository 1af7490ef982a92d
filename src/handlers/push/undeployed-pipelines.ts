import type { CommitSha } from '../../domain/shared/ids.ts';
import { pipelineFilesIn } from '../../domain/pipeline/files-by-pipeline.ts';
import { isConfigPath } from '../../domain/pipeline/config-path.ts';
import { asReason, type Reason } from '../../domain/report/reason.ts';
import { ok, type Result } from '../../domain/shared/result.ts';
import type { BranchKey } from '../../domain/store/state.ts';
import type { BranchPorts } from '../shared/ports.ts';

/**
 * The pipelines of which a branch holds something that its workspace never had: what is pending, and what came since the last deployed
 * commit, such as a push without a merge request. Nothing is known of a branch that was never deployed or pushed to.
 * @param head the branch's head
 */
export async function undeployed(
  { gitlab, store }: Pick<BranchPorts, 'gitlab' | 'store'>,
  key: BranchKey,
  head: CommitSha,
): Promise<Result<ReadonlySet<string>, Reason>> {
  const [state, pending] = [await store.branch(key), await store.pending(key)];
  const waiting = new Set(pending.map(({ pipeline }) => pipeline));
  if (state === undefined || state.deployed === head) return ok(waiting);
  const files = async (at: CommitSha) => asReason(await gitlab.files(key.projectId, at, ['config']));
  const [then, now] = await Promise.all([files(state.deployed), files(head)]);
  if (!then.ok) return then;
  if (!now.ok) return now;
  for (const [pipeline, paths] of pipelineFilesIn(now.value)) {
    if (paths.some((path) => isConfigPath(path) && then.value.get(path) !== now.value.get(path))) {
      waiting.add(pipeline);
    }
  }
  return ok(waiting);
}
