import type { Changes, MergeRequest } from '../gitlab/merge-request.ts';
import type { Project } from '../gitlab/project.ts';
import type { CommitSha } from '../shared/ids.ts';
import { lookup, type DirectPush, type Mapping, type WorkspaceTarget } from '../mapping/mapping.ts';
import type { Mistake } from '../mapping/located-yaml.ts';
import { isKeepable, pipelineName } from '../pipeline/config-path.ts';
import { jointly, noProvenance, unknownProvenance, type Provenance } from './gate/provenance.ts';
import type { Result } from '../shared/result.ts';
import type { BranchKey, BranchState, Pending } from '../store/state.ts';

/** The name of the mapping file, at the root of the default branch. */
export const mappingPath = 'branch_to_workspace.yaml';

/** Why a mapping can't be read. */
export type UnreadableMapping =
  | { readonly kind: 'missing'; readonly defaultBranch: string }
  | { readonly kind: 'invalid'; readonly defaultBranch: string; readonly mistakes: readonly Mistake[] };

/** Why no mapping can be followed: it can't be read, or the project may not use the workspace that it gives the branch. */
export type MappingProblem =
  | UnreadableMapping
  | {
      readonly kind: 'unclaimed';
      readonly defaultBranch: string;
      readonly workspace: string;
      readonly directPush: DirectPush;
    };

/** A branch as it stands, everything that the decision needs. */
export interface BranchView {
  readonly key: BranchKey;
  readonly project: Project;
  readonly mapping: Result<Mapping, MappingProblem>;
  readonly state: BranchState | undefined;
  readonly pending: readonly Pending[];
  readonly head: CommitSha;
  readonly from: CommitSha;
  readonly origin: CommitSha;
  /** Between `from` and `head`. */
  readonly changes: Changes;
  /** The merge requests that brought these changes. */
  readonly mergeRequests: readonly MergeRequest[];
  /** What each changed path came from. */
  readonly provenance: ReadonlyMap<string, Provenance>;
  /** The deliveries that this view takes into account. */
  readonly deliveries: readonly string[];
}

/** A pipeline to look at, and the files that may hold it. */
export interface Candidate {
  readonly name: string;
  readonly paths: readonly string[];
  /** Of a pending pipeline: the commit at which its file is the base. Otherwise that is where the range begins. */
  readonly base?: CommitSha;
  /** What its content came from; undefined where it lies on the branch since before the range, and nobody knows from where. */
  readonly provenance?: Provenance;
}

/** Why a merge is not deployed. */
export type Refusal = MappingProblem | { readonly kind: 'unmapped'; readonly builtIn: string | undefined };

/** What to do about a branch. */
export type Decision =
  /** Nothing; with `state`, that is remembered. */
  | { readonly kind: 'nothing'; readonly why: string; readonly state?: BranchState }
  | { readonly kind: 'refuse'; readonly refusal: Refusal; readonly state?: BranchState }
  | { readonly kind: 'report-push'; readonly pipelines: readonly string[]; readonly state: BranchState }
  | {
      readonly kind: 'deploy';
      readonly target: WorkspaceTarget;
      readonly candidates: readonly Candidate[];
      /** The commit whose files are deployed. */
      readonly at: CommitSha;
      readonly state: BranchState;
    };

/**
 * What follows from how a branch stands. Changes that came through a merge request are deployed; those pushed past
 * review are treated as the mapping's `direct_push` says; what is pending is tried again from the commit it was merged with.
 */
