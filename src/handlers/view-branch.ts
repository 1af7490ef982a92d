import { mappingPath, type BranchView, type MappingProblem } from '../domain/branch-view.ts';
import type { Changes, GitLabResult, MergeRequest, Project } from '../domain/gitlab.ts';
import type { CommitSha } from '../domain/ids.ts';
import { lookup, type Mapping } from '../domain/mapping.ts';
import { parseMapping } from '../domain/mapping-file.ts';
import { rangeStart } from '../domain/range.ts';
import { fail, ok, type Result } from '../domain/result.ts';
import type { BranchKey, BranchState, WaitingDelivery } from '../domain/store.ts';
import type { BranchPorts } from './ports.ts';

/** A branch to decide about, or why there is nothing to decide. */
export type Look =
  | { readonly kind: 'view'; readonly view: BranchView; readonly mappingKey: string }
  | { readonly kind: 'nothing'; readonly why: string; readonly deliveries: readonly string[] };

const configFolder = 'config';
const largestMapping = 1024 * 1024;

/**
 * Looks at a branch as it is now: what the mapping says of it, its head, and what came since it was last deployed. Costs
 * one call where the head is the last deployed commit and nothing waits.
 */
export async function viewBranch(ports: BranchPorts, key: BranchKey): Promise<GitLabResult<Look>> {
  const { gitlab, store, settings } = ports;
  const [state, waiting, pending] = [
    await store.branch(key),
    await store.waiting(key),
    await store.pending(key),
  ];
  const deliveries = waiting.map((delivery) => delivery.id);
  const nothing = (why: string) => ok<Look>({ kind: 'nothing', why, deliveries });

  const project = await gitlab.project(key.projectId);
  if (!project.ok) return project;
  if (project.value === undefined) return nothing('GitLab shows no such project to the token');
  if (!settings.serves(project.value.path)) return nothing('the project is not in GITLAB_PROJECTS');
  const head = await gitlab.head(project.value.id, key.branch);
  if (!head.ok) return head;
  if (head.value === undefined) return nothing('the branch does not exist');
  if (head.value === state?.deployed && pending.length === 0 && !state.held) return nothing('it is deployed');

  const mapping = await readMapping(ports, project.value);
  if (!mapping.ok) return mapping;
  const mappingKey = keyFor(mapping.value, key.branch);
  if (mappingKey === undefined && !waiting.some((delivery) => delivery.event.kind === 'merged')) {
    return nothing('the mapping file does not name the branch');
  }
  const start = await findStart(ports, project.value, { state, waiting, head: head.value });
  if (!start.ok) return start;
  const changes = await changesBetween(ports, project.value, start.value.from, head.value);
  if (!changes.ok) return changes;
  const mergeRequests = await mergedIn(ports, project.value, key, changes.value, waiting);
  if (!mergeRequests.ok) return mergeRequests;

  const view: BranchView = {
    key,
    project: project.value,
    mapping: mapping.value,
    state,
    pending,
    head: head.value,
    from: start.value.from,
    origin: start.value.origin,
    changes: changes.value,
    mergeRequests: mergeRequests.value,
    deliveries,
  };
  return ok({ kind: 'view', view, mappingKey: mappingKey ?? key.branch });
}

/** The mapping of the project, from its default branch: a merge request's own branch could grant itself rights. */
async function readMapping(
  ports: BranchPorts,
  project: Project,
): Promise<GitLabResult<Result<Mapping, MappingProblem>>> {
  const defaultBranch = project.defaultBranch ?? 'HEAD';
  const file = await ports.gitlab.file(project.id, mappingPath, defaultBranch, { mostBytes: largestMapping });
  if (!file.ok) return file;
  switch (file.value.kind) {
    case 'missing':
      return ok(fail({ kind: 'missing', defaultBranch }));
    case 'too-large': {
      const mistake = {
        line: 1,
        problem: 'The file is larger than 1 MiB.',
        remedy: 'Keep only the mapping in it.',
      };
      return ok(fail({ kind: 'invalid', defaultBranch, mistakes: [mistake] }));
    }
    case 'text': {
      const mapping = parseMapping(file.value.text);
      return ok(mapping.ok ? mapping : fail({ kind: 'invalid', defaultBranch, mistakes: mapping.failure }));
    }
  }
}

/** The mapping's key for the branch; the branch itself while the mapping can't be read; undefined if it is not deployed. */
function keyFor(mapping: Result<Mapping, MappingProblem>, branch: string): string | undefined {
  if (!mapping.ok) return branch;
  const found = lookup(mapping.value, branch);
  return found.rule !== 'none' && found.automatic ? found.key : undefined;
}

async function findStart(
  { gitlab }: BranchPorts,
  project: Project,
  known: {
    readonly state: BranchState | undefined;
    readonly waiting: readonly WaitingDelivery[];
    readonly head: CommitSha;
  },
): Promise<GitLabResult<{ readonly from: CommitSha; readonly origin: CommitSha }>> {
  const start = rangeStart(known.state, known.waiting);
  const at = (commit: CommitSha) => ok({ from: commit, origin: commit });
  switch (start.kind) {
    case 'commit':
      return ok({ from: start.commit, origin: start.origin });
    case 'head':
      return at(known.head);
    case 'before-oldest-merge': {
      for (const { event } of known.waiting) {
        if (event.kind !== 'merged') continue;
        const merged = await gitlab.merged(project.id, event.mergeRequest);
        if (!merged.ok) return merged;
        const commit = merged.value?.mergeCommit ?? merged.value?.squashCommit;
        if (commit === undefined) {
          if (merged.value?.base !== undefined) return at(merged.value.base);
          continue;
        }
        const parent = await gitlab.firstParent(project.id, commit);
        if (!parent.ok) return parent;
        if (parent.value !== undefined) return at(parent.value);
      }
      return at(known.head);
    }
  }
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
  return everything.ok ? ok(everything.value ?? { paths: [], commits: [to] }) : everything;
}

async function mergedIn(
  { gitlab }: BranchPorts,
  project: Project,
  key: BranchKey,
  changes: Changes,
  waiting: readonly WaitingDelivery[],
): Promise<GitLabResult<readonly MergeRequest[]>> {
  if (changes.commits.length === 0) return ok([]);
  const listed = await gitlab.mergedAmong(project.id, key.branch, changes.commits);
  if (!listed.ok) return listed;
  const found = new Map(listed.value.map((request) => [request.iid, request]));
  const commits = new Set(changes.commits);
  for (const { event } of waiting) {
    if (event.kind !== 'merged' || found.has(event.mergeRequest)) continue;
    const request = await gitlab.merged(project.id, event.mergeRequest);
    if (!request.ok) return request;
    if (request.value !== undefined && broughtBy(request.value, commits))
      found.set(request.value.iid, request.value);
  }
  return ok([...found.values()].toSorted((one, other) => one.iid - other.iid));
}

function broughtBy(request: MergeRequest, commits: ReadonlySet<CommitSha>): boolean {
  return [request.mergeCommit, request.squashCommit, request.head].some(
    (commit) => commit !== undefined && commits.has(commit),
  );
}
