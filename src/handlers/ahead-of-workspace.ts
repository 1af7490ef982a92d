import { configPath, isConfigPath } from '../domain/config-path.ts';
import type { CommitSha } from '../domain/ids.ts';
import { pipelineFilesIn } from '../domain/pipeline-files.ts';
import type { Promotion } from '../domain/promotion.ts';
import { asReason, type Reason } from '../domain/reason.ts';
import { fail, ok, type Result } from '../domain/result.ts';
import type { CommandContext } from './command-context.ts';

/**
 * The chosen pipelines of which the target holds something that its workspace never had: what is pending, and what came since the last deployed
 * commit, such as a push without a merge request. Nothing is known of a branch that was never deployed or pushed to.
 */
export async function aheadOfWorkspace(
  { ports, project }: CommandContext,
  { target, pipelines }: Promotion,
): Promise<Result<readonly string[], Reason>> {
  const key = { projectId: project.id, branch: target };
  const [state, pending] = [await ports.store.branch(key), await ports.store.pending(key)];
  const head = asReason(await ports.gitlab.head(project.id, target));
  if (!head.ok) return head;
  if (head.value === undefined) return fail({ kind: 'no-branch', branch: target });
  const waiting = new Set(pending.map(({ pipeline }) => pipeline));
  if (state === undefined || state.deployed === head.value) {
    return ok(pipelines.filter((pipeline) => waiting.has(pipeline)));
  }
  const files = async (at: CommitSha) => asReason(await ports.gitlab.files(project.id, at, ['config']));
  const [then, now] = await Promise.all([files(state.deployed), files(head.value)]);
  if (!then.ok) return then;
  if (!now.ok) return now;
  const here = pipelineFilesIn(now.value);
  return ok(
    pipelines.filter((pipeline) => {
      const path = here.get(pipeline)?.find(isConfigPath) ?? configPath(pipeline);
      return waiting.has(pipeline) || then.value.get(path) !== now.value.get(path);
    }),
  );
}
