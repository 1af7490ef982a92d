import picomatch from 'picomatch';

import { fail, ok, type Result } from '../shared/result.ts';

/** Which GitLab projects may use which AIC workspaces: one entry of the setting `AIC_WORKSPACES`. */
export interface Grant {
  /** A glob of project paths, as in `GITLAB_PROJECTS`. */
  readonly projects: string;
  /** The name of an AIC project; undefined: any. */
  readonly aicProject: string | undefined;
  /** As it is written: `*` is any text, `?` one character, and everything else stands for itself. */
  readonly workspaces: string;
}

/** Names have up to 255 characters, of which percent-encoding may make nine each. */
const longestEntry = 5_000;

/** A pattern only ever admits: `!` has no meaning. GitLab does not tell upper case from lower case in a path. */
const pathOptions = { dot: true, nocase: true, nonegate: true };

/** Whether a project's path fits one of the globs. */
export function pathMatcher(globs: readonly string[]): (projectPath: string) => boolean {
  return picomatch([...globs], pathOptions);
}

/** Whether an entry of `GITLAB_PROJECTS` is the path of one project. GitLab's paths hold nothing else, and no glob does without something else. */
export function isPath(entry: string): boolean {
  return /^[\w.\-/]+$/.test(entry);
}

/**
 * Reads `<project glob>=<AIC project>/<workspaces>`, entries separated by `;` or line breaks. The first `=` and the first `/` behind it separate, so that
 * those that belong to the AIC project's name are written as `%2F`; so are `%`, `;`, `*` and `?` that belong to a name. Fails with what is wrong with
 * each entry.
 */
export function parseGrants(text: string): Result<readonly Grant[], readonly string[]> {
  const grants: Grant[] = [];
  const problems: string[] = [];
  const entries = text
    .split(/[;\r\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  for (const [index, entry] of entries.entries()) {
    const grant = parseGrant(entry);
    if (grant.ok) grants.push(grant.value);
    else problems.push(`entry ${index + 1} ${grant.failure}`);
  }
  if (entries.length === 0) problems.push('has no entry');
  return problems.length === 0 ? ok(grants) : fail(problems);
}

function parseGrant(entry: string): Result<Grant, string> {
  if (entry.length > longestEntry) return fail(`is longer than ${longestEntry} characters`);
  const [projects, granted] = splitAt(entry, '=');
  if (granted === undefined) return fail('has no = between projects and workspaces');
  const [aicProject, workspaces] = splitAt(granted, '/');
  if (workspaces === undefined) return fail('has no / between AIC project and workspaces');
  if (projects === '') return fail('names no project before its =');
  if (/^["']/.test(projects)) return fail('begins with a quotation mark: write it without');
  if (projects.startsWith('!')) return fail('excludes projects: name those that may use the workspaces');
  if (aicProject === '' || workspaces === '') return fail('names no AIC project, or no workspaces');
  if (/[*?]/.test(aicProject))
    return fail('has a pattern for the AIC project: write its whole name, in an entry for each');
  const name = decoded(aicProject);
  if (name === undefined || decoded(workspaces) === undefined)
    return fail('has a % that is no percent-encoding: write %25 for it');
  return ok({ projects, aicProject: name, workspaces });
}

function splitAt(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  if (at === -1) return [text.trim(), undefined];
  return [text.slice(0, at).trim(), text.slice(at + separator.length).trim()];
}

/** Undefined where a percent sign makes no sense. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Whether a workspace's name fits the pattern, upper and lower case told apart. */
export function workspaceMatcher(pattern: string): (workspace: string) => boolean {
  const glob = (pattern.match(/\*+|\?|[^*?]+/g) ?? []).flatMap((part): readonly Sign[] => {
    if (part.startsWith('*')) return [anyText];
    return part === '?' ? [anyCharacter] : Array.from(decoded(part) ?? part);
  });
  return (workspace) => fits(glob, Array.from(workspace));
}

const anyText = Symbol('any text');
const anyCharacter = Symbol('any character');
/** A character that stands for itself, or what stands for others. */
type Sign = string | typeof anyText | typeof anyCharacter;

/** Takes at most as many steps as the lengths multiplied: only the last `*` is ever tried again, where a regular expression tries all. */
function fits(glob: readonly Sign[], text: readonly string[]): boolean {
  let [at, sign] = [0, 0];
  // Behind the last `*`, and what it is taken to end before.
  let star: { readonly sign: number; readonly at: number } | undefined;
  while (at < text.length) {
    const wanted = glob[sign];
    if (wanted === anyText) {
      sign += 1;
      star = { sign, at };
    } else if (wanted === anyCharacter || wanted === text[at]) {
      sign += 1;
      at += 1;
    } else if (star === undefined) return false;
    else {
      star = { sign: star.sign, at: star.at + 1 };
      ({ sign, at } = star);
    }
  }
  return glob.slice(sign).every((rest) => rest === anyText);
}

/** The entry that grants a project this one workspace and nothing else. */
export function entryFor(
  projectPath: string,
  { aicProject, workspace }: { readonly aicProject: string; readonly workspace: string },
): string {
  return `${projectPath}=${encoded(aicProject, /\//g)}/${encoded(workspace)}`;
}

/** The name as it is written in an entry: what separates, stands for other text, would be cut off or is not seen is percent-encoded. */
function encoded(name: string, also?: RegExp): string {
  const special = name.replaceAll(/[%;*?\p{Cc}\p{Cf}]|[^\S ]|^ +| +$|(?<= ) /gu, percent);
  return also === undefined ? special : special.replaceAll(also, percent);
}

function percent(text: string): string {
  return [...new TextEncoder().encode(text)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}

/** The grant as an entry of the setting; undefined where it is for any AIC project. */
export function entryOf({ projects, aicProject, workspaces }: Grant): string | undefined {
  return aicProject === undefined ? undefined : `${projects}=${encoded(aicProject, /\//g)}/${workspaces}`;
}
