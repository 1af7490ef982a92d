import type { Candidate } from '../../../domain/deployment/decide-deployment.ts';
import type {
  Caution,
  DeploymentPlan,
  PlannedItem,
} from '../../../domain/deployment/plan/deployment-plan.ts';
import { differencesBetween } from '../../../domain/pipeline/diff/diff-pipelines.ts';
import type { MergeRequest } from '../../../domain/gitlab/merge-request.ts';
import type { GitLabResult, Project } from '../../../domain/gitlab/project.ts';
import type { CommitSha } from '../../../domain/shared/ids.ts';
import { withHolds } from '../../../domain/deployment/rollback/hold.ts';
import { emptyContent } from '../../../domain/pipeline/config.ts';
import { planStep, type Step, type Versions } from '../../../domain/deployment/plan/plan-step.ts';
import { fail, ok } from '../../../domain/shared/result.ts';
import { setVariables } from '../../../domain/pipeline/workspace-variables.ts';
import { activeHolds } from '../rollback/active-holds.ts';
import { compared, createBreath } from '../../shared/yield-to-event-loop.ts';
import { findDisagreements, type Touched } from './find-code-mismatches.ts';
import { missingTables } from './missing-tables.ts';
import { otherRequests } from './overlapping-merge-requests.ts';
import type { BranchPorts } from '../../shared/ports.ts';
import { readConfig, readVersions } from '../read-versions.ts';

/** What is planned. */
export interface PlanWish extends Omit<DeploymentPlan, 'items' | 'strayPaths' | 'codeOnly'> {
  readonly candidates: readonly Candidate[];
  /** The commit whose files the workspace should hold if nobody touched it. */
  readonly from: CommitSha;
  /** What a merge request itself changes; undefined for a deployment. */
  readonly own:
    (Touched & { readonly request: MergeRequest; readonly strayPaths: readonly string[] }) | undefined;
}

/**
 * Works out what a deployment would do: reads the three versions of each pipeline, compares them, and looks for what a reviewer should know. Changes
 * nothing. Fails for a passing reason where AIC or GitLab does not answer, so that no plan says what only a later look can tell.
 */
export async function makePlan(ports: BranchPorts, wish: PlanWish): Promise<GitLabResult<DeploymentPlan>> {
  const { project, branch, workspace: target, candidates, at, from, own, ...rest } = wish;
  const read = await readVersions(ports, { project, candidates, at, from, target });
  if (read === 'stopped') return fail(stopped);
  for (const { desired, live } of read.versions)
    for (const version of [desired, live]) {
      if (version.kind !== 'unusable' || version.reason.kind !== 'upstream') continue;
      if (version.reason.failure.reason === 'passing') return fail(version.reason.failure);
    }
  const byName = new Map(candidates.map((candidate) => [candidate.name, candidate]));
  const held = await activeHolds(ports, { projectId: project.id, branch });
  if (!held.ok) return held;
  const planned = read.versions.map((versions) => planStep(versions, target.drift));
  const { steps: withReasons } = withHolds(planned, held.value.holds);
  const steps = read.versions.flatMap((versions, index) => {
    const step = withReasons[index];
    return step === undefined ? [] : [{ versions, step }];
  });
  const cautions = await cautionsFor(ports, { wish, steps, workspace: read.workspace });
  if (!cautions.ok) return cautions;
  const items: PlannedItem[] = [];
  const breathe = createBreath(ports.clock);
  for (const { versions, step } of steps) {
    const its = cautions.value.byPipeline.get(step.name) ?? [];
    // Deployed since by somebody's command: it waits no more.
    if (step.kind === 'unchanged' && its.some(({ kind }) => kind === 'waits-already')) continue;
    const candidate = byName.get(step.name);
    const before = isByHand(step) ? await baseOf(ports, project, candidate, from) : undefined;
    items.push({
      step,
      differences: await differencesOf(versions, breathe),
      byHand:
        before === undefined || versions.live.kind !== 'pipeline'
          ? []
          : await compared(differencesBetween(before, versions.live.version.content), breathe),
      cautions: its,
    });
    await breathe();
  }
  const { codeOnly } = cautions.value;
  const strayPaths = own?.strayPaths ?? [];
  return ok({ ...rest, project, branch, at, workspace: target, items, codeOnly, strayPaths });
}

