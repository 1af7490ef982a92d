import type { Commit } from '../gitlab/merge-request.ts';
import type { CommitSha, MergeRequestIid } from '../shared/ids.ts';

/** The commits that a branch has since a start, by which one gets from its head to that start. */
export interface Lineage {
  readonly from: CommitSha;
  readonly head: CommitSha;
  readonly commits: ReadonlyMap<CommitSha, Commit>;
  /** Those from which the start is reached; empty where the branch does not descend from it, as after a forced push. */
  readonly descendants: ReadonlySet<CommitSha>;
}

/** @param commits those that the head has and the start lacks, in any order */
export function lineageOf(from: CommitSha, head: CommitSha, commits: readonly Commit[]): Lineage {
  const children = new Map<CommitSha, CommitSha[]>();
  for (const { id, parents } of commits)
    for (const parent of parents) {
      const known = children.get(parent);
      if (known === undefined) children.set(parent, [id]);
      else known.push(id);
    }
  const descendants = new Set<CommitSha>();
  const found = [from];
  for (let at = found.pop(); at !== undefined; at = found.pop())
    for (const child of children.get(at) ?? [])
      if (!descendants.has(child)) {
        descendants.add(child);
        found.push(child);
      }
  return { from, head, commits: new Map(commits.map((commit) => [commit.id, commit])), descendants };
}

/** Whether the way from the head to the start is known. */
export function isWhole({ from, head, descendants }: Lineage): boolean {
  return from === head || descendants.has(head);
}

/** The parents by which the start is reached; else the first one. */
export function waysBack(lineage: Lineage, commit: CommitSha): readonly CommitSha[] {
  const parents = lineage.commits.get(commit)?.parents ?? [];
  const ways = parents.filter((parent) => parent === lineage.from || lineage.descendants.has(parent));
  return ways.length > 0 ? ways : parents.slice(0, 1);
}

/**
 * Where the branch was before a commit that has several parents: usually at the first. Where that came by the same as the commit itself and another
 * one by something else, the branch was there: somebody merged it into their own work and pushed, or had that merged by a fast-forward.
 * @param ways with what brought each; undefined where the range ends
 */
export function wayOfBranch(
  own: readonly MergeRequestIid[],
  ways: readonly { readonly parent: CommitSha; readonly broughtBy: readonly MergeRequestIid[] | undefined }[],
): CommitSha | undefined {
  const isOther = (broughtBy: readonly MergeRequestIid[] | undefined) =>
    broughtBy === undefined || broughtBy.length !== own.length || broughtBy.some((iid) => !own.includes(iid));
  return (ways.find(({ broughtBy }) => isOther(broughtBy)) ?? ways[0])?.parent;
}
