import type { MergeRequest } from '../../../domain/gitlab/merge-request.ts';
import type { GitLabResult } from '../../../domain/gitlab/project.ts';
import type { CommitSha, ProjectId } from '../../../domain/shared/ids.ts';
import { maxConfigBytes } from '../../../domain/pipeline/config.ts';
import type { BranchStep } from '../../../domain/deployment/gate/provenance.ts';
import { ok } from '../../../domain/shared/result.ts';
import { threeWayMerge } from '../../../domain/deployment/gate/three-way-merge.ts';
import type { BranchPorts } from '../../shared/ports.ts';

/**
 * The files that a merge commit holds otherwise than git would merge them. GitLab takes a merge that somebody made and pushed for the merge of the
 * request whose commits it holds, whatever else it holds. What needs somebody to solve a conflict, or is too large to be merged here, counts as unreviewed.
 */
export async function unreviewedPaths(
  { gitlab }: Pick<BranchPorts, 'gitlab'>,
  project: ProjectId,
  { head }: MergeRequest,
  { commit, parent }: BranchStep,
  paths: readonly string[],
): Promise<GitLabResult<ReadonlySet<string>>> {
  const textAt = async (path: string, at: CommitSha): Promise<GitLabResult<string | undefined>> => {
    const file = await gitlab.file(project, path, at, { mostBytes: maxConfigBytes });
    if (!file.ok) return file;
    return ok(file.value.kind === 'text' ? file.value.text : file.value.kind === 'missing' ? '' : undefined);
  };
  const unreviewed = new Set<string>();
  let base: GitLabResult<CommitSha | undefined> | undefined;
  for (const path of paths) {
    const merged = await textAt(path, commit);
    if (!merged.ok) return merged;
    const proposed = head === undefined ? ok(undefined) : await textAt(path, head);
    if (!proposed.ok) return proposed;
    base ??= head === undefined ? ok(undefined) : await gitlab.mergeBase(project, parent, head);
    if (!base.ok) return base;
    const start = base.value === undefined ? ok(undefined) : await textAt(path, base.value);
    if (!start.ok) return start;
    const isProposed = proposed.value !== start.value && merged.value === proposed.value;
    if (isProposed && merged.value !== undefined) continue;
    const before = await textAt(path, parent);
    if (!before.ok) return before;
    const wanted = threeWayMerge(start.value, before.value, proposed.value);
    if (merged.value === undefined || merged.value !== wanted) unreviewed.add(path);
  }
  return ok(unreviewed);
}
