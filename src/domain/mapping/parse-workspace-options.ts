import type { Located, Mistake } from './located-yaml.ts';
import { freezeExample, isAlwaysFrozen, parseFreeze, type FreezeWindow } from './freeze-window.ts';
import { requirements, type Requirement, type WorkspaceOptions } from './mapping.ts';
import { names, phrase, words, type Phrase } from '../report/phrase.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { asMap, fieldsOf, instead, oneOf } from './yaml-fields.ts';

/** Windows of all workspaces together: to see whether they leave time to deploy in takes the square of their number. */
const mostWindows = 100;

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
  let windowsLeft = mostWindows;
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
      ['environment', 'drift', 'variables', 'notify', 'require', 'freeze'],
      'environment: qa',
      mistakes,
    );
    const freeze = readFreeze(fields.get('freeze'), windowsLeft, mistakes);
    windowsLeft -= freeze.length;
    options.set(name, {
      environment: oneOf(['prod', 'qa'], 'prod', fields.get('environment'), 'environment', mistakes),
      drift: oneOf(['block', 'overwrite'], 'block', fields.get('drift'), 'drift', mistakes),
      variables: readVariables(fields.get('variables'), mistakes),
      notify: readAddresses(fields.get('notify'), mistakes),
      require: readRequirements(fields.get('require'), mistakes),
      freeze,
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
  const remedy = phrase`Write it as in ${'notify: [qa-leads@example.com]'}.`;
  return readList(node, { key: 'notify', of: 'mail addresses', remedy }, mistakes, (text) =>
    text !== undefined && mailAddress.test(text)
      ? ok(text)
      : fail(phrase`${text === undefined ? words('This') : text} is not a mail address.`),
  );
}

function readRequirements(node: Located | undefined, mistakes: Mistake[]): readonly Requirement[] {
  const remedy: Phrase = ['Use some of: ', ...names(requirements), '.'];
  return readList(
    node,
    { key: 'require', of: 'what a merge request must have', remedy },
    mistakes,
    (text) => {
      const found = requirements.find((known) => known === text);
      if (found !== undefined) return ok(found);
      return fail(phrase`${text === undefined ? words('This') : text} is nothing that can be required.`);
    },
  );
}

function readFreeze(node: Located | undefined, most: number, mistakes: Mistake[]): readonly FreezeWindow[] {
  const remedy = phrase`Write each as in ${`freeze: ["${freezeExample}"]`}, with a time zone of the IANA database, such as ${'Europe/Paris'}.`;
  const windows = readList(node, { key: 'freeze', of: 'parts of a week', remedy }, mistakes, (text) =>
    text === undefined ? fail(words('This is no part of a week.')) : parseFreeze(text),
  );
  if (node !== undefined && windows.length > most)
    mistakes.push({
      line: node.line,
      problem: phrase`${'freeze'} has too many windows: the whole file may have ${String(mostWindows)}.`,
      remedy: words('Join those that follow upon one another.'),
    });
  else if (node !== undefined && isAlwaysFrozen(windows))
    mistakes.push({
      line: node.line,
      problem: phrase`${'freeze'} leaves no time to deploy in.`,
      remedy: words('Shorten the windows or remove one of them.'),
    });
  return windows;
}

/** What each entry of a list says; what is no list or says nothing is a mistake. */
function readList<Entry>(
  node: Located | undefined,
  about: { readonly key: string; readonly of: string; readonly remedy: Phrase },
  mistakes: Mistake[],
  read: (text: string | undefined) => Result<Entry, Phrase>,
): readonly Entry[] {
  if (node === undefined || node.kind === 'unread') return [];
  const { key, of, remedy } = about;
  if (node.kind !== 'list') {
    mistakes.push({ line: node.line, problem: phrase`${key} must be a list of ${words(of)}.`, remedy });
    return [];
  }
  return node.items.flatMap((item) => {
    if (item.kind === 'unread') return [];
    const entry = read(item.kind === 'text' ? item.text : undefined);
    if (entry.ok) return [entry.value];
    mistakes.push({ line: item.line, problem: entry.failure, remedy });
    return [];
  });
}
