import type { BranchView } from '../../domain/deployment/decide-deployment.ts';
import type { GitLabResult, Project } from '../../domain/gitlab/project.ts';
import type { Held } from '../../domain/deployment/gate/held.ts';
import { lookup, type WorkspaceTarget } from '../../domain/mapping/mapping.ts';
import { ok } from '../../domain/shared/result.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';
import type { Scope } from '../../domain/store/store.ts';
import type { BranchKey } from '../../domain/store/state.ts';
import { checkGate } from './gate/check-gate.ts';
import type { LastDeployment } from './deployment-run.ts';
import { endCutOff } from './end-interrupted.ts';
import type { BranchPorts } from '../shared/ports.ts';
import { runDeployment } from './run-deployment.ts';
import { sortCandidates } from './gate/sort-candidates.ts';
import { viewForOrder } from './load-branch-view.ts';
import { isSameWorkspace, keyOfWorkspace } from '../shared/workspace-key.ts';

type Resumed =
  | { readonly kind: 'nothing' | 'stopped' | 'ended' }
  | { readonly kind: 'not-yet'; readonly failure: UpstreamFailure };

/**
 * Brings a deployment of the branch to its end that was cut off: with what it was begun with, at its own commit, by its own order, as far as the gate is open
 * still. Where its workspace is not the branch's any more, it is ended as it stands. What woke this up is looked at after it.
 */
export async function resume(ports: BranchPorts, view: BranchView): Promise<Resumed> {
  const last = await ports.store.lastDeployment(view.key);
  if (last?.deployment.status !== 'running' || last.scope === undefined) return { kind: 'nothing' };
  const { scope, deployment } = last;
  if (!view.mapping.ok && view.mapping.failure.kind !== 'unclaimed') return { kind: 'nothing' };
  const found = view.mapping.ok ? lookup(view.mapping.value, view.key.branch) : undefined;
  if (found === undefined || found.rule === 'none' || !isOwn(ports, view, found.workspace, last)) {
    const why = found === undefined ? 'unclaimed' : found.rule === 'none' ? 'unmapped' : 'other-workspace';
    await endCutOff(ports, view, { ...last, scope }, why);
    return { kind: 'ended' };
  }
  const { workspace } = found;
  const held = await heldSince(ports, view, workspace, { ...last, scope });
  if (!held.ok)
    return held.failure.reason === 'stopped'
      ? { kind: 'stopped' }
      : { kind: 'not-yet', failure: held.failure };
  const ran = await runDeployment(ports, {
    view: { ...view, from: scope.from, deliveries: [] },
    decision: {
      kind: 'deploy',
      target: scope.force ? { ...workspace, drift: 'overwrite' } : workspace,
      candidates: scope.candidates,
      at: deployment.head,
      state: scope.state,
    },
    requests: [],
    held: held.value,
    alsoJobs: [],
    order: undefined,
    resumed: last,
  });
  return ran.kind === 'ended' ? { kind: 'ended' } : ran;
}

/** Brings a deployment that was cut off to its end before anything else is done with its branch. */
export async function resumeFirst(ports: BranchPorts, key: BranchKey): Promise<Resumed> {
  if (!(await ports.store.running(key.projectId)).includes(key.branch)) return { kind: 'nothing' };
  const looked = await viewForOrder(ports, key);
  if (!looked.ok) return { kind: 'not-yet', failure: looked.failure };
  return looked.value.kind === 'view' ? resume(ports, looked.value.view) : { kind: 'nothing' };
}

/** Ends what was cut off of a branch that is no more. */
export async function endOfGone(ports: BranchPorts, key: BranchKey, project: Project): Promise<void> {
  const last = await ports.store.lastDeployment(key);
  if (last?.deployment.status !== 'running' || last.scope === undefined) return;
  const pending = await ports.store.pending(key);
  await endCutOff(ports, { key, project, pending }, { ...last, scope: last.scope }, 'branch-gone');
}

function isOwn(
  ports: BranchPorts,
  { project }: BranchView,
  target: WorkspaceTarget,
  { deployment: { workspace: own } }: LastDeployment,
): boolean {
  return isSameWorkspace(own, keyOfWorkspace(ports, project.id, target));
}

/**
 * What the gate keeps back now, though it was open when the deployment began: a freeze may have begun, an approval may be gone. What was being written is
 * written to its end, since only that makes sure of it.
 */
async function heldSince(
  ports: BranchPorts,
  view: BranchView,
  target: WorkspaceTarget,
  { deployment, items, scope }: LastDeployment & { readonly scope: Scope },
): Promise<GitLabResult<readonly Held[]>> {
  const writing = new Set(items.flatMap(({ pipeline, state }) => (state.kind === 'writing' ? pipeline : [])));
  const rest = scope.candidates.filter(({ name }) => !writing.has(name));
  if (rest.length === 0 || (scope.force && deployment.reason !== undefined)) return ok([]);
  const gate = scope.force
    ? await checkGate(ports, view.project.id, target, [])
    : await sortCandidates(ports, view, target, rest);
  if (!gate.ok) return gate;
  switch (gate.value.kind) {
    case 'frozen':
      return ok(rest.map((candidate) => ({ candidate, waits: [{ kind: 'freeze' }] })));
    case 'unclear':
      return ok(rest.map((candidate) => ({ candidate, waits: [{ kind: 'unclear-freeze' }] })));
    case 'sorted':
      return ok(gate.value.held);
    // Force opens the gate but for a freeze.
    case 'open':
    case 'held':
      return ok([]);
  }
}
