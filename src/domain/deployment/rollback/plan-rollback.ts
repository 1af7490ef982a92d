import type { Item } from '../deployment.ts';
import type { DeploymentId } from '../../shared/ids.ts';

/** What a rollback has to do with one pipeline of the deployment that it undoes. */
export type RollbackItem = { readonly pipeline: string } & (
  | { readonly kind: 'restore' }
  /** The deployment created it: there is nothing to go back to, and pipelines are never deleted. */
  | { readonly kind: 'left' }
  /** What was there before is not kept any more. */
  | { readonly kind: 'no-snapshot' }
  /** A later deployment changed it again. */
  | { readonly kind: 'deployed-since'; readonly by: DeploymentId }
);

/** A deployment that wrote a pipeline after another one. */
export interface LaterWrite {
  readonly deployment: DeploymentId;
  /** The deployment that it rolled back, if it was a rollback. */
  readonly rollsBack: DeploymentId | undefined;
}

/** What a rollback would do, or that it was done before. */
export type RollbackPlan =
  | { readonly kind: 'items'; readonly items: readonly RollbackItem[] }
  | { readonly kind: 'done-before'; readonly by: DeploymentId }
  /** The deployment changed nothing that could be restored. */
  | { readonly kind: 'nothing'; readonly created: readonly string[] };

/**
 * What rolling back a deployment does: each pipeline that it updated goes back to what it overwrote. One that a later deployment wrote again stays, unless
 * forced: else the later change would be undone with it. Where the last to write was a rollback of the same deployment, all is done.
 */
export function planRollback(facts: {
  readonly deployment: DeploymentId;
  readonly items: readonly Item[];
  /** The pipelines of which it is kept what they were before. */
  readonly kept: ReadonlySet<string>;
  /** The deployments that wrote a pipeline since, oldest first. */
  readonly later: ReadonlyMap<string, readonly LaterWrite[]>;
  readonly force: boolean;
}): RollbackPlan {
  const { deployment, items, kept, later, force } = facts;
  const created = items.filter(({ state }) => state.kind === 'created').map(({ pipeline }) => pipeline);
  const updated = items.filter(({ state }) => state.kind === 'updated').map(({ pipeline }) => pipeline);
  if (updated.length === 0) return { kind: 'nothing', created };
  const last = (pipeline: string) => lastThatCounts(later.get(pipeline) ?? []);
  const undone = updated.map(last).filter((one) => one?.rollsBack === deployment);
  const [first] = undone;
  if (first !== undefined && undone.length === updated.length)
    return { kind: 'done-before', by: first.deployment };
  return {
    kind: 'items',
    items: [
      ...updated.map((pipeline): RollbackItem => {
        const since = last(pipeline);
        if (since !== undefined && !force) return { pipeline, kind: 'deployed-since', by: since.deployment };
        return { pipeline, kind: kept.has(pipeline) ? 'restore' : 'no-snapshot' };
      }),
      ...created.map((pipeline): RollbackItem => ({ pipeline, kind: 'left' })),
    ],
  };
}

/** The last write that was not undone: a rollback takes the one that it rolled back out again, and itself with it. */
function lastThatCounts(writes: readonly LaterWrite[]): LaterWrite | undefined {
  const counting: LaterWrite[] = [];
  for (const write of writes) {
    if (write.rollsBack !== undefined && counting.at(-1)?.deployment === write.rollsBack) counting.pop();
    else counting.push(write);
  }
  return counting.at(-1);
}
