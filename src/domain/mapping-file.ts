import { locateYaml, type Located, type Mistake } from './located-yaml.ts';
import {
  accessLevelNames,
  directPushes,
  rightNames,
  roleNames,
  type AccessLevel,
  type Mapping,
  type Right,
  type Role,
  type WorkspaceOptions,
} from './mapping.ts';
import { phrase, words } from './phrase.ts';
import { fail, ok, type Result } from './result.ts';
import { asMap, fieldsOf, instead, nameIn, oneOf } from './yaml-fields.ts';

/**
 * Reads `branch_to_workspace.yaml`. Fails with every mistake in it, in the order of the lines: a mapping that is followed in part would
 * deploy to the wrong place, and a right that is mistyped would be granted to the wrong people. Never throws.
 */
export function parseMapping(text: string): Result<Mapping, readonly Mistake[]> {
  const located = locateYaml(text);
  if (!located.ok) return located;
  const mistakes: Mistake[] = [];
  const fields = fieldsOf(located.value, words('the file'), ['mapping', ...optionalKeys], mistakes);
  const { exact, prefixes } = readMapping(fields.get('mapping'), located.value?.line ?? 1, mistakes);
  const aic = fieldsOf(fields.get('aic'), phrase`${'aic'}`, ['project'], mistakes);
  const mapping: Mapping = {
    exact,
    prefixes,
    aicProject: nameIn(aic.get('project'), words('The name of the AIC project'), mistakes),
    roles: readRoles(fields.get('roles'), exact, mistakes),
    workspaces: readWorkspaces(fields.get('workspaces'), [...exact.values(), ...prefixes.values()], mistakes),
    permissions: readPermissions(fields.get('permissions'), mistakes),
    directPush: oneOf(directPushes, 'report', fields.get('direct_push'), 'direct_push', mistakes),
  };
  if (mistakes.length === 0) return ok(mapping);
  return fail(mistakes.toSorted((one, other) => one.line - other.line));
}

const optionalKeys = ['aic', 'roles', 'workspaces', 'permissions', 'direct_push'];
const mailAddress = /^[^\s@<>,"]+@[^\s@<>,"]+$/;

function readMapping(
  node: Located | undefined,
  line: number,
  mistakes: Mistake[],
): Pick<Mapping, 'exact' | 'prefixes'> {
  const exact = new Map<string, string>();
  const prefixes = new Map<string, string>();
  const remedy = phrase`Add a line for each branch, such as ${'main: WORKSPACE NAME'}, below ${'mapping:'}.`;
  const map = node === undefined ? undefined : asMap(node, phrase`${'mapping'}`, mistakes);
  if (node === undefined || map?.fields.length === 0) {
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
    if (key.endsWith('/*')) {
      prefixes.set(key, workspace);
      continue;
    }
    const other = taken.get(workspace);
    if (other !== undefined) mistakes.push({ line: at, ...sharedWorkspace(workspace, key, other) });
    else taken.set(workspace, { branch: key, line: at });
    exact.set(key, workspace);
  }
  return { exact, prefixes };
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
    remedy: words('Give each branch a workspace of its own, or remove one of the two lines.'),
  };
}

/** What git allows as the name of a branch (https://git-scm.com/docs/git-check-ref-format), and `prefix/*`. */
function problemOfKey(key: string): Omit<Mistake, 'line'> | undefined {
  const branch = key.endsWith('/*') ? key.slice(0, -2) : key;
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
    remedy: words('Write the name as GitLab shows it.'),
  };
}

function readRoles(
  node: Located | undefined,
  exact: ReadonlyMap<string, string>,
  mistakes: Mistake[],
): Readonly<Record<Role, string>> {
  const roles = { production: 'main', qa: 'develop', sandbox: 'sandbox' };
  const fields = fieldsOf(node, phrase`${'roles'}`, roleNames, mistakes);
  for (const role of roleNames) {
    const value = fields.get(role);
    const branch = nameIn(value, phrase`The branch of ${role}`, mistakes);
    if (value === undefined || branch === undefined) continue;
    if (exact.has(branch)) roles[role] = branch;
    else {
      const problem = phrase`The branch ${branch} is not in the mapping.`;
      mistakes.push({ line: value.line, problem, remedy: instead(branch, [...exact.keys()]) });
    }
  }
  return roles;
}

function readWorkspaces(
  node: Located | undefined,
  known: readonly string[],
  mistakes: Mistake[],
): ReadonlyMap<string, WorkspaceOptions> {
  const options = new Map<string, WorkspaceOptions>();
  for (const [name, value] of fieldsOf(node, phrase`${'workspaces'}`, undefined, mistakes)) {
    if (!known.includes(name)) {
      const line = node?.kind === 'map' ? node.fields.find(({ key }) => key === name)?.line : undefined;
      const problem = phrase`The workspace ${name} is not in the mapping.`;
      mistakes.push({ line: line ?? value.line, problem, remedy: instead(name, known) });
    }
    const fields = fieldsOf(
      value,
      phrase`the workspace ${name}`,
      ['environment', 'drift', 'variables', 'notify'],
      mistakes,
    );
    options.set(name, {
      environment: oneOf(['prod', 'qa'], 'prod', fields.get('environment'), 'environment', mistakes),
      drift: oneOf(['block', 'overwrite'], 'block', fields.get('drift'), 'drift', mistakes),
      variables: readVariables(fields.get('variables'), mistakes),
      notify: readAddresses(fields.get('notify'), mistakes),
    });
  }
  return options;
}

function readVariables(node: Located | undefined, mistakes: Mistake[]): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const [id, value] of fieldsOf(node, phrase`${'variables'}`, undefined, mistakes)) {
    if (value.kind === 'text') variables.set(id, value.text);
    else {
      const remedy = phrase`Write it as in ${`${id}: "True"`}.`;
      mistakes.push({
        line: value.line,
        problem: phrase`The value of the variable ${id} must be a text.`,
        remedy,
      });
    }
  }
  return variables;
}

function readAddresses(node: Located | undefined, mistakes: Mistake[]): readonly string[] {
  if (node === undefined) return [];
  const remedy = phrase`Write it as in ${'notify: [qa-leads@example.com]'}.`;
  if (node.kind !== 'list') {
    mistakes.push({
      line: node.line,
      problem: phrase`${'notify'} must be a list of mail addresses.`,
      remedy,
    });
    return [];
  }
  return node.items.flatMap((item) => {
    if (item.kind === 'text' && mailAddress.test(item.text)) return [item.text];
    const what = item.kind === 'text' ? phrase`${item.text}` : words('This');
    mistakes.push({ line: item.line, problem: phrase`${what} is not a mail address.`, remedy });
    return [];
  });
}

function readPermissions(
  node: Located | undefined,
  mistakes: Mistake[],
): Readonly<Record<Right, AccessLevel>> {
  const fields = fieldsOf(node, phrase`${'permissions'}`, rightNames, mistakes);
  const level = (right: Right, usual: AccessLevel) =>
    oneOf(accessLevelNames, usual, fields.get(right), right, mistakes);
  return {
    plan: level('plan', 'developer'),
    deploy: level('deploy', 'maintainer'),
    force: level('force', 'maintainer'),
    push: level('push', 'developer'),
    promote: level('promote', 'developer'),
    rollback: level('rollback', 'maintainer'),
  };
}
