import type { Workspace, WorkspaceFailure, WorkspaceName } from '../aic/aic.ts';
import type { Project } from '../gitlab/project.ts';
import { pathMatcher, workspaceMatcher, type Grant } from './parse-grants.ts';
import type { Result } from '../shared/result.ts';
import type { WorkspaceKey } from '../store/state.ts';

/** The names by which a workspace is granted. A grant is for both installations of AIC. */
export type GrantedName = Pick<WorkspaceName, 'aicProject' | 'workspace'>;

/** What the operator lets each GitLab project use of what the bot's keys reach. */
export interface Claims {
  /** The grants of the project of this path; without any it can use nothing. */
  of(projectPath: string): readonly Grant[];
  mayUse(projectPath: string, name: GrantedName): boolean;
  /** Whether the project has a grant in this AIC project, and so may know of it. */
  mayName(projectPath: string, aicProject: string): boolean;
  /** Grants that nobody wrote down, since the bot serves a single project. They hold only while none is written down. */
  readonly byDefault: readonly Grant[];
}

/** The claims that follow from grants. */
export function claimsOf(grants: readonly Grant[], byDefault: readonly Grant[] = []): Claims {
  const known = [...grants, ...byDefault].map((grant) => ({
    grant,
    isOf: pathMatcher([grant.projects]),
    has: workspaceMatcher(grant.workspaces),
    isIn: (aicProject: string) => grant.aicProject === undefined || grant.aicProject === aicProject,
  }));
  return {
    of: (path) => known.filter(({ isOf }) => isOf(path)).map(({ grant }) => grant),
    mayUse: (path, { aicProject, workspace }) =>
      known.some(({ isOf, isIn, has }) => isOf(path) && isIn(aicProject) && has(workspace)),
    mayName: (path, aicProject) => known.some(({ isOf, isIn }) => isOf(path) && isIn(aicProject)),
    byDefault,
  };
}

/** A workspace that a project may use. Nothing but `claim` makes one, and nothing else gets a project into a workspace. */
export type ClaimedWorkspace = WorkspaceKey & { readonly projectPath: string } & {
  readonly brand: 'ClaimedWorkspace';
};

/** The project's claim to the workspace; undefined where it has none. */
export function claim(
  claims: Claims,
  project: Pick<Project, 'id' | 'path'>,
  { environment, aicProject, workspace }: WorkspaceName,
): ClaimedWorkspace | undefined {
  if (!claims.mayUse(project.path, { aicProject, workspace })) return undefined;
  const claimed = { projectId: project.id, projectPath: project.path, environment, aicProject, workspace };
  return claimed as ClaimedWorkspace;
}

/** The AIC platform for GitLab projects: whoever has no claim to a workspace gets nothing of it, not even whether it exists. */
export interface ClaimedAic {
  /** As `Aic.workspace`. Of an unknown name only such near ones are told as the project may use. */
  workspace(claimed: ClaimedWorkspace): Promise<Result<Workspace, WorkspaceFailure>>;
}
