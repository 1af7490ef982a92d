import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Commit, MergeRequest, ProposedCommit } from '../../../../src/domain/gitlab/merge-request.ts';
import { heldAmong } from '../../../../src/domain/deployment/gate/held.ts';
import type { CommitSha, MergeRequestIid } from '../../../../src/domain/shared/ids.ts';
import { lineageOf } from '../../../../src/domain/deployment/lineage.ts';
import { provenanceOfPaths, unitsOf } from '../../../../src/domain/deployment/gate/provenance.ts';
import { ok } from '../../../../src/domain/shared/result.ts';
import { traceBranch } from '../../../../src/handlers/deployment/gate/trace-branch.ts';
import { iid, mergeRequest, projectId, sha } from '../../../domain/samples.ts';

const ways = [
  'merge',
  'squash',
  'ff',
  'ff-squash',
  'rebase',
  'rebase-all',
  'by-hand',
  'pushed-before',
] as const;

/** Something that came to the branch: by a merge request in one of GitLab's ways, or pushed (`undefined`). */
interface Arrival {
  readonly way: (typeof ways)[number] | undefined;
  /** How many commits it has. */
  readonly commits: number;
  readonly paths: readonly string[];
  readonly isApproved: boolean;
}

const names = ['a', 'b', 'c', 'd', 'e'];
const arrival: fc.Arbitrary<Arrival> = fc.record({
  way: fc.option(fc.constantFrom(...ways), { nil: undefined }),
  commits: fc.integer({ min: 1, max: 3 }),
  paths: fc.subarray(names, { minLength: 1, maxLength: 2 }),
  isApproved: fc.boolean(),
});

/** A branch that these made, one after the other, and a GitLab that knows of it what GitLab would. */
function branchOf(arrivals: readonly Arrival[], now = 0) {
  const commits: Commit[] = [];
  const requests: MergeRequest[] = [];
  const related = new Map<CommitSha, MergeRequestIid[]>();
  const proposed = new Map<MergeRequestIid, ProposedCommit[]>();
  const originals = new Map<CommitSha, CommitSha>();
  const brought: {
    paths: readonly string[];
    by: MergeRequestIid | undefined;
    from: CommitSha;
    to: CommitSha;
  }[] = [];
  let count = 0;
  let head = sha(0);
  const add = (...parents: readonly CommitSha[]): CommitSha => {
    count += 1;
    commits.push({ id: sha(count), parents });
    return sha(count);
  };
  const chain = (length: number, start: CommitSha): CommitSha[] => {
    const made: CommitSha[] = [];
    for (let left = length; left > 0; left -= 1) made.push(add(made.at(-1) ?? start));
    return made;
  };
  const relate = (number: MergeRequestIid, ids: readonly (CommitSha | undefined)[]) => {
    for (const id of ids) if (id !== undefined) related.set(id, [...(related.get(id) ?? []), number]);
  };
  const said = (id: CommitSha): ProposedCommit => ({
    id,
    message: originals.get(id) ?? id,
    author: 'A <a@example.com>',
    authoredAt: '1',
  });

  for (const [index, { way, commits: length, paths }] of arrivals.entries()) {
    const number = iid(index + 1);
    const from = head;
    if (way === undefined) {
      head = chain(length, head).at(-1) ?? head;
      brought.push({ paths, by: undefined, from, to: head });
      continue;
    }
    // What is rebased or squashed lies beside the branch.
    const isBeside = way === 'rebase' || way === 'rebase-all' || way === 'squash' || way === 'ff-squash';
    const pushedBefore = way === 'pushed-before' ? chain(1, head) : [];
    if (way === 'pushed-before') {
      head = pushedBefore.at(-1) ?? head;
      brought.push({ paths, by: undefined, from, to: head });
    }
    const start = head;
    const own = isBeside
      ? Array.from({ length }, (_, at) => sha(1_000 + index * 10 + at))
      : chain(length, start);
    const tip = own.at(-1);
    let landed: { mergeCommit?: CommitSha; squashCommit?: CommitSha } = {};
    const found: (CommitSha | undefined)[] = [...pushedBefore, ...own];
    if (way === 'merge' || way === 'pushed-before') landed = { mergeCommit: add(start, tip ?? start) };
    if (way === 'squash') {
      const squashCommit = add(start);
      landed = { squashCommit, mergeCommit: add(start, squashCommit) };
    }
    if (way === 'ff-squash') landed = { squashCommit: add(start) };
    if (way === 'by-hand' && tip !== undefined) landed = { mergeCommit: tip };
    head = landed.mergeCommit ?? landed.squashCommit ?? tip ?? head;
    if (way === 'rebase' || way === 'rebase-all') {
      const made = chain(length, start);
      for (const [at, id] of made.entries()) originals.set(id, own[at] ?? id);
      head = made.at(-1) ?? head;
      found.push(...(way === 'rebase' ? [head] : made));
    }
    relate(number, [...found, landed.mergeCommit, landed.squashCommit]);
    // As GitLab lists them: newest first.
    proposed.set(number, [...pushedBefore, ...own].map(said).toReversed());
    requests.push({
      ...mergeRequest(index + 1),
      mergeCommit: landed.mergeCommit,
      squashCommit: landed.squashCommit,
      head: tip,
    });
    brought.push({ paths, by: number, from: start, to: head });
  }
  const calls: string[] = [];
  const gitlab = {
    mergedWith: async (_: unknown, __: unknown, id: CommitSha) => {
      calls.push(id);
      return ok(requests.filter((request) => related.get(id)?.includes(request.iid) === true));
    },
    proposedCommits: async (_: unknown, number: MergeRequestIid) => ok(proposed.get(number) ?? []),
    proposedCommit: async (_: unknown, id: CommitSha) => ok(said(id)),
    isSameChange: async (_: unknown, one: CommitSha, other: CommitSha) => ok(originals.get(other) === one),
  };
  return { gitlab, clock: { now: () => now }, commits, head, brought, requests, originals, calls };
}

