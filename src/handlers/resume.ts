import type { BranchView } from '../domain/branch-view.ts';
import { lookup } from '../domain/mapping.ts';
import type { BranchPorts } from './ports.ts';
import { runDeployment } from './run-deployment.ts';
import { keyOfWorkspace } from './workspace-key.ts';

/**
 * Brings a deployment of the branch to its end that was cut off: with what it was begun with, at its own commit, by its own order. Its gate was open then,
 * for that and for nothing that came since. What woke this up is looked at after it.
 */
export async function resume(
  ports: BranchPorts,
  view: BranchView,
): Promise<'nothing' | 'stopped' | 'not-yet' | 'ended'> {
  const last = await ports.store.lastDeployment(view.key);
  if (last?.deployment.status !== 'running' || last.scope === undefined || !view.mapping.ok) return 'nothing';
  const found = lookup(view.mapping.value, view.key.branch);
  if (found.rule === 'none') return 'nothing';
  const { scope, deployment } = last;
  const { environment, aicProject, workspace } = keyOfWorkspace(ports, view.project.id, found.workspace);
  const own = deployment.workspace;
  const isSame =
    own.environment === environment && own.aicProject === aicProject && own.workspace === workspace;
  if (!isSame) return 'nothing';
  const ran = await runDeployment(ports, {
    view: { ...view, from: scope.from, deliveries: [] },
    decision: {
      kind: 'deploy',
      target: scope.force ? { ...found.workspace, drift: 'overwrite' } : found.workspace,
      candidates: scope.candidates,
      at: deployment.head,
      state: scope.state,
    },
    requests: [],
    held: [],
    alsoJobs: [],
    order: undefined,
    resumed: last,
  });
  return ran.kind;
}
