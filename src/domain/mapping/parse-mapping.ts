import { counted } from '../report/count.ts';
import { locateYaml, type Located, type Mistake } from './located-yaml.ts';
import {
  accessLevelNames,
  directPushes,
  embedModes,
  rightNames,
  roleNames,
  type AccessLevel,
  type Mapping,
  type Right,
  type Role,
} from './mapping.ts';
import { phrase, words } from '../report/phrase.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { readWorkspaces } from './parse-workspace-options.ts';
import { asMap, fieldsOf, instead, nameIn, oneOf } from './yaml-fields.ts';

/**
 * Reads `branch_to_workspace.yaml`. Fails with every mistake in it, in the order of the lines: a mapping that is followed in part would
 * deploy to the wrong place, and a right that is mistyped would be granted to the wrong people. Never throws.
 */
export function parseMapping(text: string): Result<Mapping, readonly Mistake[]> {
  const located = locateYaml(text);
  if (!located.ok) return located;
  const { root } = located.value;
  const mistakes = [...located.value.mistakes];
  const fields = fieldsOf(
    root,
    words('the file'),
    ['mapping', ...optionalKeys],
    'mapping: { main: WORKSPACE NAME }',
    mistakes,
  );
  const { exact, prefixes } =
    root === undefined || root.kind === 'map'
      ? readMapping(fields.get('mapping'), root?.line ?? 1, mistakes)
      : { exact: new Map<string, string>(), prefixes: new Map<string, string>() };
  const also = readAlso(fields.get('also'), mistakes);
  const known = namesIn(fields.get('mapping'), also);
  const aic = fieldsOf(fields.get('aic'), phrase`${'aic'}`, ['project'], 'project: PIN ANALYTICS', mistakes);
  const mapping: Mapping = {
    exact,
    prefixes,
    also,
    aicProject: nameIn(aic.get('project'), words('The name of the AIC project'), mistakes),
    roles: readRoles(fields.get('roles'), known.branches, mistakes),
    workspaces: readWorkspaces(fields.get('workspaces'), known.workspaces, mistakes),
    permissions: readPermissions(fields.get('permissions'), mistakes),
    directPush: oneOf(directPushes, 'report', fields.get('direct_push'), 'direct_push', mistakes),
    embed: oneOf(embedModes, 'command', fields.get('embed'), 'embed', mistakes),
  };
  if (mistakes.length === 0) return ok(mapping);
  return fail(told(mistakes));
}

/** Of more mistakes than these, the first ones are told. */
const mostMistakes = 100;

function told(mistakes: readonly Mistake[]): readonly Mistake[] {
  const sorted = mistakes.toSorted((one, other) => one.line - other.line);
  const next = sorted[mostMistakes];
  if (next === undefined) return sorted;
  const problem = words(`${counted(sorted.length - mostMistakes, 'more mistake')} from here on.`);
  const remedy = words('Correct the ones above first.');
  return [...sorted.slice(0, mostMistakes), { line: next.line, problem, remedy }];
}

const optionalKeys = ['also', 'aic', 'roles', 'workspaces', 'permissions', 'direct_push', 'embed'];

function readMapping(
  node: Located | undefined,
  line: number,
  mistakes: Mistake[],
): Pick<Mapping, 'exact' | 'prefixes'> {
  const exact = new Map<string, string>();
  const prefixes = new Map<string, string>();
  const remedy = phrase`Add a line for each branch, such as ${'main: WORKSPACE NAME'}, below ${'mapping:'}.`;
  const isEmpty = node === undefined || (node.kind === 'text' && node.text === '');
  const map = isEmpty ? undefined : asMap(node, phrase`${'mapping'}`, 'main: WORKSPACE NAME', mistakes);
  if (isEmpty || map?.fields.length === 0) {
    mistakes.push({
      line: node?.line ?? line,
      problem: words('There is no mapping of branches to workspaces.'),
      remedy,
    });
  }
  const taken = new Map<string, { readonly branch: string; readonly line: number }>();
  for (const { key, line: at, value } of map?.fields ?? []) {
    const workspace = nameIn(value, phrase`The workspace of ${key}`, mistakes);
    const problem = problemOfKey(key);
    if (problem !== undefined) mistakes.push({ line: at, ...problem });
    if (workspace === undefined || problem !== undefined) continue;
    const other = taken.get(workspace);
    if (other !== undefined) mistakes.push({ line: at, ...sharedWorkspace(workspace, key, other) });
    else taken.set(workspace, { branch: key, line: at });
    (key.endsWith('/*') ? prefixes : exact).set(key, workspace);
  }
  return { exact, prefixes };
}

