import { commitOf, type MergeRequest } from '../../domain/gitlab/merge-request.ts';
import type { GitLabResult } from '../../domain/gitlab/project.ts';
import type { CommitSha, ProjectId } from '../../domain/shared/ids.ts';
import { ok } from '../../domain/shared/result.ts';
import type { BranchPorts } from '../shared/ports.ts';

/** What a merge changed on its target branch. */
export interface BroughtChanges {
  readonly before: CommitSha;
  readonly after: CommitSha;
  readonly paths: readonly string[];
}

/** The paths under the folders that a merged merge request changed; undefined where GitLab does not tell. */
export async function broughtChanges(
  { gitlab }: Pick<BranchPorts, 'gitlab'>,
  project: ProjectId,
  request: MergeRequest,
  folders: readonly string[],
): Promise<GitLabResult<BroughtChanges | undefined>> {
  const made = commitOf(request);
  const after = made ?? request.head;
  if (after === undefined) return ok(undefined);
  const start = made === undefined ? ok(request.base) : await gitlab.firstParent(project, made);
  if (!start.ok) return start;
  const before = start.value;
  if (before === undefined) return ok(undefined);
  const changes = await gitlab.changes(project, before, after, folders);
  return changes.ok ? ok({ before, after, paths: changes.value?.paths ?? [] }) : changes;
}
