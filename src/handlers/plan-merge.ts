import {
  candidatesIn,
  mappingPath,
  merge,
  type Candidate,
  type MappingProblem,
} from '../domain/branch-view.ts';
import { isExtracted, pipelineOfCodePath } from '../domain/code-files.ts';
import { isConfigPath, isKeepable, pipelineName } from '../domain/config-path.ts';
import type { DeploymentPlan } from '../domain/deployment-plan.ts';
import type { GitLabResult, MergeRequest, Project } from '../domain/gitlab.ts';
import type { CommitSha } from '../domain/ids.ts';
import { largestYaml, tooLarge } from '../domain/located-yaml.ts';
import { lookup, type Mapping } from '../domain/mapping.ts';
import { parseMapping } from '../domain/mapping-file.ts';
import type { MergePlan } from '../domain/merge-plan-report.ts';
import { ok, type Result } from '../domain/result.ts';
import type { Touched } from './find-disagreements.ts';
import { makePlan } from './make-plan.ts';
import type { BranchPorts } from './ports.ts';
import { asClaimed, readMapping } from './view-branch.ts';

export interface MergeWish {
  readonly project: Project;
  readonly mapping: Result<Mapping, MappingProblem>;
  readonly request: MergeRequest;
  /** Only these; empty: all. */
  readonly pipelines: readonly string[];
}

const folders = ['config', 'code'];

/**
 * What merging would deploy, for what the target branch would be then: its present head with the merge request's changes, as git merges them.
 * Which workspace that is and what is allowed tells the mapping of the default branch alone, never the merge request's own.
 */
export async function planMerge(ports: BranchPorts, wish: MergeWish): Promise<GitLabResult<MergePlan>> {
  const { project, mapping, request, pipelines } = wish;
  if (!isPlanned(project, mapping, request.target)) return ok({ kind: 'unmapped' });
  const merged = await mergedCommits(ports, project, request);
  if (!merged.ok) return merged;
  if (merged.value === undefined) return ok({ kind: 'not-ready' });
  const { into, at, isInConflict } = merged.value;
  const after = await mappingAfter(ports, wish, at);
  if (!after.ok) return after;
  const found = mapping.ok ? lookup(mapping.value, request.target) : undefined;
  if (found === undefined || found.rule === 'none' || !found.automatic)
    return planWithoutWorkspace(ports, wish, { ...merged.value, after: after.value });
  const claimed = await asClaimed(ports, project, mapping, request.target);
  if (!claimed.ok) return planUnclaimed(ports, wish, { at, after: after.value, problem: claimed.failure });
  const changes = await changesOf(ports, { project, request, into, at, isInConflict });
  if (!changes.ok) return changes;
  const { own, all, from } = changes.value;
  const candidates = pipelines.length === 0 ? all : all.filter(({ name }) => pipelines.includes(name));
  const touched = touchedBy(own, pipelines);
  const strayPaths = own.filter((path) => isStray(path));
  const plan = await makePlan(ports, {
    verb: 'Merging',
    project,
    branch: request.target,
    workspace: found.workspace,
    at,
    from,
    candidates,
    own: { ...touched, request, strayPaths },
    mapping: after.value,
    isInConflict,
  });
  return plan.ok ? ok({ kind: 'plan', plan: plan.value, own: [...touched.configs.keys()] }) : plan;
}

/**
 * Whether there may be something to plan. While the mapping can't be followed, nobody knows which branches it would name; and what is merged into the
 * default branch may change the mapping itself.
 */
export function isPlanned(project: Project, mapping: MergeWish['mapping'], target: string): boolean {
  if (!mapping.ok || target === project.defaultBranch) return true;
  const found = lookup(mapping.value, target);
  return found.rule !== 'none' && found.automatic;
}

/** What is told where nothing would be deployed: what merging does to the mapping file, and that pipelines wait for one. */
async function planWithoutWorkspace(
  { gitlab }: BranchPorts,
  { project, mapping, request }: MergeWish,
  { into, at, after }: Merged & { readonly after: DeploymentPlan['mapping'] },
): Promise<GitLabResult<MergePlan>> {
  const { defaultBranch = request.target } = project;
  if (typeof after === 'object')
    return ok({ kind: 'no-mapping', problem: { kind: 'invalid', defaultBranch, mistakes: after.mistakes } });
  if (mapping.ok) return ok({ kind: 'unmapped' });
  if (after === 'changed') return ok({ kind: 'mends-mapping' });
  const own = await gitlab.changes(project.id, into, at, folders);
  if (!own.ok) return own;
  const isAboutPipelines = own.value?.paths.some((path) => isConfigPath(path)) === true;
  return ok(isAboutPipelines ? { kind: 'no-mapping', problem: mapping.failure } : { kind: 'unmapped' });
}

