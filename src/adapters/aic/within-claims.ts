import type { Aic } from '../../domain/aic/aic.ts';
import type { ClaimedAic, Claims } from '../../domain/mapping/claims.ts';

/** AIC for GitLab projects: what a claim leads to, and no other names. */
export function withinClaims(aic: Pick<Aic, 'workspace'>, claims: Claims): ClaimedAic {
  return {
    workspace: (claimed) => {
      const { projectPath, aicProject } = claimed;
      return aic.workspace(claimed, {
        aicProject: (name) => claims.mayName(projectPath, name),
        workspace: (workspace) => claims.mayUse(projectPath, { aicProject, workspace }),
      });
    },
  };
}
