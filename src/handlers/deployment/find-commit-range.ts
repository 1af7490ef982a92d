import type { BranchView } from '../../domain/deployment/decide-deployment.ts';
import { isConfigPath } from '../../domain/pipeline/config-path.ts';
import type { Changes, MergeRequest } from '../../domain/gitlab/merge-request.ts';
import type { GitLabResult, Project } from '../../domain/gitlab/project.ts';
import type { CommitSha } from '../../domain/shared/ids.ts';
import { isWhole, lineageOf, type Lineage } from '../../domain/deployment/lineage.ts';
import {
  noProvenance,
  provenanceOfPaths,
  unitsOf,
  unknownProvenance,
  type Provenance,
} from '../../domain/deployment/gate/provenance.ts';
import { rangeStart, type RangeStart } from '../../domain/deployment/commit-range.ts';
import { fail, ok } from '../../domain/shared/result.ts';
import type { BranchState } from '../../domain/store/state.ts';
import {
  announcedMerges,
  confirmedMoves,
  stillToCome,
  type Announced,
  type Known,
} from './confirm-events.ts';
import type { BranchPorts } from '../shared/ports.ts';
import { unreviewedPaths } from './gate/unreviewed-paths.ts';
import { traceBranch, type Trace } from './gate/trace-branch.ts';

const configFolder = 'config';

type Range = Pick<BranchView, 'from' | 'origin' | 'changes' | 'mergeRequests' | 'provenance'>;

/**
 * What lies between the start and the head, and what brought it, all as GitLab has it: deliveries only say what to ask for. Fails as passing while
 * GitLab does not know yet what a delivery told of.
 */
export async function findRange(
  ports: BranchPorts,
  known: Known,
  state: BranchState | undefined,
): Promise<GitLabResult<Range>> {
  const { project, head } = known;
  const announced = await announcedMerges(ports, known);
  if (!announced.ok) return announced;
  const started = await findStart(ports, known, state, announced.value);
  if (!started.ok) return started;
  const { from, origin } = started.value;
  const changes =
    started.value.changes === undefined
      ? await changesBetween(ports, project, from, head)
      : ok(started.value.changes);
  if (!changes.ok) return changes;
  const traced = await trace(ports, known, { from, changes: changes.value, merged: announced.value.merged });
  if (!traced.ok) return traced;
  const expected = stillToCome(announced.value, traced.value, ports.clock.now());
  if (expected !== undefined) return fail(expected);
  const range = { from, changes: changes.value };
  const provenance = await provenanceIn(ports, known, range, traced.value);
  if (!provenance.ok) return provenance;
  return ok({
    from,
    origin,
    changes: changes.value,
    mergeRequests: traced.value.requests,
    provenance: provenance.value,
  });
}

/** Where the range begins. Whether it begins before the record is asked only where a delivery tells of a move that is not among the newest. */
async function findStart(
  ports: BranchPorts,
  known: Known,
  state: BranchState | undefined,
  announced: Announced,
): Promise<GitLabResult<RangeStart & { readonly changes?: Changes }>> {
  const { project, head } = known;
  if (state === undefined) {
    const moves = await confirmedMoves(ports, known, announced, new Set());
    return moves.ok ? ok(rangeStart(state, moves.value, { head, isBehind: () => false })) : moves;
  }
  const changes = await changesBetween(ports, project, state.deployed, head);
  if (!changes.ok) return changes;
  const newest = (changes.value.commits ?? []).map(({ id }) => id);
  const recent = new Set([head, state.deployed, ...newest].filter((commit) => commit !== state.origin));
  const moves = await confirmedMoves(ports, known, announced, recent);
  if (!moves.ok) return moves;
  const behind = new Set([state.origin]);
  for (const { after } of moves.value.toSorted((one, other) => one.at - other.at)) {
    if (behind.has(after)) break;
    const between = await ports.gitlab.commitsBetween(project.id, after, state.origin);
    if (!between.ok) return between;
    // It is gone, or lies beside: a forced push took it from the branch.
    if (between.value === undefined) continue;
    if (isWhole(lineageOf(after, state.origin, between.value))) behind.add(after);
    // Of those behind the record only the oldest matters; what came after one that the record covers, it covers too.
    if (behind.has(after) || between.value.length === 0) break;
  }
  const start = rangeStart(state, moves.value, { head, isBehind: (commit) => behind.has(commit) });
  return ok(start.from === state.deployed ? { ...start, changes: changes.value } : start);
}

