import { branchesActions, type BranchesAction } from '../../../domain/commands/command-table.ts';
import { branchesReport } from '../../../domain/aic/interactive-branch-list-report.ts';
import { refusal } from '../../../domain/commands/refusals.ts';
import type { Command } from '../../../domain/commands/parse-command.ts';
import type { WorkspaceTarget } from '../../../domain/mapping/mapping.ts';
import { phrase } from '../../../domain/report/phrase.ts';
import { isStop } from '../../../domain/report/reason.ts';
import { answer, answered, type CommandContext, type Ended, type Prepared } from '../command-context.ts';
import { endedLookUp, laneFor, reachWorkspace, workspaceFor } from '../command-workspace.ts';
import { createBranches, deleteBranches, listBranches } from '../../aic/interactive-branches.ts';

/** `/aic branches`. What changes a workspace waits in its lane; who only looks does not. */
export function prepareBranches(context: CommandContext, command: Command): Prepared {
  const { subject, pipelines } = command;
  const action = branchesActions.find((known) => known === subject);
  if (action === undefined) throw new Error(`The table of commands knows no action ${subject}.`);
  if (action !== 'list' && pipelines.length === 0) {
    return answered(
      refusal({
        what: phrase`Nothing was done: ${`/aic branches ${action}`} needs the name of a pipeline.`,
        remedy: phrase`Name one or more, such as ${`/aic branches ${action} "daily load"`}.`,
      }),
    );
  }
  const target = workspaceFor(context, command);
  if (!target.ok) return answered(refusal(target.failure));
  return {
    lane: action === 'list' ? undefined : laneFor(context, target.value),
    run: () => runBranches(context, target.value, { action, pipelines }),
  };
}

/** Creates, lists or deletes interactive branches of a workspace's pipelines, and tells. */
export async function runBranches(
  context: CommandContext,
  target: WorkspaceTarget,
  { action, pipelines }: { readonly action: BranchesAction; readonly pipelines: readonly string[] },
): Promise<Ended> {
  const { ports, asker } = context;
  const workspace = await reachWorkspace(context, target);
  if (!workspace.ok) return workspace.failure;
  const run = {
    create: () => createBranches(workspace.value, { pipelines, at: ports.clock.now() }),
    list: () => listBranches(workspace.value, pipelines),
    delete: () => deleteBranches(workspace.value, pipelines),
  };
  const items = await run[action]();
  if (!items.ok) return endedLookUp(items.failure, target);
  const failures = items.value.flatMap(({ failure }) => failure ?? []);
  if (failures.some((failure) => isStop(failure))) return { kind: 'stopped' };
  const report = branchesReport(action, items.value, { workspace: target.name, by: asker.username });
  return answer(report, failures.length === 0);
}
