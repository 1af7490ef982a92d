import {
  branchOf,
  lookup,
  slugify,
  workspaceNamed,
  workspacesOf,
  type Mapping,
  type WorkspaceTarget,
} from '../mapping/mapping.ts';
import { names, phrase, words, type Phrase } from '../report/phrase.ts';
import { hotfixPrefix } from '../promotion/promotion.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { Explanation } from '../report/reason.ts';
import { unnamedWorkspace } from '../mapping/resolve-workspace.ts';

/** From which workspace to which branch a push goes. */
export interface PushTarget {
  readonly workspace: WorkspaceTarget;
  readonly branch: string;
  /** Where the branch begins if it does not exist; undefined: at the default branch. */
  readonly cutFrom: string | undefined;
  /** Whether it is allowed what only force allows. */
  readonly forced: boolean;
}

/** What somebody asked for, as far as it tells where a push goes. */
export interface PushWish {
  readonly branch: string | undefined;
  readonly workspace: string | undefined;
  /** The source branch of the merge request that it was written on. */
  readonly source: string | undefined;
  readonly defaultBranch: string | undefined;
  readonly force: boolean;
}

/**
 * Where a push goes: to the branch that is named, else to that of the workspace that is named, else to the hotfix branch of the merge request.
 * Refused for branches that get their content by merge requests: production (unless forced), feature and release branches; and for a branch
 * that belongs to another workspace.
 */
export function pushTarget(mapping: Mapping, wish: PushWish): Result<PushTarget, Explanation> {
  if (wish.workspace !== undefined && !workspacesOf(mapping).includes(wish.workspace))
    return fail(unnamedWorkspace(mapping, wish.workspace));
  const branch = wish.branch ?? branchFor(mapping, wish);
  if (branch === undefined) return fail(noBranch(mapping));
  const found = lookup(mapping, branch);
  if (found.rule === 'built-in' && !branch.startsWith(hotfixPrefix)) return fail(byMergeOnly(branch));
  if (found.rule === 'none' && (wish.workspace === undefined || slugify(wish.workspace) !== branch)) {
    return fail(noWorkspace(mapping, branch));
  }
  const workspace = found.rule === 'none' ? workspaceNamed(mapping, wish.workspace ?? '') : found.workspace;
  if (wish.workspace !== undefined && wish.workspace !== workspace.name) {
    return fail(ofAnother(mapping, { branch, owner: workspace.name, wanted: wish.workspace }));
  }
  const isProduction = branch === productionBranch(mapping, wish.defaultBranch);
  if (isProduction && !wish.force) return fail(production(branch));
  const cutFrom = branch.startsWith(hotfixPrefix) ? mapping.roles.production : undefined;
  return ok({ workspace, branch, cutFrom, forced: wish.force });
}

/** The production branch: the one of that role, or the default branch where the mapping has none. */
function productionBranch(mapping: Mapping, defaultBranch: string | undefined): string | undefined {
  const named = mapping.roles.production;
  return mapping.exact.has(named) ? named : defaultBranch;
}

/** Whether the branch is the one that the workspace belongs to, by the mapping file or by its name. */
export function isOwnBranch(mapping: Mapping, { branch, workspace }: PushTarget): boolean {
  const found = lookup(mapping, branch);
  return found.rule === 'none' ? branchOf(mapping, workspace.name) === branch : found.automatic;
}

function branchFor(mapping: Mapping, { workspace, source }: PushWish): string | undefined {
  if (workspace !== undefined) return branchOf(mapping, workspace);
  return source?.startsWith(hotfixPrefix) ? source : undefined;
}

function noBranch(mapping: Mapping): Explanation {
  return {
    what: words('Nothing was pushed: it is not clear which workspace to push.'),
    remedy: [
      ...phrase`Name a workspace or a branch, such as ${'/aic push branch=develop'}. `,
      ...choices(mapping),
    ],
  };
}

function byMergeOnly(branch: string): Explanation {
  return {
    what: phrase`Nothing was pushed: ${branch} gets its content from the branch it is cut from, never from a workspace.`,
    remedy: phrase`Push the workspace to its own branch, then write ${'/aic feature'} or ${'/aic release'} again: the branch is brought up to date.`,
  };
}

function noWorkspace(mapping: Mapping, branch: string): Explanation {
  return {
    what: phrase`Nothing was pushed: ${'branch_to_workspace.yaml'} gives ${branch} no workspace.`,
    remedy: [
      ...phrase`Name the workspace, such as ${'/aic push workspace="NAME"'}: it goes to its own branch. `,
      ...choices(mapping),
    ],
  };
}

function ofAnother(
  mapping: Mapping,
  { branch, owner, wanted }: { readonly branch: string; readonly owner: string; readonly wanted: string },
): Explanation {
  return {
    what: phrase`Nothing was pushed: ${branch} belongs to the workspace ${owner}, not to ${wanted}.`,
    remedy:
      branchOf(mapping, wanted) === branch
        ? phrase`Give ${wanted} a branch of its own under ${'mapping:'} in ${'branch_to_workspace.yaml'}.`
        : phrase`${wanted} goes to ${branchOf(mapping, wanted)}: leave ${'branch='} out.`,
  };
}

function production(branch: string): Explanation {
  return {
    what: phrase`Nothing was pushed: ${branch} is the production branch and changes by merge requests only.`,
    remedy: phrase`For a fix that was made in the production workspace, write ${'/aic hotfix NAME PIPELINE'}. Who may force can add ${'force'}.`,
  };
}

function choices(mapping: Mapping): Phrase {
  const branches = [...mapping.exact.keys()].filter((branch) => branch !== mapping.roles.production);
  return branches.length === 0 ? [] : ['Branches with a workspace: ', ...names(branches), '.'];
}
