import type { BranchView } from './branch-view.ts';
import type { MergeRequestIid } from './ids.ts';
import { roleNames, type Mapping } from './mapping.ts';
import { hotfixPrefix } from './promotion.ts';

/** A file's version, by all that makes two versions the same; undefined where there is no such file. */
export type FileVersion = readonly string[] | undefined;

export function isSameVersion(one: FileVersion, other: FileVersion): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.some((identity) => other.includes(identity));
}

/** How bringing one file of a hotfix to a branch stands: it is there, or the branch has what production had before, or both changed it. */
export type FixedFileState = 'there' | 'clean' | 'both';

/** Compares a file on the branch with what it was on production before and after the hotfix. */
export function stateOfFile(file: {
  readonly before: FileVersion;
  readonly after: FileVersion;
  readonly there: FileVersion;
}): FixedFileState {
  if (isSameVersion(file.there, file.after)) return 'there';
  return isSameVersion(file.there, file.before) ? 'clean' : 'both';
}

/** The branches that a hotfix is brought to: those of the other roles, where they have one. */
export function backMergeTargets(mapping: Mapping): readonly string[] {
  const { production } = mapping.roles;
  const branches = roleNames.map((role) => mapping.roles[role]);
  return [...new Set(branches)].filter((branch) => branch !== production && mapping.exact.has(branch));
}

/** The name of the branch that brings a hotfix to another: the same each time. */
export function backMergeBranch(hotfix: string, target: string): string {
  return `back-merge/${hotfix.slice(hotfixPrefix.length)}-into-${target}`;
}

/** The hotfixes among the merge requests that a view of the production branch found merged. */
export function mergedHotfixes({ mapping, key, mergeRequests }: BranchView): readonly MergeRequestIid[] {
  if (!mapping.ok || key.branch !== mapping.value.roles.production) return [];
  return mergeRequests.flatMap(({ iid, source }) => (source.startsWith(hotfixPrefix) ? [iid] : []));
}
