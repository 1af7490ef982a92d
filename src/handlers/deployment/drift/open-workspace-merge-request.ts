import { adoptSection } from '../../../domain/deployment/drift/adopt-report.ts';
import type { MergeRequest } from '../../../domain/gitlab/merge-request.ts';
import { inert } from '../../../domain/report/escape-markdown.ts';
import type { WorkspaceTarget } from '../../../domain/mapping/mapping.ts';
import type { PushItem } from '../../../domain/push/push-plan.ts';
import { asReason } from '../../../domain/report/reason.ts';
import { toComment } from '../../../domain/report/markdown.ts';
import { endedBy, type CommandContext, type Ended } from '../../commands/command-context.ts';
import { headOfOnly, openForOnly } from '../../promotion/pipelines-only.ts';
import { push } from '../../push/push-workspace.ts';

/** What a workspace holds, to be reviewed into a branch. */
export interface BringWish {
  readonly workspace: WorkspaceTarget;
  /** At least one. */
  readonly pipelines: readonly string[];
  /** The branch that the merge request goes into. */
  readonly into: string;
  /** The one that it comes from: it is cut from the other's head, or brought up to date. */
  readonly branch: string;
  readonly title: string;
  /** What the merge request says of itself. */
  readonly why: string;
}

export type Brought =
  | { readonly kind: 'opened'; readonly request: MergeRequest; readonly items: readonly PushItem[] }
  /** The branch has all of that already. */
  | { readonly kind: 'nothing'; readonly items: readonly PushItem[] }
  | Ended;

/**
 * Opens a merge request with the configs and the code of pipelines as a workspace holds them now. Nothing else changes, nothing is deleted, and nobody's commit is
 * overwritten. Only merging makes it the branch's word; deploying then finds nothing to do. Run again, it brings the same merge request up to date.
 */
export async function bringFromWorkspace(context: CommandContext, wish: BringWish): Promise<Brought> {
  const { ports, project, asker } = context;
  const { workspace, pipelines, into, branch, title, why } = wish;
  // What was adopted earlier the same day is on the branch, too.
  const own = { branch, target: into, pipelines: [] };
  const only = await headOfOnly(ports, project, own);
  if (!only.ok) return endedBy(only.failure);
  const target = { workspace, branch, cutFrom: into, forced: false };
  const pushed = await push(context, target, { pipelines, prune: false });
  if (pushed.kind !== 'pushed') return pushed;
  const changed = pushed.items.filter(
    ({ kind }) => kind !== 'unchanged' && kind !== 'failed' && kind !== 'gone',
  );
  const head = await ports.gitlab.head(project.id, branch);
  if (!head.ok) return endedBy({ kind: 'upstream', failure: head.failure });
  if (head.value === undefined) return { kind: 'nothing', items: pushed.items };
  if (changed.length === 0) {
    const known = await ports.gitlab.mergeRequestsFrom(project.id, branch, into);
    if (!known.ok) return endedBy({ kind: 'upstream', failure: known.failure });
    if (!known.value.some(({ state }) => state === 'opened')) return { kind: 'nothing', items: pushed.items };
  }
  const brought = changed.length > 0 ? changed : pushed.items.filter(({ kind }) => kind === 'unchanged');
  const names = brought.map(({ pipeline }) => pipeline);
  const section = adoptSection({
    workspace: workspace.name,
    into,
    pipelines: names,
    why,
    by: asker.username,
  });
  const put = await openForOnly(ports, project, own, async () =>
    asReason(
      await ports.gitlab.putMergeRequest(project.id, {
        source: branch,
        target: into,
        title: undefined,
        usualTitle: inert(title),
        section: toComment(section),
        assignee: asker.id,
      }),
    ),
  );
  if (!put.ok) return endedBy(put.failure);
  await ports.store.saveAskers(project.id, put.value.iid, [asker]);
  return { kind: 'opened', request: put.value, items: pushed.items };
}
