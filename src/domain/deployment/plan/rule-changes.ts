import { mappingPath } from '../decide-deployment.ts';
import type { Mapping } from '../../mapping/mapping.ts';
import { joined, names, phrase, words, type Phrase } from '../../report/phrase.ts';

/** What a merge request changes of what rules the bot, CI and reviews. */
export interface RuleChanges {
  /** The files that do. */
  readonly paths: readonly string[];
  /** What changes in the mapping, where it can be read before and after. */
  readonly mapping: readonly MappingChange[];
}

/** One entry of the mapping file; undefined: not in the file, which may mean the default. */
export interface MappingChange {
  readonly key: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

const owners = ['CODEOWNERS', 'docs/CODEOWNERS'];

/**
 * Those of the paths that rule what is deployed where and by whom, what CI runs, and who has to review.
 * @param ciConfig where the project has its CI configuration instead of the usual place
 */
export function ruleFilesIn(paths: readonly string[], ciConfig: string | undefined): readonly string[] {
  return paths
    .filter(
      (path) =>
        [mappingPath, 'branch_to_workspace.yml', ciConfig, ...owners].includes(path) ||
        path.startsWith('.gitlab/') ||
        /(?:^|[./])gitlab-ci\.ya?ml$/.test(path),
    )
    .toSorted();
}

/** The entries in which two mappings differ: permissions first, then in the order of their names. Values of variables are left out. */
export function mappingChanges(before: Mapping, after: Mapping): readonly MappingChange[] {
  const [old, now] = [entriesOf(before), entriesOf(after)];
  const changed = [...new Set([...old.keys(), ...now.keys()])].filter((key) => old.get(key) !== now.get(key));
  const shown = (key: string, value: string | undefined) =>
    value === undefined || !key.includes('.variables.') ? value : '…';
  return changed
    .toSorted((one, other) => Number(isRight(other)) - Number(isRight(one)) || (one < other ? -1 : 1))
    .map((key) => ({ key, before: shown(key, old.get(key)), after: shown(key, now.get(key)) }));
}

function isRight(key: string): boolean {
  return key.startsWith('permissions.');
}

/** Where the file keeps what the mapping has under another name. */
const inFile: Readonly<Record<string, string>> = {
  exact: 'mapping',
  prefixes: 'mapping',
  aicProject: 'aic.project',
  directPush: 'direct_push',
};

/** The mapping as keys and texts. */
function entriesOf(mapping: Mapping): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  const add = (key: string, value: unknown): void => {
    if (value === undefined || value === null) return;
    if (value instanceof Map) for (const [name, one] of value) add(`${key}.${String(name)}`, one);
    else if (Array.isArray(value)) {
      if (value.length > 0) entries.set(key, value.map((one) => textOf(one)).join(', '));
    } else if (typeof value === 'object')
      for (const [name, one] of Object.entries(value)) add(`${key}.${name}`, one);
    else entries.set(key, textOf(value));
  };
  for (const [name, value] of Object.entries(mapping)) add(inFile[name] ?? name, value);
  return entries;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const mostShown = 20;

/** What stands above a plan; nothing where no such file changes. */
export function ruleWarnings({ paths, mapping }: RuleChanges): readonly Phrase[] {
  if (paths.length === 0) return [];
  const more = mapping.length - mostShown;
  return [
    phrase`⚠️ This merge request changes ${names(paths, 10)}: what is deployed where and by whom, what CI runs, or who has to review. Review these files with care.`,
    ...(mapping.length === 0
      ? []
      : [
          [
            ...words('The mapping changes: '),
            ...joined(mapping.slice(0, mostShown).map(changeText), '; '),
            more > 0 ? ` and ${more} more.` : '.',
          ],
        ]),
  ];
}

function changeText({ key, before, after }: MappingChange): Phrase {
  if (before === undefined) return phrase`${key} is ${after ?? ''} now`;
  return after === undefined
    ? phrase`${key} was ${before}, and is gone`
    : phrase`${key} was ${before}, and is ${after} now`;
}