async function changesBetween(
  { gitlab }: BranchPorts,
  project: Project,
  from: CommitSha,
  to: CommitSha,
): Promise<GitLabResult<Changes>> {
  if (from === to) return ok({ paths: [], commits: [] });
  const changes = await gitlab.changes(project.id, from, to, [configFolder]);
  if (!changes.ok) return changes;
  if (changes.value !== undefined) return ok(changes.value);
  const everything = await gitlab.changes(project.id, undefined, to, [configFolder]);
  return everything.ok ? ok({ paths: everything.value?.paths ?? [], commits: undefined }) : everything;
}

async function trace(
  ports: BranchPorts,
  { project, branch, head }: Known,
  {
    from,
    changes,
    merged,
  }: { readonly from: CommitSha; readonly changes: Changes; readonly merged: readonly MergeRequest[] },
): Promise<GitLabResult<Trace>> {
  const lineage = await lineageBetween(ports, project, { from, head, changes });
  if (!lineage.ok) return lineage;
  return traceBranch(ports, { project: project.id, branch, lineage: lineage.value, known: merged });
}

/** The comparison tells the commits too; where it does not, or not all of them, they are listed. */
async function lineageBetween(
  { gitlab }: BranchPorts,
  project: Project,
  { from, head, changes }: { readonly from: CommitSha; readonly head: CommitSha; readonly changes: Changes },
): Promise<GitLabResult<Lineage>> {
  const compared = lineageOf(from, head, changes.commits ?? []);
  if (isWhole(compared)) return ok(compared);
  const listed = await gitlab.commitsBetween(project.id, from, head);
  if (!listed.ok) return listed;
  if (listed.value !== undefined) return ok(lineageOf(from, head, listed.value));
  // The start is gone: only what brought the head can be told.
  const parent = await gitlab.firstParent(project.id, head);
  if (!parent.ok) return parent;
  return ok(lineageOf(from, head, [{ id: head, parents: parent.value === undefined ? [] : [parent.value] }]));
}

/** What each path came from. Only where several things brought changes, it is asked what each of them changed. */
async function provenanceIn(
  ports: BranchPorts,
  { project, head, isGated }: Known,
  { from, changes }: { readonly from: CommitSha; readonly changes: Changes },
  traced: Trace,
): Promise<GitLabResult<ReadonlyMap<string, Provenance>>> {
  const { paths } = changes;
  if (!traced.isWhole || paths.length === 0)
    return ok(new Map(paths.map((path) => [path, unknownProvenance])));
  const units = unitsOf(traced.steps);
  const brought: { readonly provenance: Provenance; readonly paths: ReadonlySet<string> }[] = [];
  for (const unit of units) {
    const isAll = unit.from === from && unit.to === head;
    const its = isAll
      ? ok(changes)
      : await ports.gitlab.changes(project.id, unit.from, unit.to, [configFolder]);
    if (!its.ok) return its;
    const own = new Set(its.value?.paths ?? paths);
    brought.push({ provenance: unit.provenance, paths: own });
    const step = traced.steps.find(({ commit, isMerge }) => isMerge && commit === unit.to);
    const request = traced.requests.find(({ iid }) => step?.broughtBy.includes(iid) === true);
    if (!isGated || step === undefined || request === undefined) continue;
    const changed = paths.filter((path) => own.has(path) && isConfigPath(path));
    const foreign = await unreviewedPaths(ports, project.id, request, step, changed);
    if (!foreign.ok) return foreign;
    brought.push({ provenance: { ...noProvenance, directPushes: [unit.to] }, paths: foreign.value });
  }
  return ok(provenanceOfPaths(paths, brought));
}
