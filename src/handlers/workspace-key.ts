import type { ProjectId } from '../domain/ids.ts';
import type { WorkspaceTarget } from '../domain/mapping.ts';
import type { WorkspaceKey } from '../domain/store.ts';
import type { BranchPorts } from './ports.ts';

/** The workspace of a branch by its names; an AIC project that nobody named is empty. */
export function keyOfWorkspace(
  { settings }: Pick<BranchPorts, 'settings'>,
  projectId: ProjectId,
  { environment, name, aicProject }: WorkspaceTarget,
): WorkspaceKey {
  return { projectId, environment, aicProject: aicProject ?? settings.aicProject ?? '', workspace: name };
}
