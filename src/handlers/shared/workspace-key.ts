import type { WorkspaceName } from '../../domain/aic/aic.ts';
import { nameOf, type WorkspaceSettings } from '../../domain/jobs/lane.ts';
import type { ProjectId } from '../../domain/shared/ids.ts';
import type { WorkspaceTarget } from '../../domain/mapping/mapping.ts';
import type { WorkspaceKey } from '../../domain/store/state.ts';

/** What the store knows a workspace by: it gets nobody into the workspace. */
export function keyOfWorkspace(
  { settings }: { readonly settings: Pick<WorkspaceSettings, 'aicProject'> },
  projectId: ProjectId,
  target: WorkspaceTarget,
): WorkspaceKey {
  return { projectId, ...nameOf(settings, target) };
}

export function isSameWorkspace(one: WorkspaceName, other: WorkspaceName): boolean {
  return (
    one.environment === other.environment &&
    one.aicProject === other.aicProject &&
    one.workspace === other.workspace
  );
}