export function decide(view: BranchView): Decision {
  const tries = view.pending.every(({ paused }) => paused) ? 0 : (view.state?.tries ?? 0) + 1;
  const waits = { ...view.state, deployed: view.from, origin: view.origin, tries };
  if (!view.mapping.ok) {
    const state: BranchState = { ...waits, held: true, reported: view.state?.reported };
    const told = view.state?.held === true && view.state.reported === view.head;
    if (isNews(view, view.mapping.failure) && !told) {
      return { kind: 'refuse', refusal: view.mapping.failure, state: { ...state, reported: view.head } };
    }
    return { kind: 'nothing', why: `the mapping file is ${view.mapping.failure.kind}`, state };
  }
  const candidates = changedIn(view);
  const found = lookup(view.mapping.value, view.key.branch);
  if (found.rule === 'none' || !found.automatic) {
    const why = 'the mapping file does not name the branch';
    if (view.mergeRequests.length === 0 || candidates.length === 0) return { kind: 'nothing', why };
    return {
      kind: 'refuse',
      refusal: { kind: 'unmapped', builtIn: found.rule === 'none' ? undefined : found.key },
    };
  }
  // Where a review is required, the gate decides item by item.
  const reviewed =
    found.workspace.require.length > 0 ||
    view.mergeRequests.length > 0 ||
    view.mapping.value.directPush === 'deploy';
  const atHead: BranchState = {
    deployed: view.head,
    origin: view.origin,
    held: false,
    reported: view.state?.held === true ? undefined : view.state?.reported,
    tries: 0,
  };
  if (candidates.length > 0 && reviewed) {
    const all = merge(candidates, view.pending);
    return { kind: 'deploy', target: found.workspace, candidates: all, at: view.head, state: atHead };
  }
  const unreviewed = candidates.length > 0;
  const stays: BranchState = { ...atHead, deployed: unreviewed ? view.from : view.head };
  if (unreviewed && view.mapping.value.directPush === 'report' && view.state?.reported !== view.head) {
    return {
      kind: 'report-push',
      pipelines: candidates.map((candidate) => candidate.name),
      state: { ...stays, reported: view.head },
    };
  }
  const retried = view.pending.filter(({ paused }) => !paused);
  if (retried.length > 0) {
    const before = view.deliveries.length > 0 ? 0 : (view.state?.tries ?? 0);
    return {
      kind: 'deploy',
      target: found.workspace,
      candidates: merge([], retried),
      at: view.from,
      state: { ...stays, tries: before },
    };
  }
  const why = unreviewed
    ? 'the configs that differ were pushed without a merge request'
    : 'no config differs from what was last deployed';
  return { kind: 'nothing', why, state: stays };
}

/** Whether somebody waits to learn why nothing is deployed. */
function isNews({ mergeRequests, changes }: BranchView, problem: MappingProblem): boolean {
  if (mergeRequests.length > 0) return true;
  const isPushTold = problem.kind === 'unclaimed' && problem.directPush !== 'ignore';
  return isPushTold && candidatesIn(changes.paths).length > 0;
}

/** The pipelines that changed since the last deployment, with what their content came from. */
export function changedIn({
  changes,
  provenance,
}: Pick<BranchView, 'changes' | 'provenance'>): readonly Candidate[] {
  return candidatesIn(changes.paths).map((candidate) => ({
    ...candidate,
    provenance: jointly(candidate.paths.map((path) => provenance.get(path) ?? unknownProvenance)),
  }));
}

/** The pipelines among changed paths. */
export function candidatesIn(paths: readonly string[]): readonly Candidate[] {
  const found = new Map<string, Set<string>>();
  for (const path of paths) {
    const name = pipelineName(path);
    if (name !== undefined && isKeepable(name)) found.set(name, (found.get(name) ?? new Set()).add(path));
  }
  return [...found].map(([name, its]) => ({ name, paths: [...its] }));
}

/** Candidates together with what is pending; a pipeline that is both is compared with what it was before it became pending. */
export function merge(candidates: readonly Candidate[], pending: readonly Pending[]): readonly Candidate[] {
  const all = new Map(candidates.map((candidate) => [candidate.name, candidate]));
  for (const { pipeline, path, base, provenance } of pending) {
    const other = all.get(pipeline);
    const paths = new Set(other?.paths).add(path);
    const both = jointly([provenance, other?.provenance ?? noProvenance]);
    all.set(pipeline, { name: pipeline, paths: [...paths], base, provenance: both });
  }
  return [...all.values()];
}
