import type { Candidate } from '../../domain/deployment/decide-deployment.ts';
import { configPath, pipelineName } from '../../domain/pipeline/config-path.ts';
import { unfinishedItems, type Item } from '../../domain/deployment/deployment.ts';
import type { GitLabResult } from '../../domain/gitlab/project.ts';
import type { CommitSha, ProjectId } from '../../domain/shared/ids.ts';
import { ok } from '../../domain/shared/result.ts';
import type { BranchPorts } from '../shared/ports.ts';

/**
 * What a run that was cut off left unfinished and the branch no longer brings by itself: a revert may have come meanwhile. Its deployment can't end before
 * the workspace holds what the branch has of it. The files are those at the commit; costs one call, and none where there is nothing of the kind.
 */
export async function unfinishedCandidates(
  { gitlab }: Pick<BranchPorts, 'gitlab'>,
  {
    projectId,
    at,
    candidates,
  }: {
    readonly projectId: ProjectId;
    readonly at: CommitSha;
    readonly candidates: readonly Candidate[];
  },
  before: readonly Item[],
): Promise<GitLabResult<readonly Candidate[]>> {
  const known = new Set(candidates.map(({ name }) => name));
  const others = unfinishedItems(before).filter(({ pipeline }) => !known.has(pipeline));
  if (others.length === 0) return ok([]);
  const files = await gitlab.files(projectId, at, ['config']);
  if (!files.ok) return files;
  const paths = Map.groupBy(files.value.keys(), (path) => pipelineName(path));
  return ok(
    others.map(({ pipeline }) => ({ name: pipeline, paths: paths.get(pipeline) ?? [configPath(pipeline)] })),
  );
}
