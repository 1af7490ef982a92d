import { laneOfBranch } from '../../domain/jobs/lane.ts';
import { branchLane } from '../../domain/jobs/job.ts';
import {
  mappingPath,
  type BranchView,
  type MappingProblem,
  type UnreadableMapping,
} from '../../domain/deployment/decide-deployment.ts';
import type { GitLab } from '../../domain/gitlab/gitlab.ts';
import type { GitLabResult, Project } from '../../domain/gitlab/project.ts';
import type { CommitSha } from '../../domain/shared/ids.ts';
import { largestYaml, tooLarge } from '../../domain/mapping/located-yaml.ts';
import { lookup, type Mapping } from '../../domain/mapping/mapping.ts';
import { parseMapping } from '../../domain/mapping/parse-mapping.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';
import type { BranchKey } from '../../domain/store/state.ts';
import { claimWorkspace } from '../shared/claim-workspace.ts';
import { findRange } from './find-commit-range.ts';
import type { BranchPorts } from '../shared/ports.ts';

/** A branch to decide about, or why there is nothing to decide. */
export type Look = (
  | { readonly kind: 'view'; readonly view: BranchView }
  | {
      readonly kind: 'nothing';
      readonly why: string;
      readonly deliveries: readonly string[];
      /** Whose branch it was, where it exists no more. */
      readonly gone?: Project;
    }
) & {
  /** Branches that waited for a valid mapping and are worth another look, because the mapping may have changed. */
  readonly held: readonly string[];
};

/** The branch belongs to another lane, and is looked at there. */
export interface Elsewhere {
  readonly kind: 'elsewhere';
  readonly lane: string;
}

/** The same for an order, in whose lane it is already: then it is looked at even if nothing seems to be new. */
export async function viewForOrder(ports: BranchPorts, key: BranchKey): Promise<GitLabResult<Look>> {
  const looked = await viewBranch(ports, key, undefined);
  if (!looked.ok) return looked;
  if (looked.value.kind === 'elsewhere') throw new Error('an order is looked at in any lane');
  return ok(looked.value);
}

/**
 * Looks at a branch as it is now: what the mapping says of it, its head, and what came since it was last deployed. Costs
 * one call where the project is remembered, its head is the last deployed commit and nothing waits.
 * @param here the lane in which that happens; undefined for an order
 */
