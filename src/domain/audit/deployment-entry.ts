import type { Actor, AuditEntry, AuditItem } from './audit-log.ts';
import type { BranchView } from '../deployment/decide-deployment.ts';
import type { Deployment, Item } from '../deployment/deployment.ts';
import type { Fingerprint } from '../pipeline/fingerprint.ts';
import { explain } from '../report/reason.ts';
import { plain } from '../report/text.ts';

/** The entries of a deployment that ended: its own, and one for each change made by hand that it overwrote. */
export function deploymentAudit({
  deployment,
  items,
  who,
  before,
  after,
  deliveries,
}: {
  readonly deployment: Deployment;
  readonly items: readonly Item[];
  readonly who: readonly Actor[];
  /** What the workspace held of the pipelines that were overwritten, and what it holds now. */
  readonly before: ReadonlyMap<string, Fingerprint>;
  readonly after: ReadonlyMap<string, Fingerprint>;
  readonly deliveries: readonly string[];
}): readonly AuditEntry[] {
  const { id, projectId: project, branch, workspace, head, reason, status } = deployment;
  const common = {
    key: undefined,
    project,
    who,
    where: `${branch} at ${head}, workspace ${workspace.workspace} (${workspace.environment})`,
    reason,
    deliveries,
  };
  const rows = items.map((item): AuditItem => {
    const { pipeline, state } = item;
    const [had, has] = [before.get(pipeline), after.get(pipeline)];
    const isWritten = state.kind === 'created' || state.kind === 'updated';
    return { pipeline, before: isWritten ? had : (had ?? has), after: has, result: resultOf(item) };
  });
  const overridden = new Set(items.filter(isOverride).map(({ pipeline }) => pipeline));
  return [
    { ...common, kind: 'deployment', what: `deployment ${id}`, result: status, items: rows },
    ...rows
      .filter(({ pipeline }) => overridden.has(pipeline))
      .map((row): AuditEntry => ({
        ...common,
        kind: 'override',
        what: `deployment ${id} overwrote a change made by hand in ${row.pipeline}`,
        result: row.result,
        items: [row],
      })),
  ];
}

/** The entry of what came to a branch and was not deployed. */
export function branchAudit(
  { project, key, head, mergeRequests, deliveries }: BranchView,
  kind: 'refusal' | 'direct-push',
  result: string,
): AuditEntry {
  const merged = mergeRequests.map(({ iid }) => `!${iid}`).join(', ');
  return {
    key: undefined,
    kind,
    project: project.id,
    who: mergeRequests.map(({ mergedBy: name, mergedById: id }) => ({ id, name })),
    what: kind === 'refusal' ? `merge of ${merged}` : 'push without a merge request',
    where: `${key.branch} at ${head}`,
    reason: undefined,
    result,
    items: [],
    deliveries,
  };
}

function isOverride({ state }: Item): boolean {
  return (state.kind === 'updated' || state.kind === 'created') && state.drifted === true;
}

function resultOf({ state }: Item): string {
  return 'reason' in state ? `${state.kind}: ${plain(explain(state.reason).what)}` : state.kind;
}
