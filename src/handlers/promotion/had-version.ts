import type { GitLabResult } from '../../domain/gitlab/project.ts';
import type { CommitSha, ProjectId } from '../../domain/shared/ids.ts';
import { maxConfigBytes } from '../../domain/pipeline/config.ts';
import { ok } from '../../domain/shared/result.ts';
import { identitiesOf } from '../../domain/pipeline/content-identity.ts';
import type { BranchPorts } from '../shared/ports.ts';

/** So many versions of a file are looked at. */
const mostVersions = 50;

/**
 * Whether a branch once had this version of a config: byte for byte, or with the same content, as when one of them was written by the Python
 * library. Looks from the newest version back, and no further than fifty.
 */
export async function hadVersion(
  { gitlab }: Pick<BranchPorts, 'gitlab'>,
  projectId: ProjectId,
  branch: { readonly head: CommitSha; readonly path: string },
  text: string,
): Promise<GitLabResult<boolean>> {
  const commits = await gitlab.history(projectId, branch.head, branch.path, mostVersions);
  if (!commits.ok) return commits;
  const wanted = await identitiesOf(text);
  for (const commit of commits.value) {
    const file = await gitlab.file(projectId, branch.path, commit, { mostBytes: maxConfigBytes });
    if (!file.ok) return file;
    if (file.value.kind !== 'text') continue;
    const found = await identitiesOf(file.value.text);
    if (found.some((identity) => wanted.includes(identity))) return ok(true);
  }
  return ok(false);
}