/** Workspaces that no branch belongs to. */
function readAlso(node: Located | undefined, mistakes: Mistake[]): readonly string[] {
  if (node === undefined || node.kind === 'unread') return [];
  if (node.kind === 'list')
    return node.items.flatMap((item) => nameIn(item, words('A workspace'), mistakes) ?? []);
  const remedy = phrase`Write it as in ${'also: [WORKSPACE NAME]'}.`;
  mistakes.push({ line: node.line, problem: phrase`${'also'} must be a list of workspaces.`, remedy });
  return [];
}

/**
 * All that the mapping names, its mistaken lines too: who refers to one of those makes no second mistake. Undefined where it names nothing: then
 * that is the mistake.
 */
function namesIn(
  node: Located | undefined,
  also: readonly string[],
): {
  readonly branches: ReadonlySet<string> | undefined;
  readonly workspaces: ReadonlySet<string> | undefined;
} {
  if (node?.kind !== 'map' || node.fields.length === 0) return { branches: undefined, workspaces: undefined };
  return {
    branches: new Set(node.fields.map(({ key }) => key).filter((key) => !key.includes('*'))),
    workspaces: new Set([
      ...node.fields.flatMap(({ value }) => (value.kind === 'text' ? [value.text.trim()] : [])),
      ...also,
    ]),
  };
}

function sharedWorkspace(
  workspace: string,
  branch: string,
  other: { readonly branch: string; readonly line: number },
) {
  return {
    problem: [
      ...phrase`The workspace ${workspace} belongs to ${other.branch}`,
      ` (line ${other.line})`,
      ...phrase` and to ${branch}.`,
    ],
    remedy: words(
      'Give each branch, or each prefix, a workspace of its own, or remove one of the two lines.',
    ),
  };
}

/** What git allows as the name of a branch (https://git-scm.com/docs/git-check-ref-format), and `prefix/*`. */
function problemOfKey(key: string): Omit<Mistake, 'line'> | undefined {
  const branch = key.endsWith('/*') ? `${key.slice(0, -1)}x` : key;
  if (branch.includes('*')) {
    return {
      problem: phrase`${key} is no pattern that is understood.`,
      remedy: phrase`Write the whole name of a branch, or a prefix with ${'/*'} at its end, such as ${'team-a/*'}.`,
    };
  }
  const wrong = /^$|[\p{Cc} ~^:?[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$|^@$|(?:^|\/)\.|\.lock(?:\/|$)/u.test(branch);
  if (!wrong) return undefined;
  return {
    problem: phrase`${key} cannot be the name of a branch.`,
    remedy: phrase`Write the name as GitLab shows it, such as ${'main'} or ${'team-a/nightly'}.`,
  };
}

function readRoles(
  node: Located | undefined,
  known: ReadonlySet<string> | undefined,
  mistakes: Mistake[],
): Readonly<Record<Role, string>> {
  const roles = { production: 'main', qa: 'develop', sandbox: 'sandbox' };
  const fields = fieldsOf(node, phrase`${'roles'}`, roleNames, 'production: main', mistakes);
  for (const role of roleNames) {
    const value = fields.get(role);
    const branch = nameIn(value, phrase`The branch of ${role}`, mistakes);
    if (value === undefined || branch === undefined) continue;
    if (known === undefined || known.has(branch)) roles[role] = branch;
    else {
      const problem = phrase`The branch ${branch} is not in the mapping.`;
      mistakes.push({ line: value.line, problem, remedy: instead(branch, [...known], mistakes) });
    }
  }
  return roles;
}

/** What a mapping that says nothing of permissions demands. */
export const defaultPermissions: Mapping['permissions'] = {
  plan: 'developer',
  deploy: 'maintainer',
  force: 'maintainer',
  push: 'developer',
  promote: 'developer',
  rollback: 'maintainer',
};

function readPermissions(
  node: Located | undefined,
  mistakes: Mistake[],
): Readonly<Record<Right, AccessLevel>> {
  const fields = fieldsOf(node, phrase`${'permissions'}`, rightNames, 'deploy: maintainer', mistakes);
  const level = (right: Right) =>
    oneOf(accessLevelNames, defaultPermissions[right], fields.get(right), right, mistakes);
  return {
    plan: level('plan'),
    deploy: level('deploy'),
    force: level('force'),
    push: level('push'),
    promote: level('promote'),
    rollback: level('rollback'),
  };
}