/** What is told where the project may not use the workspace, unless merging gives the branch another one. */
async function planUnclaimed(
  ports: BranchPorts,
  { project, request }: MergeWish,
  {
    at,
    after,
    problem,
  }: {
    readonly at: CommitSha;
    readonly after: DeploymentPlan['mapping'];
    readonly problem: MappingProblem;
  },
): Promise<GitLabResult<MergePlan>> {
  if (after === 'same') return ok({ kind: 'no-mapping', problem });
  const mapping = await readMapping(ports, project, at);
  if (!mapping.ok) return mapping;
  const claimed = await asClaimed(ports, project, mapping.value, request.target);
  return ok(claimed.ok ? { kind: 'mends-mapping' } : { kind: 'no-mapping', problem: claimed.failure });
}

interface Merged {
  /** The head of the target, or where the two branches parted where git cannot merge them. */
  readonly into: CommitSha;
  /** What the target would be, or the source where git cannot merge. */
  readonly at: CommitSha;
  readonly isInConflict: boolean;
}

async function mergedCommits(
  { gitlab }: BranchPorts,
  project: Project,
  { iid, head, base }: MergeRequest,
): Promise<GitLabResult<Merged | undefined>> {
  const merged = await gitlab.mergeResult(project.id, iid);
  if (!merged.ok) return merged;
  if (merged.value === 'conflict') {
    // One that was merged or closed meanwhile can't be merged either.
    const now = await gitlab.mergeRequest(project.id, iid);
    if (!now.ok) return now;
    if (now.value?.state !== 'opened') return ok(undefined);
  }
  if (merged.value === 'conflict')
    return ok(
      head === undefined || base === undefined ? undefined : { into: base, at: head, isInConflict: true },
    );
  const into = await gitlab.firstParent(project.id, merged.value);
  if (!into.ok) return into;
  return ok(
    into.value === undefined ? undefined : { into: into.value, at: merged.value, isInConflict: false },
  );
}

/** What merging does to the mapping file. Only a merge into the default branch can do anything. */
async function mappingAfter(
  { gitlab }: BranchPorts,
  { project, request }: MergeWish,
  at: CommitSha,
): Promise<GitLabResult<DeploymentPlan['mapping']>> {
  if (request.target !== project.defaultBranch) return ok('same');
  const limits = { mostBytes: largestYaml };
  const [before, after] = await Promise.all([
    gitlab.file(project.id, mappingPath, `refs/heads/${project.defaultBranch}`, limits),
    gitlab.file(project.id, mappingPath, at, limits),
  ]);
  if (!before.ok) return before;
  if (!after.ok) return after;
  const [old, text] = [before.value, after.value];
  if (old.kind === 'text' && text.kind === 'text' && old.text === text.text) return ok('same');
  switch (text.kind) {
    case 'missing':
      return ok('same');
    case 'too-large':
      return ok({ mistakes: [tooLarge] });
    case 'text': {
      const parsed = parseMapping(text.text);
      return ok(parsed.ok ? 'changed' : { mistakes: parsed.failure });
    }
  }
}

/** What would be looked at, and what of it the merge request itself brings. */
async function changesOf(
  { gitlab, store }: BranchPorts,
  {
    project,
    request,
    into,
    at,
    isInConflict,
  }: Merged & { readonly project: Project; readonly request: MergeRequest },
): Promise<
  GitLabResult<{
    readonly own: readonly string[];
    readonly all: readonly Candidate[];
    readonly from: CommitSha;
  }>
> {
  const key = { projectId: project.id, branch: request.target };
  const own = await gitlab.changes(project.id, into, at, folders);
  if (!own.ok) return own;
  const ownPaths = own.value?.paths ?? [];
  const from = isInConflict ? into : ((await store.branch(key))?.deployed ?? into);
  if (from === into)
    return ok({ own: ownPaths, all: merge(candidatesIn(ownPaths), await store.pending(key)), from });
  const since = await gitlab.changes(project.id, from, at, folders);
  if (!since.ok) return since;
  const everything =
    since.value === undefined ? await gitlab.changes(project.id, undefined, at, folders) : since;
  if (!everything.ok) return everything;
  const all = candidatesIn(everything.value?.paths ?? ownPaths);
  return ok({ own: ownPaths, all: merge(all, await store.pending(key)), from });
}

/** The pipelines whose files are among the paths. */
function touchedBy(paths: readonly string[], only: readonly string[]): Touched {
  const isWanted = (name: string) => only.length === 0 || only.includes(name);
  const configs = candidatesIn(paths).filter(({ name }) => isWanted(name));
  const code = new Map<string, string[]>();
  for (const path of paths) {
    const name = isExtracted(path) ? pipelineOfCodePath(path) : undefined;
    if (name !== undefined && isWanted(name)) code.set(name, [...(code.get(name) ?? []), path]);
  }
  return { configs: new Map(configs.map(({ name, paths: its }) => [name, its])), code };
}

function isStray(path: string): boolean {
  if (path.startsWith('config/')) {
    const name = pipelineName(path);
    return name === undefined || !isKeepable(name);
  }
  return path.startsWith('code/') && !(isExtracted(path) && pipelineOfCodePath(path) !== undefined);
}
