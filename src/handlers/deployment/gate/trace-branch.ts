import type { GitLab } from '../../../domain/gitlab/gitlab.ts';
import {
  firstLanded,
  isStuck,
  landingOf,
  type MergeRequest,
  type ProposedCommit,
} from '../../../domain/gitlab/merge-request.ts';
import type { GitLabResult } from '../../../domain/gitlab/project.ts';
import type { CommitSha, MergeRequestIid, ProjectId } from '../../../domain/shared/ids.ts';
import type { Clock } from '../../../domain/shared/clock.ts';
import { isWhole, wayOfBranch, waysBack, type Lineage } from '../../../domain/deployment/lineage.ts';
import type { BranchStep } from '../../../domain/deployment/gate/provenance.ts';
import { fail, ok } from '../../../domain/shared/result.ts';
import type { UpstreamFailure } from '../../../domain/shared/upstream-failure.ts';

/** How often GitLab is asked about a commit at most; a branch that got further without the bot is taken for untraceable there. */
const mostLookUps = 200;
/** With how many commits of a merge request that say the same a commit is compared. */
const mostAlike = 3;

export interface Trace {
  /** From the start to the head, oldest first; as far as can be told where the branch does not descend from the start. */
  readonly steps: readonly BranchStep[];
  /** Those that brought any of them. */
  readonly requests: readonly MergeRequest[];
  readonly isWhole: boolean;
}

interface Traced {
  readonly project: ProjectId;
  readonly branch: string;
  readonly lineage: Lineage;
  /** Merge requests into the branch that are known to be merged: they save asking. */
  readonly known: readonly MergeRequest[];
}

interface Ports {
  readonly gitlab: Pick<GitLab, 'mergedWith' | 'proposedCommits' | 'proposedCommit' | 'isSameChange'>;
  readonly clock: Clock;
}

/**
 * What brought each step of a branch, asked of GitLab commit by commit from the head on: commits that one merge request brought together are asked about
 * once. A commit counts as brought by a merge request only if that landed with it: to be among its commits as well is not enough.
 * Fails as passing where GitLab is merging a request at this moment. What one may have brought that GitLab has been merging for minutes can't be traced.
 */
export async function traceBranch(ports: Ports, traced: Traced): Promise<GitLabResult<Trace>> {
  const { lineage } = traced;
  const finder = createFinder(ports, traced);
  const steps: BranchStep[] = [];
  for (let at = lineage.head; at !== lineage.from && lineage.commits.has(at);) {
    const above = () => [...steps.map(({ commit }) => commit), at];
    const found = await finder.broughtBy(at, above);
    if (!found.ok) return found;
    const own = found.value ?? [];
    const all = waysBack(lineage, at);
    // What GitLab merged went on from the first.
    const back = finder.isMade(at) ? all.slice(0, 1) : all;
    const ways = [];
    for (const parent of back) {
      const isAsked = back.length > 1 && parent !== lineage.from;
      const its = isAsked ? await finder.broughtBy(parent, () => [...above(), parent]) : ok(undefined);
      if (!its.ok) return its;
      ways.push({ parent, broughtBy: its.value });
    }
    const parent = wayOfBranch(own, ways);
    if (parent === undefined) break;
    steps.push({
      commit: at,
      parent,
      broughtBy: own,
      isUnknown: found.value === undefined,
      isMerge: finder.isMade(at),
    });
    at = parent;
  }
  return ok({ steps: steps.toReversed(), requests: finder.requests(), isWhole: isWhole(lineage) });
}