async function traced(arrivals: readonly Arrival[], known: readonly MergeRequest[] = []) {
  const branch = branchOf(arrivals);
  const lineage = lineageOf(sha(0), branch.head, branch.commits);
  const trace = await traceBranch(branch, { project: projectId, branch: 'develop', lineage, known });
  if (!trace.ok) throw new Error(trace.failure.said);
  const units = unitsOf(trace.value.steps);
  // What a unit changed is what arrived between its ends.
  const order = [sha(0), ...branch.brought.map(({ to }) => to)];
  const positionOf = (id: CommitSha) => order.indexOf(id);
  const paths = [...new Set(branch.brought.flatMap((one) => one.paths))];
  const provenance = provenanceOfPaths(
    paths,
    units.map((unit) => ({
      provenance: unit.provenance,
      paths: new Set(
        branch.brought
          .filter(({ from, to }) => {
            const [start, end] = [positionOf(unit.from), positionOf(unit.to)];
            return start !== -1 && end !== -1 && start <= positionOf(from) && positionOf(to) <= end;
          })
          .flatMap((one) => one.paths),
      ),
    })),
  );
  return { branch, trace: trace.value, provenance, paths };
}

describe('what a branch came to', () => {
  test('is traced to the merge requests and pushes that brought it, however they were merged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arrival, { minLength: 1, maxLength: 7 }), async (arrivals) => {
        const { branch, trace, provenance, paths } = await traced(arrivals);
        expect(trace.isWhole).toBe(true);
        for (const path of paths) {
          const its = branch.brought.filter((one) => one.paths.includes(path));
          const iids = new Set(its.flatMap(({ by }) => by ?? []));
          expect(new Set(provenance.get(path)?.mergeRequests)).toEqual(iids);
          expect((provenance.get(path)?.directPushes ?? []).length > 0).toBe(
            its.some(({ by }) => by === undefined),
          );
          expect(provenance.get(path)?.isUnknown).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('lets nothing through that is not approved, and holds nothing approved that shares no pipeline with it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arrival, { minLength: 1, maxLength: 7 }), async (arrivals) => {
        const { branch, provenance, paths } = await traced(arrivals);
        const lacking = new Map(
          branch.requests
            .filter(({ iid: number }) => arrivals[number - 1]?.isApproved !== true)
            .map((request) => [request.iid, [{ requirement: 'approved', discounted: [] } as const]]),
        );
        const candidates = paths.map((name) => {
          const its = provenance.get(name);
          return { name, paths: [name], ...(its === undefined ? {} : { provenance: its }) };
        });
        const { open, held } = heldAmong(candidates, lacking);
        const isOpen = (name: string) =>
          branch.brought
            .filter((one) => one.paths.includes(name))
            .every(({ by }) => by !== undefined && !lacking.has(by));
        expect(open.map(({ name }) => name).toSorted()).toEqual(paths.filter(isOpen).toSorted());
        expect(held.length + open.length).toBe(paths.length);
      }),
      { numRuns: 500 },
    );
  });

  test('costs a call for each merge, not for each commit', async () => {
    const one = { commits: 3, paths: ['a'], isApproved: true };
    const { branch } = await traced([
      { ...one, way: 'merge' },
      { ...one, way: 'ff' },
      { ...one, way: 'squash' },
      { ...one, way: 'ff' },
    ]);
    expect(branch.calls).toHaveLength(4);
  });

  test('cannot be told where the branch does not descend from the start', async () => {
    const { commits, head, gitlab, clock } = branchOf([
      { way: 'merge', commits: 1, paths: ['a'], isApproved: true },
    ]);
    const lineage = lineageOf(sha(99), head, commits);
    const trace = await traceBranch(
      { gitlab, clock },
      { project: projectId, branch: 'develop', lineage, known: [] },
    );
    expect(trace.ok && trace.value.isWhole).toBe(false);
    expect(trace.ok && trace.value.requests.map((request) => request.iid)).toEqual([1]);
  });

  test('is not the work of merge requests whose commits somebody merged into their own and pushed', async () => {
    // `git pull` with a commit of one's own, and `git push`: the merge has the branch as its second parent.
    const branch = branchOf([{ way: 'merge', commits: 1, paths: ['a'], isApproved: true }]);
    const own = { id: sha(70), parents: [sha(0)] };
    const pulled = { id: sha(71), parents: [own.id, branch.head] };
    const lineage = lineageOf(sha(0), pulled.id, [...branch.commits, own, pulled]);
    const trace = await traceBranch(branch, { project: projectId, branch: 'develop', lineage, known: [] });
    expect(trace.ok && trace.value.steps).toEqual([
      { commit: branch.head, parent: sha(0), broughtBy: [1], isUnknown: false, isMerge: true },
      { commit: pulled.id, parent: branch.head, broughtBy: [], isUnknown: false, isMerge: false },
    ]);
  });

  test('takes no push for a commit that GitLab rebased because it looks like that', async () => {
    const branch = branchOf([
      { way: undefined, commits: 1, paths: ['a'], isApproved: false },
      { way: 'rebase', commits: 1, paths: ['a'], isApproved: true },
    ]);
    const [pushed] = branch.commits;
    const original = branch.originals.get(branch.head);
    if (pushed === undefined || original === undefined) throw new Error('nothing was rebased');
    branch.originals.set(pushed.id, original);
    const lineage = lineageOf(sha(0), branch.head, branch.commits);
    const trace = await traceBranch(branch, { project: projectId, branch: 'develop', lineage, known: [] });
    expect(trace.ok && trace.value.steps.map(({ broughtBy }) => broughtBy)).toEqual([[], [2]]);
  });

  test('waits for what GitLab is merging, and after two minutes cannot be told where that may have come', async () => {
    const one = { commits: 1, isApproved: true } as const;
    const arrivals = [
      { ...one, way: 'merge', paths: ['a'] },
      { ...one, way: 'ff', paths: ['b'] },
      { ...one, way: 'merge', paths: ['c'] },
    ] as const;
    const at = async (now: number) => {
      const branch = branchOf(arrivals, now);
      const { requests } = branch;
      const locked = { state: 'locked', mergeCommit: undefined, updatedAt: 0 } as const;
      for (const [index, request] of requests.entries())
        if (request.iid === 2) requests[index] = { ...request, ...locked };
      const lineage = lineageOf(sha(0), branch.head, branch.commits);
      return traceBranch(branch, { project: projectId, branch: 'develop', lineage, known: [] });
    };
    const [busy, stuck] = [await at(119_999), await at(120_000)];
    expect(busy).toMatchObject({ ok: false, failure: { reason: 'passing' } });
    expect(
      stuck.ok && stuck.value.steps.map(({ broughtBy, isUnknown }) => ({ broughtBy, isUnknown })),
    ).toEqual([
      { broughtBy: [1], isUnknown: false },
      { broughtBy: [], isUnknown: true },
      { broughtBy: [3], isUnknown: false },
    ]);
  });
});
