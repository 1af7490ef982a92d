import type { CommitSha, MergeRequestIid } from '../../shared/ids.ts';

/** What a pipeline's content came from, since it was last deployed. */
export interface Provenance {
  readonly mergeRequests: readonly MergeRequestIid[];
  /** Commits that came to the branch by no merge request. */
  readonly directPushes: readonly CommitSha[];
  /** Whether something in it can't be traced: then nobody can say that it was reviewed. */
  readonly isUnknown: boolean;
}

/** Of what came from nowhere, such as a pipeline that is only looked at. */
export const noProvenance: Provenance = { mergeRequests: [], directPushes: [], isUnknown: false };

export const unknownProvenance: Provenance = { ...noProvenance, isUnknown: true };

/** Of content that several came together in. */
export function jointly(all: readonly Provenance[]): Provenance {
  return {
    mergeRequests: [...new Set(all.flatMap(({ mergeRequests }) => mergeRequests))].toSorted(
      (one, other) => one - other,
    ),
    directPushes: [...new Set(all.flatMap(({ directPushes }) => directPushes))],
    isUnknown: all.some(({ isUnknown }) => isUnknown),
  };
}

/** A step that a branch made: from `parent` to `commit`, and what brought it. */
export interface BranchStep {
  readonly commit: CommitSha;
  readonly parent: CommitSha;
  /** Empty: a push without a merge request. */
  readonly broughtBy: readonly MergeRequestIid[];
  /** Whether `broughtBy` is all that can be said, or nothing can. */
  readonly isUnknown: boolean;
  /** Whether a merge request says that the commit merged it. */
  readonly isMerge: boolean;
}

/** Steps one after the other that the same merge requests brought, or pushes without any. */
export interface Unit {
  readonly from: CommitSha;
  readonly to: CommitSha;
  readonly provenance: Provenance;
}

/** @param steps oldest first, each beginning where the one before it ends */
export function unitsOf(steps: readonly BranchStep[]): readonly Unit[] {
  const units: Unit[] = [];
  let last: BranchStep | undefined;
  for (const step of steps) {
    const provenance = provenanceOf(step);
    const before = units.at(-1);
    if (before !== undefined && last !== undefined && isSameUnit(last, step))
      // Of commits that were pushed one after the other the newest stands for all.
      units[units.length - 1] = { from: before.from, to: step.commit, provenance };
    else units.push({ from: step.parent, to: step.commit, provenance });
    last = step;
  }
  return units;
}

/** What each path came from, given what each unit changed. A path that differs although no unit changed it can't be traced. */
export function provenanceOfPaths(
  paths: readonly string[],
  units: readonly { readonly provenance: Provenance; readonly paths: ReadonlySet<string> }[],
): ReadonlyMap<string, Provenance> {
  return new Map(
    paths.map((path) => {
      const its = units.filter((unit) => unit.paths.has(path)).map(({ provenance }) => provenance);
      return [path, its.length === 0 ? unknownProvenance : jointly(its)];
    }),
  );
}

function provenanceOf({ commit, broughtBy, isUnknown }: BranchStep): Provenance {
  const isPush = broughtBy.length === 0 && !isUnknown;
  return { mergeRequests: broughtBy, directPushes: isPush ? [commit] : [], isUnknown };
}

function isSameUnit(one: BranchStep, other: BranchStep): boolean {
  return (
    one.isUnknown === other.isUnknown &&
    one.broughtBy.length === other.broughtBy.length &&
    one.broughtBy.every((iid) => other.broughtBy.includes(iid))
  );
}