/** What is known of commits so far. A commit that can't be traced is undefined, one that was pushed is brought by none. */
function createFinder({ gitlab, clock }: Ports, { project, branch, lineage, known }: Traced) {
  const found = new Map<CommitSha, readonly MergeRequestIid[] | undefined>();
  const requests = new Map<MergeRequestIid, MergeRequest>();
  const lists = new Map<MergeRequestIid, readonly ProposedCommit[]>();
  /** Merge requests whose commits GitLab rebased, with those of them that may lie next below, newest first. */
  const rebased = new Map<MergeRequestIid, readonly ProposedCommit[]>();
  const made = new Set<CommitSha>();
  let lookUps = 0;

  // Commits are looked up one after the other, and a list is the same whoever asks for it.
  const keepList = (iid: MergeRequestIid, list: readonly ProposedCommit[]) => {
    lists.set(iid, list);
    return ok(list);
  };
  const listOf = async (iid: MergeRequestIid): Promise<GitLabResult<readonly ProposedCommit[]>> => {
    const list = lists.get(iid);
    if (list !== undefined) return ok(list);
    const listed = await gitlab.proposedCommits(project, iid);
    return listed.ok ? keepList(iid, listed.value) : listed;
  };

  const keep = (commit: CommitSha, by: readonly MergeRequest[]) => {
    for (const request of by) requests.set(request.iid, request);
    const iids = by.map(({ iid }) => iid).toSorted((one, other) => one - other);
    found.set(commit, iids);
    return ok(iids);
  };

  /** Takes note of what else came with a commit to which the branch was moved forward. */
  const spread = async (commit: CommitSha, request: MergeRequest): Promise<GitLabResult<void>> => {
    if (lineage.commits.get(commit)?.parents.includes(lineage.from) === true) return ok(undefined);
    const list = await listOf(request.iid);
    if (!list.ok) return list;
    if (list.value.some(({ id }) => id === commit)) {
      for (const { id } of list.value) if (!found.has(id)) keep(id, [request]);
      // The newest became this commit.
    } else if (!rebased.has(request.iid)) rebased.set(request.iid, list.value.slice(1));
    return ok(undefined);
  };

  /**
   * GitLab before 19 knows of commits that it rebased the last one alone: the others say the same, change the same, and lie below it one by one. Where one
   * of them lies that is another one, no more follow: what is further down may only look like them.
   */
  const rebasedFrom = async (commit: CommitSha): Promise<GitLabResult<MergeRequest | undefined>> => {
    for (const [iid, left] of rebased) {
      if (left.length === 0) continue;
      const own = await gitlab.proposedCommit(project, commit);
      if (!own.ok) return own;
      const alike = [...left.entries()].filter(([, one]) => isRebased(one, own.value));
      // Hundreds that say the same are no accident.
      for (const [index, one] of alike.slice(0, mostAlike)) {
        const same = await gitlab.isSameChange(project, one.id, commit);
        if (!same.ok) return same;
        if (!same.value) continue;
        rebased.set(iid, left.slice(index + 1));
        return ok(requests.get(iid));
      }
      rebased.set(iid, []);
    }
    return ok(undefined);
  };

  const isLanded = async (commit: CommitSha, request: MergeRequest): Promise<GitLabResult<boolean>> => {
    const landing = landingOf(commit, request);
    if (landing !== 'unsure') return ok(landing !== undefined);
    const list = await listOf(request.iid);
    return list.ok ? ok(list.value.every(({ id }) => id !== commit)) : list;
  };

  const lookUp = async (
    commit: CommitSha,
    above: () => readonly CommitSha[],
  ): Promise<GitLabResult<readonly MergeRequestIid[] | undefined>> => {
    const related = await gitlab.mergedWith(project, branch, commit);
    if (!related.ok) return related;
    const locked = related.value.filter(({ state }) => state === 'locked');
    const busy = locked.find((request) => !isStuck(request, clock.now()));
    if (busy !== undefined) return fail(notYetMerged(busy.iid));
    const landed: MergeRequest[] = [];
    for (const request of related.value) {
      if (request.state === 'locked') continue;
      const its = await isLanded(commit, request);
      if (!its.ok) return its;
      if (its.value) landed.push(request);
    }
    const makers = landed.filter((request) => landingOf(commit, request) === 'made');
    if (makers.length > 0) {
      made.add(commit);
      return keep(commit, makers);
    }
    if (locked.length > 0) {
      found.set(commit, undefined);
      return ok(undefined);
    }
    const [first, ...others] = firstLanded(landed, above());
    if (first === undefined) {
      const original = await rebasedFrom(commit);
      if (!original.ok) return original;
      return keep(commit, original.value === undefined ? [] : [original.value]);
    }
    if (others.length > 0) return keep(commit, [first, ...others]);
    const spreading = await spread(commit, first);
    return spreading.ok ? keep(commit, [first]) : spreading;
  };

  return {
    requests: () => [...requests.values()].toSorted((one, other) => one.iid - other.iid),
    /** Whether GitLab made it when merging. */
    isMade: (commit: CommitSha) => made.has(commit),
    /** @param above the commits from the head to this one */
    broughtBy: async (
      commit: CommitSha,
      above: () => readonly CommitSha[],
    ): Promise<GitLabResult<readonly MergeRequestIid[] | undefined>> => {
      const certain = known.find((request) => isCertain(commit, request));
      if (certain !== undefined && found.get(commit)?.includes(certain.iid) !== true) {
        const isMade = landingOf(commit, certain) === 'made';
        if (isMade) made.add(commit);
        const spreading = isMade ? ok(undefined) : await spread(commit, certain);
        return spreading.ok ? keep(commit, [certain]) : spreading;
      }
      if (found.has(commit)) return ok(found.get(commit));
      if (lookUps === mostLookUps) return ok(undefined);
      lookUps += 1;
      return lookUp(commit, above);
    },
  };
}

/** Whether a merge request itself says that it landed with this commit. */
function isCertain(commit: CommitSha, request: MergeRequest): boolean {
  switch (landingOf(commit, request)) {
    case 'made':
      return true;
    case 'moved':
      return request.head === commit;
    case 'unsure':
    case undefined:
      return false;
  }
}

function isRebased(one: ProposedCommit, other: ProposedCommit): boolean {
  return one.message === other.message && one.author === other.author && one.authoredAt === other.authoredAt;
}

function notYetMerged(iid: MergeRequestIid): UpstreamFailure {
  return {
    system: 'GitLab',
    reason: 'passing',
    status: undefined,
    asked: 'GET',
    said: `!${iid} is being merged`,
  };
}
