import PQueue from 'p-queue';

import type { Workspace } from '../../../domain/aic/aic.ts';
import { candidatesIn, type Candidate } from '../../../domain/deployment/decide-deployment.ts';
import { classify, type Drift, type Sighting } from '../../../domain/deployment/drift/classify-drift.ts';
import { fingerprintOf, type Fingerprint } from '../../../domain/pipeline/fingerprint.ts';
import type { Project } from '../../../domain/gitlab/project.ts';
import type { CommitSha, PipelineId } from '../../../domain/shared/ids.ts';
import type { WorkspaceTarget } from '../../../domain/mapping/mapping.ts';
import { asReason, isStop, type Reason } from '../../../domain/report/reason.ts';
import { fail, ok, type Result } from '../../../domain/shared/result.ts';
import { withVariables } from '../../../domain/pipeline/workspace-variables.ts';
import { claimWorkspace } from '../../shared/claim-workspace.ts';
import type { BranchPorts } from '../../shared/ports.ts';
import { readConfig } from '../read-versions.ts';

/** A workspace as it compares with its branch now. */
export interface DriftLook {
  readonly head: CommitSha;
  readonly workspace: Workspace;
  readonly drift: readonly Drift[];
  /** What both sides have of pipelines of which that was not recorded yet: the next look need not read these files. */
  readonly agreed: ReadonlyMap<string, Fingerprint>;
  /** By title. */
  readonly ids: ReadonlyMap<string, PipelineId>;
  /** Where the configs stand in Git, by pipeline. */
  readonly files: ReadonlyMap<string, Candidate>;
}

/**
 * Compares all pipelines of a workspace with its branch. AIC tells nothing of a pipeline but its title, so each that both have is read, a few at once; a file
 * of Git is read only where AIC does not hold what was last deployed from the very commit that the branch is at. Fails where AIC or GitLab does
 * not answer: no state is better than a wrong one.
 */
export async function lookAtDrift(
  ports: BranchPorts,
  {
    project,
    branch,
    target,
  }: { readonly project: Project; readonly branch: string; readonly target: WorkspaceTarget },
): Promise<Result<DriftLook, Reason>> {
  const { gitlab, aic, store, settings } = ports;
  const head = asReason(await gitlab.head(project.id, branch));
  if (!head.ok) return head;
  if (head.value === undefined) return fail({ kind: 'no-branch', branch });
  const at = head.value;
  const tree = asReason(await gitlab.files(project.id, at, ['config']));
  if (!tree.ok) return tree;
  const claimed = await claimWorkspace(ports, project, target);
  if (!claimed.ok) return claimed;
  const key = claimed.value;
  const workspace = await aic.workspace(key);
  if (!workspace.ok) return workspace;
  const listed = asReason(await workspace.value.pipelines());
  if (!listed.ok) return listed;
  const ids = new Map<string, PipelineId | 'several'>();
  for (const { id, title } of listed.value) ids.set(title, ids.has(title) ? 'several' : id);
  const files = new Map(candidatesIn([...tree.value.keys()]).map((one) => [one.name, one]));
  const state = await store.branch({ projectId: project.id, branch });
  const behind = [
    ...(await store.pending({ projectId: project.id, branch })),
    ...(await store.holds({ projectId: project.id, branch })),
  ];
  const pending = new Set(behind.map(({ pipeline }) => pipeline));
  const names = [...new Set([...files.keys(), ...ids.keys()])];
  const baselines = await store.baselines(key, names);
  // A branch that nothing was ever deployed from begins where it is, unless something came in already.
  const waiting = state === undefined ? await store.waiting({ projectId: project.id, branch }) : [];
  const isAtHead = state === undefined ? waiting.length === 0 : state.deployed === at;

  const sight = async (name: string): Promise<Result<Sighting, Reason>> => {
    const base = baselines.get(name)?.fingerprint;
    const isWaiting = !isAtHead || pending.has(name);
    const live = await liveOf(workspace.value, ids.get(name));
    if (!live.ok) return live;
    const settled = live.value === base && !isWaiting && files.has(name) ? base : undefined;
    const desired =
      settled === undefined ? await desiredOf(ports, project, files.get(name), at, target) : ok(settled);
    if (!desired.ok) return desired;
    const isBaseNeeded = base === undefined && live.value !== undefined && live.value !== desired.value;
    const old =
      isBaseNeeded && state !== undefined && !isAtHead
        ? await desiredOf(ports, project, files.get(name), state.deployed, target)
        : ok(undefined);
    if (!old.ok) return old;
    const known = [base, old.value].flatMap((one) =>
      one === undefined || one === 'unreadable' ? [] : [one],
    );
    return ok({ name, live: live.value, desired: desired.value, base: known, isWaiting });
  };
  const queue = new PQueue({ concurrency: settings.itemsAtOnce });
  const sightings: Sighting[] = [];
  for (const one of await queue.addAll(names.map((name) => () => sight(name)))) {
    if (!one.ok) return one;
    sightings.push(one.value);
  }
  const drift = classify(sightings);
  const agreed = drift.flatMap(({ name, state: how, live, isKnown }) =>
    how === 'in-sync' && live !== undefined && !isKnown ? [[name, live] as const] : [],
  );
  const single = [...ids].flatMap(([title, id]) => (id === 'several' ? [] : [[title, id] as const]));
  return ok({
    head: at,
    workspace: workspace.value,
    drift,
    agreed: new Map(agreed),
    ids: new Map(single),
    files,
  });
}

async function liveOf(
  workspace: Workspace,
  id: PipelineId | 'several' | undefined,
): Promise<Result<Sighting['live'], Reason>> {
  if (id === undefined) return ok(undefined);
  if (id === 'several') return ok('unreadable');
  const content = await workspace.read(id);
  if (content.ok) return ok(await fingerprintOf(content.value));
  // Deleted since the list was read, or of a shape that the bot does not know.
  const { failure } = content;
  if (failure.kind !== 'upstream') return ok('unreadable');
  return failure.failure.reason === 'missing' && !isStop(failure) ? ok(undefined) : content;
}

async function desiredOf(
  ports: BranchPorts,
  project: Project,
  file: Candidate | undefined,
  at: CommitSha,
  target: WorkspaceTarget,
): Promise<Result<Fingerprint | 'unreadable' | undefined, Reason>> {
  const [path, ...others] = file?.paths ?? [];
  if (path === undefined) return ok(undefined);
  if (others.length > 0) return ok('unreadable');
  const content = await readConfig(ports, project.id, path, at);
  if (!content.ok) return content.failure.kind === 'upstream' ? content : ok('unreadable');
  if (content.value === undefined) return ok(undefined);
  return ok(await fingerprintOf(withVariables(content.value, target.variables)));
}
