import type { Branch, Group, Protection } from './administration.ts';
import type { Project } from '../gitlab/project.ts';
import { isSameUrl, lacksOf, type Hook, type WantedHook } from '../gitlab/webhook.ts';

/** What there is already. */
export interface Present {
  /** Undefined where the project is yet to be made, in `group`. */
  readonly project: Project | undefined;
  readonly group: Group | undefined;
  /** The files and folders at the root of the default branch. */
  readonly rootNames: readonly string[];
  /** Those of the wanted branches that exist. */
  readonly branches: readonly Branch[];
  /** The names that are protected, `*` standing for any text. */
  readonly protections: readonly string[];
  readonly hooks: readonly Hook[];
}

/** What there is to be. */
export interface Wanted {
  /** The name of a new project within its group. */
  readonly name: string;
  /** The branches of the mapping: the default branch first. */
  readonly branches: readonly [string, ...string[]];
  readonly files: ReadonlyMap<string, string>;
  /** Undefined where the bot's address or its secrets are not known. */
  readonly hook: WantedHook | undefined;
}

/** One change to a project. */
export type Step =
  | { readonly kind: 'create-project'; readonly group: Group; readonly name: string }
  | { readonly kind: 'add-files'; readonly branch: string; readonly files: ReadonlyMap<string, string> }
  | { readonly kind: 'create-branch'; readonly branch: string; readonly from: string }
  | { readonly kind: 'protect'; readonly protection: Protection }
  | { readonly kind: 'add-hook'; readonly wanted: WantedHook }
  | { readonly kind: 'complete-hook'; readonly hook: Hook; readonly wanted: WantedHook };

/** What is there already, in the place of a step. */
export type Found =
  | { readonly kind: 'project'; readonly path: string }
  | { readonly kind: 'files' }
  | { readonly kind: 'branch'; readonly branch: string }
  | { readonly kind: 'protection'; readonly branch: string }
  | { readonly kind: 'hook'; readonly url: string };

export type Entry = { readonly step: Step } | { readonly found: Found };

/**
 * What has to be done to a project, in order, and what need not be. Only what is missing is made: a file, a protection and a hook of another
 * address stay as they are, whatever they hold.
 */
export function planInit(present: Present, wanted: Wanted): readonly Entry[] {
  const [main] = wanted.branches;
  return [
    ...projectEntry(present, wanted),
    filesEntry(present, main, wanted.files),
    ...wanted.branches
      .slice(1)
      .map((branch): Entry =>
        present.branches.some(({ name }) => name === branch)
          ? { found: { kind: 'branch', branch } }
          : { step: { kind: 'create-branch', branch, from: main } },
      ),
    ...wanted.branches.map((branch) => protectionEntry(present, branch, branch === main)),
    ...(wanted.hook === undefined ? [] : [hookEntry(present, wanted.hook)]),
  ];
}

function projectEntry({ project, group }: Present, { name }: Wanted): readonly Entry[] {
  if (project !== undefined) return [{ found: { kind: 'project', path: project.path } }];
  return group === undefined ? [] : [{ step: { kind: 'create-project', group, name } }];
}

/** A folder counts as there when it holds anything, a README whatever its ending. */
function filesEntry({ rootNames }: Present, branch: string, files: ReadonlyMap<string, string>): Entry {
  const there = new Set(rootNames.map(rootOf));
  const missing = [...files].filter(([path]) => !there.has(rootOf(path)));
  if (missing.length === 0) return { found: { kind: 'files' } };
  return { step: { kind: 'add-files', branch, files: new Map(missing) } };
}

function rootOf(path: string): string {
  const root = path.split('/')[0] ?? path;
  return /^readme(?:\.|$)/i.test(root) ? 'README' : root;
}

function protectionEntry(present: Present, branch: string, isProduction: boolean): Entry {
  const isProtected =
    present.branches.some(({ name, isProtected: is }) => name === branch && is) ||
    present.protections.some((name) => covers(name, branch));
  if (isProtected) return { found: { kind: 'protection', branch } };
  const merge = isProduction ? 'maintainer' : 'developer';
  return { step: { kind: 'protect', protection: { branch, push: 'maintainer', merge } } };
}

/** Whether a protection of this name is about the branch. */
function covers(name: string, branch: string): boolean {
  const [first = '', ...rest] = name.split('*');
  if (!branch.startsWith(first)) return false;
  let at = first.length;
  for (const [index, part] of rest.entries()) {
    const found = index === rest.length - 1 ? branch.length - part.length : branch.indexOf(part, at);
    if (found < at || !branch.startsWith(part, found)) return false;
    at = found + part.length;
  }
  return at === branch.length;
}

function hookEntry({ hooks }: Present, wanted: WantedHook): Entry {
  const own = hooks.find(({ url }) => isSameUrl(url, wanted.url));
  if (own === undefined) return { step: { kind: 'add-hook', wanted } };
  if (lacksOf(own, wanted).length === 0) return { found: { kind: 'hook', url: own.url } };
  return { step: { kind: 'complete-hook', hook: own, wanted } };
}