const stopped = {
  system: 'GitLab',
  reason: 'stopped',
  status: undefined,
  asked: 'the plan',
  said: 'the bot is shutting down',
} as const;

function isByHand(step: Step): boolean {
  return (
    (step.kind === 'blocked' && step.reason.kind === 'drift') || (step.kind === 'update' && step.drifted)
  );
}

async function differencesOf(
  { desired, live }: Versions,
  breathe: () => Promise<void>,
): Promise<PlannedItem['differences']> {
  if (desired.kind !== 'config' || live.kind === 'unusable') return [];
  const before = live.kind === 'none' ? emptyContent : live.version.content;
  return compared(differencesBetween(before, desired.version.content), breathe);
}

/** What the workspace held before somebody changed it by hand, as far as Git knows. */
async function baseOf(
  ports: BranchPorts,
  project: Project,
  candidate: Candidate | undefined,
  from: CommitSha,
) {
  for (const path of candidate?.paths ?? []) {
    const content = await readConfig(ports, project.id, path, candidate?.base ?? from);
    if (content.ok && content.value !== undefined) return content.value;
  }
  return undefined;
}

interface Cautions {
  readonly byPipeline: ReadonlyMap<string, readonly Caution[]>;
  readonly codeOnly: DeploymentPlan['codeOnly'];
}

interface Found {
  readonly wish: PlanWish;
  readonly steps: readonly { readonly versions: Versions; readonly step: Step }[];
  readonly workspace: Exclude<Awaited<ReturnType<typeof readVersions>>, 'stopped'>['workspace'];
}

async function cautionsFor(
  ports: BranchPorts,
  { wish, steps, workspace }: Found,
): Promise<GitLabResult<Cautions>> {
  const { project, branch, own, workspace: target } = wish;
  const cautions = new Map<string, Caution[]>(steps.map(({ step }) => [step.name, []]));
  const codeOnly: DeploymentPlan['codeOnly'][number][] = [];
  const add = (name: string, caution: Caution) => cautions.get(name)?.push(caution);
  const wanted = steps.flatMap(({ step }) =>
    step.kind === 'create' || step.kind === 'update'
      ? [{ name: step.name, content: step.desired.content }]
      : [],
  );
  if (own !== undefined) {
    const touched = new Set([...own.configs.keys(), ...own.code.keys()]);
    for (const { step } of steps) if (!touched.has(step.name)) add(step.name, { kind: 'waits-already' });
    const others = await otherRequests(ports, {
      project,
      branch,
      request: own.request,
      pipelines: own.configs,
    });
    if (!others.ok) return others;
    for (const [name, by] of others.value) add(name, { kind: 'also-changed', by });
    const disagreeing = await findDisagreements(ports, project, wish.at, own);
    if (!disagreeing.ok) return disagreeing;
    for (const [name, { paths, isEdited }] of disagreeing.value)
      if (own.configs.has(name)) add(name, { kind: 'code-disagrees', paths, isEdited });
      else codeOnly.push({ name, paths });
  }
  const missing =
    workspace === undefined ? new Map<string, readonly string[]>() : await missingTables(workspace, wanted);
  for (const [name, placeholders] of missing) add(name, { kind: 'no-table', placeholders });
  for (const { name, content } of wanted) {
    const ids = setVariables(content, target.variables);
    if (ids.length > 0) add(name, { kind: 'set-variables', ids });
  }
  return ok({ byPipeline: cautions, codeOnly });
}
