import type { Environment } from '../aic/aic.ts';
import type { FreezeWindow } from './freeze-window.ts';

/** The parts that branches play in promotions. */
export const roleNames = ['production', 'qa', 'sandbox'] as const;
export type Role = (typeof roleNames)[number];

/** What a person may be allowed to do. */
export const rightNames = ['plan', 'deploy', 'force', 'push', 'promote', 'rollback'] as const;
export type Right = (typeof rightNames)[number];

/** GitLab's access levels by name. */
export const accessLevelNames = ['guest', 'planner', 'reporter', 'developer', 'maintainer', 'owner'] as const;
export type AccessLevel = (typeof accessLevelNames)[number];

const accessLevels: Readonly<Record<AccessLevel, number>> = {
  guest: 10,
  planner: 15,
  reporter: 20,
  developer: 30,
  maintainer: 40,
  owner: 50,
};

/** GitLab's number of an access level; higher ones include lower ones. */
export function accessLevelOf(name: AccessLevel): number {
  return accessLevels[name];
}

export const directPushes = ['report', 'deploy', 'ignore'] as const;
export type DirectPush = (typeof directPushes)[number];

/** What to do when the workspace differs from what was last deployed. */
export type DriftPolicy = 'block' | 'overwrite';

/** What a merge request must have before its merge is deployed. */
export const requirements = ['approved', 'pipeline', 'no_unresolved'] as const;
export type Requirement = (typeof requirements)[number];

/** Who brings edited code into configs: somebody by a command, or the bot by itself. */
export const embedModes = ['command', 'auto'] as const;
type EmbedMode = (typeof embedModes)[number];

/** What the mapping file says of one workspace. */
export interface WorkspaceOptions {
  readonly environment: Environment;
  readonly drift: DriftPolicy;
  /** Values that a deployment sets, by the id of the variable. */
  readonly variables: ReadonlyMap<string, string>;
  /** Mail addresses besides the bot's own. */
  readonly notify: readonly string[];
  readonly require: readonly Requirement[];
  /** When nothing is deployed by itself. */
  readonly freeze: readonly FreezeWindow[];
}

/** The content of `branch_to_workspace.yaml`. */
export interface Mapping {
  /** Workspace by branch. */
  readonly exact: ReadonlyMap<string, string>;
  /** Workspace by key, such as `team-a/*`. */
  readonly prefixes: ReadonlyMap<string, string>;
  /** Workspaces without a branch that commands may name. */
  readonly also: readonly string[];
  readonly aicProject: string | undefined;
  /** The branch that plays each part; it may be one that the mapping does not have. */
  readonly roles: Readonly<Record<Role, string>>;
  readonly workspaces: ReadonlyMap<string, WorkspaceOptions>;
  readonly permissions: Readonly<Record<Right, AccessLevel>>;
  readonly directPush: DirectPush;
  readonly embed: EmbedMode;
}

/** A workspace, as the mapping describes it. */
export interface WorkspaceTarget extends WorkspaceOptions {
  readonly name: string;
  readonly aicProject: string | undefined;
}

/** Which workspace a branch belongs to, and by which rule. */
export type Lookup =
  | { readonly rule: 'none' }
  | {
      readonly rule: 'exact' | 'prefix' | 'built-in';
      /** The key of the file, such as `main` or `team-a/*`, or the prefix that is built in, such as `feature/`. */
      readonly key: string;
      readonly workspace: WorkspaceTarget;
      /** Whether merges are deployed by themselves; a match that is built in serves previews and commands. */
      readonly automatic: boolean;
    };

const defaultOptions: WorkspaceOptions = {
  environment: 'prod',
  drift: 'block',
  variables: new Map(),
  notify: [],
  require: [],
  freeze: [],
};

/** Prefixes that need no entry, and the part whose workspace they lead to, as in the Python library. */
const builtIn: ReadonlyMap<string, Role> = new Map([
  ['feature/', 'qa'],
  ['release/', 'production'],
  ['hotfix/', 'production'],
]);

/**
 * The workspace of a branch: by its own key, else by the longest prefix, else by what is built in, which is nothing where no branch of the
 * mapping plays the part. `team-a/*` is about what is under `team-a/`, not about `team-a`.
 */
export function lookup(mapping: Mapping, branch: string): Lookup {
  const exact = mapping.exact.get(branch);
  if (exact !== undefined)
    return { rule: 'exact', key: branch, workspace: workspaceNamed(mapping, exact), automatic: true };
  const [longest] = [...mapping.prefixes]
    .filter(([key]) => isUnder(branch, prefixOf(key)))
    .toSorted(([one], [other]) => other.length - one.length);
  if (longest !== undefined) {
    const [key, workspace] = longest;
    return { rule: 'prefix', key, workspace: workspaceNamed(mapping, workspace), automatic: true };
  }
  for (const [prefix, role] of builtIn) {
    const workspace = mapping.exact.get(mapping.roles[role]);
    if (workspace === undefined || !isUnder(branch, prefix)) continue;
    return { rule: 'built-in', key: prefix, workspace: workspaceNamed(mapping, workspace), automatic: false };
  }
  return { rule: 'none' };
}

/** `team-a/` of `team-a/*`. */
function prefixOf(key: string): string {
  return key.slice(0, -1);
}

function isUnder(branch: string, prefix: string): boolean {
  return branch.startsWith(prefix) && branch.length > prefix.length;
}

/** All workspaces that the file lets the project's people work with, each once. */
export function workspacesOf({ exact, prefixes, also }: Mapping): readonly string[] {
  return [...new Set([...exact.values(), ...prefixes.values(), ...also])];
}

/** A workspace as the file describes it, whether or not the file names it. */
export function workspaceNamed(mapping: Mapping, name: string): WorkspaceTarget {
  return { ...(mapping.workspaces.get(name) ?? defaultOptions), name, aicProject: mapping.aicProject };
}

/**
 * The branch of a workspace: its own key, else a name made of the workspace's, as the Python library makes it. Such a name may be a key that
 * belongs to another workspace; who writes to the branch looks it up first.
 */
export function branchOf(mapping: Mapping, workspace: string): string {
  const own = [...mapping.exact].find(([, name]) => name === workspace);
  return own === undefined ? slugify(workspace) : own[0];
}

/**
 * `pin-fusion-2-0-intg-testing` for `PIN FUSION 2.0 INTG TESTING`: lower-case letters and digits, everything else a single hyphen. Always the
 * name of a possible branch: `workspace` where nothing is left.
 */
export function slugify(name: string): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return slug === '' ? 'workspace' : slug;
}
