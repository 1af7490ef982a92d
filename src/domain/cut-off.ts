import type { BranchView, Decision } from './branch-view.ts';
import type { Deployment } from './deployment.ts';
import { lookup } from './mapping.ts';

/** Whether a run of this deployment of a branch was cut off, and the next one takes it up. A rollback is taken up by its command. */
export function isCutOff(last: Deployment | undefined): boolean {
  return last?.status === 'running' && last.rollsBack === undefined;
}

/**
 * What follows where a deployment was cut off and nothing is left to deploy, as after a revert: it is taken up all the same, since the workspace may hold what
 * it was writing, and its report still tells of it.
 */
export function orTakeUp(decision: Decision, view: BranchView, last: Deployment | undefined): Decision {
  if (decision.kind !== 'nothing' || decision.state === undefined || !isCutOff(last) || !view.mapping.ok)
    return decision;
  const found = lookup(view.mapping.value, view.key.branch);
  if (found.rule === 'none' || !found.automatic) return decision;
  const { state } = decision;
  return { kind: 'deploy', target: found.workspace, candidates: [], at: view.from, state };
}