export async function viewBranch(
  ports: BranchPorts,
  key: BranchKey,
  here: string | undefined,
): Promise<GitLabResult<Look | Elsewhere>> {
  const isOrdered = here === undefined;
  const { gitlab, store, settings } = ports;
  const [state, waiting, pending] = [
    await store.branch(key),
    await store.waiting(key),
    await store.pending(key),
  ];
  const deliveries = waiting.map((delivery) => delivery.id);
  let held: readonly string[] = [];
  const nothing = (why: string) => ok<Look>({ kind: 'nothing', why, deliveries, held });

  const project = await gitlab.project(key.projectId);
  if (!project.ok) return project;
  if (!settings.serves(project.value.path)) return nothing('the project is not in GITLAB_PROJECTS');
  const merges = waiting.some((delivery) => delivery.event.kind === 'merged');
  // One that was cut off is brought to its end, wherever the branch stands.
  const isRunning = (await store.running(key.projectId)).includes(key.branch);
  const isNews =
    isOrdered || isRunning || merges || pending.some(({ paused }) => !paused) || state?.held === true;
  const [head, mappingOfNews] = await Promise.all([
    gitlab.head(project.value.id, key.branch),
    isNews ? readMapping(ports, project.value) : undefined,
  ]);
  // Of no branch that there ever was: GitLab does not take the name, and will not later.
  const isUnknown = state === undefined && pending.length === 0;
  if (!head.ok && head.failure.reason === 'refused' && isUnknown) return nothing('GitLab refuses its name');
  if (!head.ok) return head;
  if (head.value === undefined)
    return ok({ kind: 'nothing', why: 'the branch does not exist', deliveries, held, gone: project.value });
  // A move to elsewhere than the head is told of late, and may lie before the record.
  const isLate = waiting.some(
    ({ event }) => event.kind === 'pushed' && (event.after === state?.origin || event.after !== head.value),
  );
  if (state?.deployed === head.value && !isNews && !isLate) return nothing('it is deployed');
  if (key.branch === project.value.defaultBranch) held = await store.held(key.projectId);

  const mapping = mappingOfNews ?? (await readMapping(ports, project.value));
  if (!mapping.ok) return mapping;
  const isDeployed = isDeployedFrom(mapping.value, key.branch);
  if (!isDeployed && !merges && !isOrdered && !isRunning)
    return nothing('the mapping file does not name the branch');
  const lane =
    mapping.value.ok && isDeployed
      ? laneOfBranch(settings, { project: project.value, mapping: mapping.value.value }, key.branch)
      : branchLane(key.projectId, key.branch);
  if (here !== undefined && here !== lane) return ok({ kind: 'elsewhere', lane });
  const found = mapping.value.ok ? lookup(mapping.value.value, key.branch) : undefined;
  const isGated = found !== undefined && found.rule !== 'none' && found.workspace.require.length > 0;
  const known = { project: project.value, branch: key.branch, waiting, head: head.value, isGated };
  const range = await findRange(ports, known, state);
  if (!range.ok) return range;

  const view: BranchView = {
    key,
    project: project.value,
    mapping: await asClaimed(ports, project.value, mapping.value, key.branch),
    state,
    pending,
    head: head.value,
    ...range.value,
    deliveries,
  };
  return ok({ kind: 'view', view, held });
}

/**
 * The mapping of the project, from its default branch: a merge request's own branch could grant itself rights.
 * @param at what the default branch would be, for who tells of it
 */
export async function readMapping(
  ports: { readonly gitlab: Pick<GitLab, 'file'> },
  project: Project,
  at?: CommitSha,
): Promise<GitLabResult<Result<Mapping, UnreadableMapping>>> {
  const defaultBranch = project.defaultBranch ?? 'HEAD';
  // In full: a tag of the branch's name, which developers may push, could else be taken for the branch.
  const ref = at ?? (project.defaultBranch === undefined ? 'HEAD' : `refs/heads/${project.defaultBranch}`);
  const file = await ports.gitlab.file(project.id, mappingPath, ref, { mostBytes: largestYaml });
  if (!file.ok) return file;
  switch (file.value.kind) {
    case 'missing':
      return ok(fail({ kind: 'missing', defaultBranch }));
    case 'too-large': {
      return ok(fail({ kind: 'invalid', defaultBranch, mistakes: [tooLarge] }));
    }
    case 'text': {
      const mapping = parseMapping(file.value.text);
      return ok(mapping.ok ? mapping : fail({ kind: 'invalid', defaultBranch, mistakes: mapping.failure }));
    }
  }
}

/** Whether merges into the branch are deployed, as far as the mapping can be read. */
function isDeployedFrom(mapping: Result<Mapping, MappingProblem>, branch: string): boolean {
  if (!mapping.ok) return true;
  const found = lookup(mapping.value, branch);
  return found.rule !== 'none' && found.automatic;
}

/** The mapping as far as this branch can be deployed by it: not to a workspace that the project may not use. */
export async function asClaimed(
  ports: BranchPorts,
  project: Project,
  mapping: Result<Mapping, MappingProblem>,
  branch: string,
): Promise<Result<Mapping, MappingProblem>> {
  if (!mapping.ok) return mapping;
  const found = lookup(mapping.value, branch);
  if (found.rule === 'none') return mapping;
  const claimed = await claimWorkspace(ports, project, found.workspace);
  if (claimed.ok || claimed.failure.kind !== 'unclaimed') return mapping;
  const { defaultBranch = 'HEAD' } = project;
  return fail({ ...claimed.failure, defaultBranch, directPush: mapping.value.directPush });
}
