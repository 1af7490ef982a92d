import {
  lookup,
  slugify,
  workspaceNamed,
  workspacesOf,
  type Mapping,
  type WorkspaceTarget,
} from './mapping.ts';
import { nearest } from '../shared/suggest-names.ts';
import { names, phrase, words, type Phrase } from '../report/phrase.ts';
import type { Explanation } from '../report/reason.ts';
import { fail, ok, type Result } from '../shared/result.ts';

/** What somebody wrote, as far as it tells which workspace is meant. */
export interface WorkspaceWish {
  /** How the command begins, such as `/aic backup`. */
  readonly command: string;
  readonly branch: string | undefined;
  readonly workspace: string | undefined;
  /** The target branch of the merge request that it was written on. */
  readonly target: string | undefined;
}

/**
 * The workspace that a command is about: the one that is named, which the mapping file has to name as well; else that of the branch that is named;
 * else that of the merge request's target branch.
 */
export function chooseWorkspace(mapping: Mapping, wish: WorkspaceWish): Result<WorkspaceTarget, Explanation> {
  const { workspace: wanted } = wish;
  if (wanted !== undefined && !workspacesOf(mapping).includes(wanted))
    return fail(unnamedWorkspace(mapping, wanted));
  const branch = wish.branch ?? (wanted === undefined ? wish.target : undefined);
  if (branch === undefined) {
    return wanted === undefined ? fail(unclear(mapping, wish)) : ok(workspaceNamed(mapping, wanted));
  }
  const found = lookup(mapping, branch);
  if (found.rule === 'none') {
    // A workspace without an entry has a branch that is named after it.
    if (wanted !== undefined && slugify(wanted) === branch) return ok(workspaceNamed(mapping, wanted));
    return fail(noWorkspace(mapping, wish, branch));
  }
  const { workspace } = found;
  if (wanted !== undefined && wanted !== workspace.name) {
    return fail({
      what: phrase`Nothing was done: ${branch} belongs to the workspace ${workspace.name}, not to ${wanted}.`,
      remedy: phrase`Leave ${'branch='} or ${'workspace='} out.`,
    });
  }
  return ok(workspace);
}

function unclear(mapping: Mapping, { command }: WorkspaceWish): Explanation {
  return {
    what: words('Nothing was done: in an issue, a command does not know which workspace it is about.'),
    remedy: [...phrase`Name it or its branch, such as ${`${command} branch=develop`}. `, ...choices(mapping)],
  };
}

function noWorkspace(mapping: Mapping, { command }: WorkspaceWish, branch: string): Explanation {
  return {
    what: phrase`Nothing was done: ${'branch_to_workspace.yaml'} gives ${branch} no workspace.`,
    remedy: [...phrase`Name the workspace, such as ${`${command} workspace="NAME"`}. `, ...choices(mapping)],
  };
}

/** What is told of a workspace that somebody names and the mapping file does not. Whether there is one is not looked for. */
export function unnamedWorkspace(mapping: Mapping, wanted: string): Explanation {
  const [near] = nearest(wanted, workspacesOf(mapping), 1);
  return {
    what: [
      ...phrase`Nothing was done: ${'branch_to_workspace.yaml'} does not name the workspace ${wanted}.`,
      ...(near === undefined ? [] : phrase` Did you mean ${near}?`),
    ],
    remedy: [
      ...phrase`A workspace without a branch of its own is named by a line ${'also: [WORKSPACE NAME]'} on the default branch. `,
      ...choices(mapping),
    ],
  };
}

function choices(mapping: Mapping): Phrase {
  const known = workspacesOf(mapping);
  return known.length === 0 ? [] : ['Workspaces of the mapping: ', ...names(known), '.'];
}
