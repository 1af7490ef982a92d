import type { BranchView } from '../deployment/decide-deployment.ts';
import type { Actor } from '../audit/audit-log.ts';
import { commitLink } from '../commands/refusals.ts';
import { isConfigPath } from '../pipeline/config-path.ts';
import type { MergeRequest } from '../gitlab/merge-request.ts';
import type { Project } from '../gitlab/project.ts';
import type { CommitSha, MergeRequestIid } from '../shared/ids.ts';
import { link, type Phrase } from '../report/phrase.ts';
import type { Place } from '../gitlab/comment-location.ts';
import { lookup, roleNames, type Mapping } from '../mapping/mapping.ts';
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

/** What came into production, by a merge request or by a push, and is brought to the other branches. */
export interface Arrival {
  /** The branch that was merged, or a name for the push. */
  readonly source: string;
  /** The merge request or the commit with its address. */
  readonly reference: Phrase;
  readonly production: string;
  readonly by: Actor;
  /** What tells it apart in the project: the merge request's number, or the commit. */
  readonly id: string;
  readonly isHotfix: boolean;
  /** Where it is told of. */
  readonly place: Place;
}

export function arrivalOfMerge(request: MergeRequest): Arrival {
  const { iid, source, target, webUrl, mergedBy: name, mergedById: id } = request;
  return {
    source,
    reference: link(`!${iid}`, webUrl),
    production: target,
    by: { id, name },
    id: String(iid),
    isHotfix: isHotfix(request),
    place: { kind: 'merge-request', iid },
  };
}

export function arrivalOfPush(project: Project, branch: string, commit: CommitSha): Arrival {
  return {
    source: `push-${commit.slice(0, 8)}`,
    reference: commitLink(project, commit),
    production: branch,
    by: { id: undefined, name: undefined },
    id: commit,
    isHotfix: false,
    place: { kind: 'commit', commit },
  };
}

/** The name of the branch that brings it to another one: the same each time, and another for each arrival. */
export function backMergeBranch(
  { source, id, isHotfix: isFix, place }: Pick<Arrival, 'source' | 'id' | 'isHotfix' | 'place'>,
  target: string,
): string {
  const name = isFix ? source.slice(hotfixPrefix.length) : source.replaceAll('/', '-');
  return `back-merge/${name}${place.kind === 'commit' ? '' : `-${id}`}-into-${target}`;
}

/** Whether the push of a view came into production and is deployed without a merge request. */
export function isDirectPush({ mapping, key, mergeRequests, changes }: BranchView): boolean {
  if (!mapping.ok || key.branch !== mapping.value.roles.production) return false;
  const found = lookup(mapping.value, key.branch);
  const isHeld = found.rule !== 'none' && found.workspace.require.length > 0;
  const isDeployed = mapping.value.directPush === 'deploy' && mergeRequests.length === 0 && !isHeld;
  return isDeployed && changes.paths.some((path) => isConfigPath(path));
}

/** Whether a merge request brings a fix that was made in the production workspace. */
function isHotfix({ source }: { readonly source: string }): boolean {
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
