import {
  candidatesIn,
  mappingPath,
  merge,
  type Candidate,
  type MappingProblem,
} from '../../../domain/deployment/decide-deployment.ts';
import { isExtracted, pipelineOfCodePath } from '../../../domain/pipeline/code-files.ts';
import { isConfigPath, isKeepable, pipelineName } from '../../../domain/pipeline/config-path.ts';
import type { DeploymentPlan } from '../../../domain/deployment/plan/deployment-plan.ts';
import type { MergeRequest } from '../../../domain/gitlab/merge-request.ts';
import type { GitLabResult, Project } from '../../../domain/gitlab/project.ts';
import type { CommitSha } from '../../../domain/shared/ids.ts';
import { largestYaml, tooLarge } from '../../../domain/mapping/located-yaml.ts';
import { lookup, type Mapping } from '../../../domain/mapping/mapping.ts';
import { parseMapping } from '../../../domain/mapping/parse-mapping.ts';
import type { MergePlan } from '../../../domain/deployment/plan/merge-plan-report.ts';
import { ok, type Result } from '../../../domain/shared/result.ts';
import {
  mappingChanges,
  ruleFilesIn,
  type MappingChange,
  type RuleChanges,
} from '../../../domain/deployment/plan/rule-changes.ts';
import type { Touched } from './find-code-mismatches.ts';
import { makePlan } from './compute-plan.ts';
import type { BranchPorts } from '../../shared/ports.ts';
import { asClaimed, readMapping } from '../load-branch-view.ts';

export interface MergeWish {
  readonly project: Project;
  readonly mapping: Result<Mapping, MappingProblem>;
  readonly request: MergeRequest;
  /** Only these; empty: all. */
  readonly pipelines: readonly string[];
}

const folders = ['config', 'code'];
const everything = [''];

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
  const brings = await ports.gitlab.changes(project.id, into, at, everything);
  if (!brings.ok) return brings;
  const own = brings.value?.paths ?? [];
  const looked = await mappingAfter(ports, wish, at);
  if (!looked.ok) return looked;
  const { after, changed } = looked.value;
  const rules = { paths: ruleFilesIn(own, project.ciConfig), mapping: changed };
  const found = mapping.ok ? lookup(mapping.value, request.target) : undefined;
  if (found === undefined || found.rule === 'none' || !found.automatic)
    return ok(planWithoutWorkspace(wish, { own, after, rules }));
  const claimed = await asClaimed(ports, project, mapping, request.target);
  if (!claimed.ok) return planUnclaimed(ports, wish, { at, after, rules, problem: claimed.failure });
  const changes = await changesOf(ports, { project, request, into, at, isInConflict, own });
  if (!changes.ok) return changes;
  const { all, from } = changes.value;
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
    mapping: after,
    isInConflict,
  });
  return plan.ok ? ok({ kind: 'plan', rules, plan: plan.value, own: [...touched.configs.keys()] }) : plan;
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

/** What is told where nothing would be deployed: what merging does to the mapping file and other rules, and that pipelines wait for one. */
function planWithoutWorkspace(
  { project, mapping, request: { target } }: MergeWish,
  { own, after, rules }: Brings,
): MergePlan {
  const { defaultBranch = target } = project;
  if (typeof after === 'object')
    return {
      kind: 'no-mapping',
      rules,
      problem: { kind: 'invalid', defaultBranch, mistakes: after.mistakes },
    };
  const nothing: MergePlan =
    rules.paths.length === 0 ? { kind: 'unmapped' } : { kind: 'rules', rules, target };
  if (mapping.ok) return nothing;
  if (after === 'changed') return { kind: 'mends-mapping', rules };
  const isAboutPipelines = own.some((path) => isConfigPath(path));
  return isAboutPipelines ? { kind: 'no-mapping', rules, problem: mapping.failure } : nothing;
}

/** What a merge request brings. */
interface Brings {
  /** The paths that it changes. */
  readonly own: readonly string[];
  readonly after: DeploymentPlan['mapping'];
  readonly rules: RuleChanges;
}

/** What is told where the project may not use the workspace, unless merging gives the branch another one. */
async function planUnclaimed(
  ports: BranchPorts,
  { project, request }: MergeWish,
  {
    at,
    after,
    rules,
    problem,
  }: Omit<Brings, 'own'> & { readonly at: CommitSha; readonly problem: MappingProblem },
): Promise<GitLabResult<MergePlan>> {
  if (after === 'same') return ok({ kind: 'no-mapping', rules, problem });
  const mapping = await readMapping(ports, project, at);
  if (!mapping.ok) return mapping;
  const claimed = await asClaimed(ports, project, mapping.value, request.target);
  return ok(
    claimed.ok ? { kind: 'mends-mapping', rules } : { kind: 'no-mapping', rules, problem: claimed.failure },
  );
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
  { project, mapping, request }: MergeWish,
  at: CommitSha,
): Promise<
  GitLabResult<{ readonly after: DeploymentPlan['mapping']; readonly changed: readonly MappingChange[] }>
> {
  const same = { after: 'same', changed: [] } as const;
  if (request.target !== project.defaultBranch) return ok(same);
  const limits = { mostBytes: largestYaml };
  const [before, after] = await Promise.all([
    gitlab.file(project.id, mappingPath, `refs/heads/${project.defaultBranch}`, limits),
    gitlab.file(project.id, mappingPath, at, limits),
  ]);
  if (!before.ok) return before;
  if (!after.ok) return after;
  const [old, text] = [before.value, after.value];
  if (old.kind === 'text' && text.kind === 'text' && old.text === text.text) return ok(same);
  switch (text.kind) {
    case 'missing':
      return ok(same);
    case 'too-large':
      return ok({ after: { mistakes: [tooLarge] }, changed: [] });
    case 'text': {
      const parsed = parseMapping(text.text);
      if (!parsed.ok) return ok({ after: { mistakes: parsed.failure }, changed: [] });
      return ok({ after: 'changed', changed: mapping.ok ? mappingChanges(mapping.value, parsed.value) : [] });
    }
  }
}

/** What would be looked at. */
async function changesOf(
  { gitlab, store }: BranchPorts,
  {
    project,
    request,
    into,
    at,
    isInConflict,
    own,
  }: Merged & Pick<Brings, 'own'> & { readonly project: Project; readonly request: MergeRequest },
): Promise<GitLabResult<{ readonly all: readonly Candidate[]; readonly from: CommitSha }>> {
  const key = { projectId: project.id, branch: request.target };
  const from = isInConflict ? into : ((await store.branch(key))?.deployed ?? into);
  if (from === into) return ok({ all: merge(candidatesIn(own), await store.pending(key)), from });
  const since = await gitlab.changes(project.id, from, at, folders);
  if (!since.ok) return since;
  const whole = since.value === undefined ? await gitlab.changes(project.id, undefined, at, folders) : since;
  if (!whole.ok) return whole;
  const all = candidatesIn(whole.value?.paths ?? own);
  return ok({ all: merge(all, await store.pending(key)), from });
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
