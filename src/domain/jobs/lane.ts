import type { WorkspaceName } from '../aic/aic.ts';
import type { Claims } from '../mapping/claims.ts';
import type { Project } from '../gitlab/project.ts';
import { branchLane, workspaceLane } from './job.ts';
import { branchOf, lookup, type Mapping, type WorkspaceTarget } from '../mapping/mapping.ts';

/** What the bot's settings say of workspaces. */
export interface WorkspaceSettings {
  readonly claims: Claims;
  /** The AIC project of mappings that name none. */
  readonly aicProject: string | undefined;
}

/** Where a workspace is named: in this project's mapping. */
interface Named {
  readonly project: Pick<Project, 'id' | 'path'>;
  readonly mapping: Mapping;
}

/** The workspace by its names; an AIC project that nobody named is empty. */
export function nameOf(
  { aicProject: usual }: Pick<WorkspaceSettings, 'aicProject'>,
  { environment, aicProject, name }: WorkspaceTarget,
): WorkspaceName {
  return { environment, aicProject: aicProject ?? usual ?? '', workspace: name };
}

/** The lane of a branch: that of its workspace, else one of its own. */
export function laneOfBranch(settings: WorkspaceSettings, named: Named, branch: string): string {
  const found = lookup(named.mapping, branch);
  return found.rule === 'none'
    ? branchLane(named.project.id, branch)
    : laneOfWorkspace(settings, named, found.workspace, branch);
}

/**
 * The lane of a workspace, the same for whatever project and branch: what changes one workspace waits for one another. A project without a claim
 * stays in a lane of its own, where it makes nobody wait.
 */
export function laneOfWorkspace(
  settings: WorkspaceSettings,
  { project, mapping }: Named,
  target: WorkspaceTarget,
  branch = branchOf(mapping, target.name),
): string {
  const name = nameOf(settings, target);
  return settings.claims.mayUse(project.path, name) ? workspaceLane(name) : branchLane(project.id, branch);
}
