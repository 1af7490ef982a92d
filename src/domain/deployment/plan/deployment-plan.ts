import type { Difference } from '../../pipeline/diff/difference.ts';
import type { MergeRequest } from '../../gitlab/merge-request.ts';
import type { Project } from '../../gitlab/project.ts';
import type { CommitSha } from '../../shared/ids.ts';
import type { Mistake } from '../../mapping/located-yaml.ts';
import type { WorkspaceTarget } from '../../mapping/mapping.ts';
import type { Step } from './plan-step.ts';

/** Something about a pipeline that a reviewer should know. */
export type Caution =
  /** The code files say something else than the config that would be deployed. */
  | { readonly kind: 'code-disagrees'; readonly paths: readonly string[]; readonly isEdited: boolean }
  /** Other open merge requests into the branch change it, too. */
  | { readonly kind: 'also-changed'; readonly by: readonly MergeRequest[] }
  /** Its SQL names tables that the workspace does not have. */
  | { readonly kind: 'no-table'; readonly placeholders: readonly string[] }
  /** The mapping file gives these of its variables a value of the workspace's own. */
  | { readonly kind: 'set-variables'; readonly ids: readonly string[] }
  /** It waits on the branch already, and the merge request does not change it. */
  | { readonly kind: 'waits-already' };

/** What would become of one pipeline. */
export interface PlannedItem {
  readonly step: Step;
  /** From what the workspace has to what would be written. */
  readonly differences: readonly Difference[];
  /** What somebody changed in AIC by hand, which would be overwritten or keeps the pipeline from being deployed. */
  readonly byHand: readonly Difference[];
  readonly cautions: readonly Caution[];
}

/** What a deployment would do, and has not done. */
export interface DeploymentPlan {
  readonly verb: 'Merging' | 'Deploying';
  readonly project: Project;
  readonly branch: string;
  /** The commit whose files would be deployed. */
  readonly at: CommitSha;
  readonly workspace: WorkspaceTarget;
  readonly items: readonly PlannedItem[];
  /** Pipelines of which the merge request changes only code files, which say something else than the config: that is not deployed. */
  readonly codeOnly: readonly { readonly name: string; readonly paths: readonly string[] }[];
  /** Files under `config/` and `code/` that belong to no pipeline. */
  readonly strayPaths: readonly string[];
  /** What merging does to the mapping file, where it changes it. */
  readonly mapping: 'same' | 'changed' | { readonly mistakes: readonly Mistake[] };
  /** Whether git cannot merge: then it is planned from the source branch as it stands. */
  readonly isInConflict: boolean;
}

/** How many pipelines would end how. */
export function countsOf({ items }: Pick<DeploymentPlan, 'items'>): Readonly<Record<Step['kind'], number>> {
  const counts = { create: 0, update: 0, unchanged: 0, left: 0, gone: 0, blocked: 0, failed: 0 };
  for (const { step } of items) counts[step.kind] += 1;
  return counts;
}

/**
 * Whether a merge request with this plan is worth merging as it stands: not where something would break (a file that can't be read, a mapping
 * file with mistakes, a conflict), nor where pipelines change and none of them would be deployed.
 */
export function isSound(plan: DeploymentPlan): boolean {
  const { create, update, unchanged, blocked, failed } = countsOf(plan);
  const breaks = failed > 0 || plan.isInConflict || typeof plan.mapping === 'object';
  const isInVain = blocked + plan.codeOnly.length > 0 && create + update + unchanged === 0;
  return !breaks && !isInVain;
}
