import type { Located, Mistake } from './located-yaml.ts';
import type { WorkspaceOptions } from './mapping.ts';
import { phrase, words } from './phrase.ts';
import { asMap, fieldsOf, instead, oneOf } from './yaml-fields.ts';

/** One address alone: what separates, groups or comments in a header is refused, for behind it could stand a second address. */
const mailAddress = /^[^\s\p{Cc}@<>,;:"()[\]\\]+@[^\s\p{Cc}@<>,;:"()[\]\\]+$/u;

/**
 * What the mapping file says under `workspaces`, by the name of the workspace. Adds its mistakes to the list; `known` are the workspaces of the
 * mapping, undefined where that names none.
 */
export function readWorkspaces(
  node: Located | undefined,
  known: ReadonlySet<string> | undefined,
  mistakes: Mistake[],
): ReadonlyMap<string, WorkspaceOptions> {
  const options = new Map<string, WorkspaceOptions>();
  const example = 'WORKSPACE NAME: { environment: qa }';
  const map = node === undefined ? undefined : asMap(node, phrase`${'workspaces'}`, example, mistakes);
  for (const { key: name, line, value } of map?.fields ?? []) {
    if (known !== undefined && !known.has(name)) {
      const problem = phrase`The workspace ${name} is not in the mapping.`;
      mistakes.push({ line, problem, remedy: instead(name, [...known], mistakes) });
    }
    const fields = fieldsOf(
      value,
      phrase`the workspace ${name}`,
      ['environment', 'drift', 'variables', 'notify'],
      'environment: qa',
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
  for (const [id, value] of fieldsOf(node, phrase`${'variables'}`, undefined, 'QA: "True"', mistakes)) {
    if (value.kind === 'text') variables.set(id, value.text);
    else if (value.kind !== 'unread') {
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
  if (node === undefined || node.kind === 'unread') return [];
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
    if (item.kind === 'unread') return [];
    const what = item.kind === 'text' ? phrase`${item.text}` : words('This');
    mistakes.push({ line: item.line, problem: phrase`${what} is not a mail address.`, remedy });
    return [];
  });
}
