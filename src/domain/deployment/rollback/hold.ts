import type { DeploymentId, MergeRequestIid } from '../../shared/ids.ts';
import type { Step } from '../plan/plan-step.ts';
import type { BranchKey } from '../../store/state.ts';

/** A pipeline that was rolled back, and is held back from deployment until its branch follows. */
export interface Hold {
  readonly pipeline: string;
  /** The rollback. */
  readonly deployment: DeploymentId;
  /** The merge request that makes the branch follow; undefined where none could be opened. */
  readonly request: MergeRequestIid | undefined;
}

/** Pipelines that are held back. Each method is one transaction. */
export interface Holds {
  holds(branch: BranchKey): Promise<readonly Hold[]>;
  /** Remembers the merge request that the holds of a rollback wait for. */
  saveHoldRequest(deployment: DeploymentId, request: MergeRequestIid): Promise<void>;
  /** Ends the holds of a rollback. */
  endHolds(deployment: DeploymentId): Promise<void>;
}

/**
 * The steps of a plan with those blocked that would bring back what was rolled back, and the pipelines whose hold is over because the workspace and the branch
 * agree again.
 */
export function withHolds(
  steps: readonly Step[],
  holds: readonly Hold[],
): { readonly steps: readonly Step[]; readonly over: readonly string[] } {
  const held = new Map(holds.map((hold) => [hold.pipeline, hold]));
  return {
    steps: steps.map((step): Step => {
      const hold = held.get(step.name);
      if (hold === undefined || (step.kind !== 'create' && step.kind !== 'update')) return step;
      const { deployment, request } = hold;
      return { kind: 'blocked', name: step.name, reason: { kind: 'rolled-back', deployment, request } };
    }),
    over: steps.filter(({ kind, name }) => kind === 'unchanged' && held.has(name)).map(({ name }) => name),
  };
}
