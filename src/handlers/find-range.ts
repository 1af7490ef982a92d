import type { BranchView } from '../domain/branch-view.ts';
import type { Changes, GitLabResult, MergeRequest, Project } from '../domain/gitlab.ts';
import type { CommitSha } from '../domain/ids.ts';
import type { RangeStart } from '../domain/range.ts';
import { ok } from '../domain/result.ts';
import type { WaitingDelivery } from '../domain/store.ts';
import type { BranchPorts } from './ports.ts';

const configFolder = 'config';

/** What a range is looked for in. */
interface Known {
  readonly project: Project;
  readonly branch: string;
  readonly waiting: readonly WaitingDelivery[];
  readonly head: CommitSha;
}

type Range = Pick<BranchView, 'from' | 'origin' | 'changes' | 'mergeRequests'>;

/**
 * What lies between the start and the head, and who brought it. A waiting merge whose commit is where the record of the branch begins
 * was reported late: the range then begins before it.
 */
export async function findRange(
  ports: BranchPorts,
  known: Known,
  start: RangeStart,
): Promise<GitLabResult<Range>> {
  const begin =
    start.kind === 'commit'
      ? ok({ from: start.commit, origin: start.origin })
      : await findStart(ports, known, start);
  if (!begin.ok) return begin;
  let { from, origin } = begin.value;
  for (;;) {
    const changes = await changesBetween(ports, known.project, from, known.head);
    if (!changes.ok) return changes;
    const merged = await mergedIn(ports, known, changes.value);
    if (!merged.ok) return merged;
    const began = origin;
    const late = merged.value.others.find((request) => commitOf(request) === began);
    const earlier =
      late === undefined ? ok(undefined) : await ports.gitlab.firstParent(known.project.id, began);
    if (!earlier.ok) return earlier;
    if (earlier.value === undefined) {
      return ok({ from, origin, changes: changes.value, mergeRequests: merged.value.brought });
    }
    from = earlier.value;
    origin = earlier.value;
  }
}

/** The start where no push and no record tells it: before the oldest merge that waits, else at the head. */
async function findStart(
  { gitlab }: BranchPorts,
  { project, waiting, head }: Known,
  start: Exclude<RangeStart, { kind: 'commit' }>,
): Promise<GitLabResult<Pick<Range, 'from' | 'origin'>>> {
  const merges = start.kind === 'head' ? [] : waiting;
  for (const { event } of merges) {
    if (event.kind !== 'merged') continue;
    const merged = await gitlab.merged(project.id, event.mergeRequest);
    if (!merged.ok) return merged;
    const commit = merged.value === undefined ? undefined : commitOf(merged.value);
    const parent =
      commit === undefined ? ok(merged.value?.base) : await gitlab.firstParent(project.id, commit);
    if (!parent.ok) return parent;
    if (parent.value !== undefined) return ok({ from: parent.value, origin: parent.value });
  }
  return ok({ from: head, origin: head });
}

/** The commit that a merge made on the target branch; a fast-forward makes none. */
export function commitOf(request: MergeRequest): CommitSha | undefined {
  return request.mergeCommit ?? request.squashCommit;
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
  if (!everything.ok) return everything;
  // Which commits came since can't be told any more; the newest is one of them, and tells the merge that made it.
  return ok({ paths: everything.value?.paths ?? [], commits: [to] });
}

/** The merge requests that brought the changes, and the waiting ones that did not. */
async function mergedIn(
  { gitlab }: BranchPorts,
  { project, branch, waiting }: Known,
  changes: Changes,
): Promise<
  GitLabResult<{ readonly brought: readonly MergeRequest[]; readonly others: readonly MergeRequest[] }>
> {
  const listed =
    changes.commits.length === 0 ? ok([]) : await gitlab.mergedAmong(project.id, branch, changes.commits);
  if (!listed.ok) return listed;
  const brought = new Map(listed.value.map((request) => [request.iid, request]));
  const others: MergeRequest[] = [];
  const commits = new Set(changes.commits);
  for (const { event } of waiting) {
    if (event.kind !== 'merged' || brought.has(event.mergeRequest)) continue;
    const request = await gitlab.merged(project.id, event.mergeRequest);
    if (!request.ok) return request;
    if (request.value === undefined) continue;
    if (broughtBy(request.value, commits)) brought.set(request.value.iid, request.value);
    else others.push(request.value);
  }
  return ok({ brought: [...brought.values()].toSorted((one, other) => one.iid - other.iid), others });
}

function broughtBy(request: MergeRequest, commits: ReadonlySet<CommitSha>): boolean {
  return [request.mergeCommit, request.squashCommit, request.head].some(
    (commit) => commit !== undefined && commits.has(commit),
  );
}
