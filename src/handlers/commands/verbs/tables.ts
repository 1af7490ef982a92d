import { refusal } from '../../../domain/commands/refusals.ts';
import type { Command } from '../../../domain/commands/parse-command.ts';
import { tablesReport } from '../../../domain/aic/datasets-report.ts';
import type { WorkspaceTarget } from '../../../domain/mapping/mapping.ts';
import { namingRefusal } from '../../../domain/aic/not-found-report.ts';
import {
  answer,
  answered,
  endedBy,
  type CommandContext,
  type Ended,
  type Prepared,
} from '../command-context.ts';
import { reachWorkspace, workspaceFor } from '../command-workspace.ts';
import { listTables } from '../../aic/list-tables.ts';

/** `/aic tables`. */
export function prepareTables(context: CommandContext, command: Command): Prepared {
  const target = workspaceFor(context, command);
  if (!target.ok) return answered(refusal(target.failure));
  const { subject = '' } = command;
  return { lane: undefined, run: () => tellTables(context, target.value, subject) };
}

/** Tells which tables a dataset of a workspace has. */
export async function tellTables(
  context: CommandContext,
  target: WorkspaceTarget,
  dataset: string,
): Promise<Ended> {
  const workspace = await reachWorkspace(context, target);
  if (!workspace.ok) return workspace.failure;
  const listed = await listTables(workspace.value, dataset);
  if (listed.ok) {
    const { tables } = listed.value;
    const names = { workspace: target.name, dataset: listed.value.dataset.name };
    return answer(tablesReport(names, tables), true);
  }
  return listed.failure.kind === 'upstream'
    ? endedBy(listed.failure)
    : answer(namingRefusal(listed.failure, target.name));
}
