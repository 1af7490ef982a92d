import { lookup, type Mapping, type Role, type WorkspaceTarget } from '../mapping/mapping.ts';
import { names, phrase, words, type Phrase } from '../report/phrase.ts';
import type { Explanation } from '../report/reason.ts';
import { fail, ok, type Result } from '../shared/result.ts';

export type PromotionKind = 'feature' | 'release' | 'hotfix';

/** Branches under it hold fixes that were made in the production workspace first. */
export const hotfixPrefix = 'hotfix/';

/** Branches under it bring pipelines from develop to production. */
export const releasePrefix = 'release/';

/** The role whose pipelines a promotion brings, and the one whose branch it goes into. */
const ways: Readonly<Record<PromotionKind, { readonly from: Role; readonly into: Role }>> = {
  feature: { from: 'sandbox', into: 'qa' },
  release: { from: 'qa', into: 'production' },
  hotfix: { from: 'production', into: 'production' },
};

/** What somebody asked to promote. */
export interface PromotionWish {
  readonly kind: PromotionKind;
  readonly name: string;
  readonly from: string | undefined;
  readonly pipelines: readonly string[];
  /** Whether all pipelines were asked for in so many words. */
  readonly all: boolean;
}

/** Pipelines on their way from one branch (for a hotfix: from the workspace of the target) into another, by a branch of their own. */
export interface Promotion {
  readonly kind: PromotionKind;
  /** The branch that is merged, such as `release/2026-11`. */
  readonly branch: string;
  readonly source: string;
  readonly target: string;
  /** The workspace that the source branch belongs to. */
  readonly workspace: WorkspaceTarget;
  /** Empty: all. */
  readonly pipelines: readonly string[];
}

/** The name of a promotion, without the prefix of its branch. */
export function nameOf({ kind, branch }: Pick<Promotion, 'kind' | 'branch'>): string {
  return branch.slice(kind.length + 1);
}

/** What is to be promoted where, or which rule forbids it. */
export function promotionOf(mapping: Mapping, wish: PromotionWish): Result<Promotion, Explanation> {
  const { kind, pipelines } = wish;
  const { from, into } = ways[kind];
  const [source, target] = [mapping.roles[from], mapping.roles[into]];
  const found = lookup(mapping, source);
  for (const role of [from, into])
    if (!mapping.exact.has(mapping.roles[role])) return fail(unfilled(mapping, role, kind));
  if (found.rule === 'none') return fail(unfilled(mapping, from, kind));
  if (wish.from !== undefined && wish.from !== source) return fail(wrongSource(wish, { source, target }));
  if (source === target && kind !== 'hotfix') return fail(wrongSource(wish, { source, target }));
  const typed = wish.name.startsWith(`${kind}/`) ? wish.name.slice(kind.length + 1) : wish.name;
  const name = safeName(typed);
  // Two names without a letter would make one branch.
  if (!/[A-Za-z0-9]/.test(name)) return fail(noName(wish));
  if (pipelines.length === 0 && !wish.all && kind !== 'feature') return fail(noPipelines(kind));
  if (pipelines.length > 0 && wish.all) return fail(allAndSome(pipelines));
  return ok({ kind, branch: `${kind}/${name}`, source, target, workspace: found.workspace, pipelines });
}

/**
 * The name as part of a branch's: as the Python library makes it, everything but letters, digits, `-`, `_` and `/` a hyphen; and without the
 * slashes that git does not allow. Empty where nothing is left.
 */
export function safeName(name: string): string {
  return name
    .replaceAll(/[^A-Za-z0-9\-_/]+/g, '-')
    .replaceAll(/\/{2,}/g, '/')
    .replaceAll(/^\/|\/$/g, '')
    .slice(0, longestName)
    .replace(/\/$/, '');
}

/** Git keeps a branch as a file, and adds `.lock` to its name. */
const longestName = 200;

const nothing = 'Nothing was promoted: ';

function unfilled(mapping: Mapping, role: Role, kind: PromotionKind): Explanation {
  return {
    what: phrase`${words(nothing)}a ${words(kind)} needs a branch in the role ${role}, and ${mapping.roles[role]} is not in the mapping.`,
    remedy: phrase`Add it under ${'mapping:'} in ${'branch_to_workspace.yaml'}, or name another branch under ${`roles: { ${role}: … }`}.`,
  };
}

function wrongSource(
  { kind, from }: PromotionWish,
  { source, target }: Pick<Promotion, 'source' | 'target'>,
): Explanation {
  return {
    what: phrase`${words(nothing)}a ${words(kind)} goes from ${source} into ${target}, and not from ${from ?? target}.`,
    remedy: phrase`Leave ${'from='} out, or set the ${'roles:'} in ${'branch_to_workspace.yaml'}.`,
  };
}

function noName({ kind, name }: PromotionWish): Explanation {
  return {
    what: phrase`${words(nothing)}${name} makes no name for a branch.`,
    remedy: phrase`Use letters, digits, ${'-'} and ${'_'}, such as ${`/aic ${kind} PINOPS-1831`}.`,
  };
}

function noPipelines(kind: PromotionKind): Explanation {
  const all: Phrase = kind === 'release' ? phrase`, or ${`/aic ${kind} NAME all`} for all that differ` : [];
  return {
    what: phrase`${words(nothing)}a ${words(kind)} names its pipelines, and none is named.`,
    remedy: phrase`Name at least one: ${`/aic ${kind} NAME "PIPELINE"`}${all}.`,
  };
}

function allAndSome(pipelines: readonly string[]): Explanation {
  return {
    what: phrase`${words(nothing)}it says ${'all'} and also names ${names(pipelines)}.`,
    remedy: phrase`Leave one of them out. A pipeline whose name is ${'all'} stands in quotation marks.`,
  };
}
