import type { GitLabResult, MergeRequest } from '../domain/gitlab.ts';
import type { CommitSha, ProjectId } from '../domain/ids.ts';
import { maxConfigBytes } from '../domain/pipeline-config.ts';
import type { BranchStep } from '../domain/provenance.ts';
import { ok } from '../domain/result.ts';
import type { BranchPorts } from './ports.ts';

/**
 * The files that a merge commit holds otherwise than any merge would make them. GitLab takes a merge that somebody made and pushed for the merge of the
 * request whose commits it holds, whatever else it holds. What git merges is what the request has, or, where both sides changed a file, lines of both.
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
  for (const path of paths) {
    const merged = await textAt(path, commit);
    if (!merged.ok) return merged;
    const proposed = head === undefined ? ok(undefined) : await textAt(path, head);
    if (!proposed.ok) return proposed;
    if (merged.value !== undefined && merged.value === proposed.value) continue;
    const before = await textAt(path, parent);
    if (!before.ok) return before;
    if (!isOfLines(merged.value, proposed.value, before.value)) unreviewed.add(path);
  }
  return ok(unreviewed);
}

function isOfLines(merged: string | undefined, ...sides: readonly (string | undefined)[]): boolean {
  if (merged === undefined || sides.includes(undefined)) return false;
  const known = new Set(sides.flatMap((side) => side?.split('\n') ?? []));
  return merged.split('\n').every((line) => line === '' || known.has(line));
}
