import { dump } from 'js-yaml';

import type { Environment } from '../aic/aic.ts';

/** One branch with its workspace, for a mapping that is yet to be written. */
export interface Assignment {
  readonly branch: string;
  readonly workspace: string;
  readonly environment: Environment;
}

export interface NewMapping {
  readonly aicProject: string;
  /** The first is production, the second QA, the third the sandbox. */
  readonly assignments: readonly [Assignment, Assignment, Assignment];
}

const head = `# Which branch belongs to which AIC workspace, one workspace for each branch. Merge requests into a branch
# are deployed to its workspace. Only the file on the default branch counts.
`;

/** The text of `branch_to_workspace.yaml`. Names that YAML would take for something else stand in quotes. */
export function mappingText({ aicProject, assignments }: NewMapping): string {
  const [production, qa, sandbox] = assignments;
  const usual = production.branch === 'main' && qa.branch === 'develop' && sandbox.branch === 'sandbox';
  const elsewhere = assignments.filter(({ environment }) => environment === 'qa');
  const content = {
    mapping: Object.fromEntries(assignments.map(({ branch, workspace }) => [branch, workspace])),
    aic: { project: aicProject },
    ...(usual ? {} : { roles: { production: production.branch, qa: qa.branch, sandbox: sandbox.branch } }),
    ...(elsewhere.length === 0
      ? {}
      : {
          workspaces: Object.fromEntries(
            elsewhere.map(({ workspace }) => [workspace, { environment: 'qa' }]),
          ),
        }),
  };
  return `${head}${dump(content, { lineWidth: -1 })}`;
}
