import type { BranchView } from './branch-view.ts';
import type { MergeRequestIid } from './ids.ts';
import { roleNames, type Mapping } from './mapping.ts';
import { hotfixPrefix, releasePrefix } from './promotion.ts';

/** A file's version, by all that makes two versions the same; undefined where there is no such file. */
export type FileVersion = readonly string[] | undefined;

function isSameVersion(one: FileVersion, other: FileVersion): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.some((identity) => other.includes(identity));
}

/** A file of a hotfix: what production had before, and what it has after. */
export interface FixedFile {
  readonly path: string;
  readonly before: FileVersion;
  readonly after: FileVersion;
}

/**
 * How one file of a hotfix stands on a branch: it is `there`; the branch has what production had before (`clean`); it lacks a file that production
 * had (`absent`); or `both` changed it.
 */
export type FixedFileState = 'there' | 'clean' | 'absent' | 'both';

/** Compares a file on the branch with what it was on production before and after the hotfix. */
export function stateOfFile({ before, after }: Omit<FixedFile, 'path'>, there: FileVersion): FixedFileState {
  if (isSameVersion(there, after)) return 'there';
  if (isSameVersion(there, before)) return 'clean';
  return there === undefined ? 'absent' : 'both';
}

/** Whether git, from a commit that has these versions, would bring the hotfix and nothing else to the branch. */
export function isCommonStart(
  files: readonly (FixedFile & { readonly state: FixedFileState })[],
  had: ReadonlyMap<string, FileVersion>,
): boolean {
  return files.every(({ path, before, state }) => {
    const version = had.get(path);
    return isSameVersion(version, before) || (state === 'absent' && version === undefined);
  });
}

/** The branches that a hotfix is brought to: those of the other roles, where they have one. */
export function backMergeTargets(mapping: Mapping): readonly string[] {
  const { production } = mapping.roles;
  const branches = roleNames.map((role) => mapping.roles[role]);
  return [...new Set(branches)].filter((branch) => branch !== production && mapping.exact.has(branch));
}

/** The name of the branch that brings what was merged to another one: the same each time, and another for each merge request. */
export function backMergeBranch(
  { source, iid }: { readonly source: string; readonly iid: MergeRequestIid },
  target: string,
): string {
  const name = isHotfix({ source }) ? source.slice(hotfixPrefix.length) : source.replaceAll('/', '-');
  return `back-merge/${name}-${iid}-into-${target}`;
}

/** Whether a merge request brings a fix that was made in the production workspace. */
export function isHotfix({ source }: { readonly source: string }): boolean {
  return source.startsWith(hotfixPrefix);
}

/**
 * The merge requests that a view of the production branch found merged and that did not come by way of the other branches: hotfixes, and whatever else is no
 * release and no merge of another role's branch.
 */
export function directMerges({ mapping, key, mergeRequests }: BranchView): readonly MergeRequestIid[] {
  if (!mapping.ok || key.branch !== mapping.value.roles.production) return [];
  const others = new Set(backMergeTargets(mapping.value));
  return mergeRequests.flatMap(({ iid, source, fromFork }) => {
    const cameTheUsualWay = source.startsWith(releasePrefix) || (others.has(source) && !fromFork);
    return cameTheUsualWay ? [] : [iid];
  });
}
