import { refusal } from '../../../domain/commands/refusals.ts';
import type { Command } from '../../../domain/commands/parse-command.ts';
import { datasetsReport } from '../../../domain/aic/datasets-report.ts';
import type { WorkspaceTarget } from '../../../domain/mapping/mapping.ts';
import {
  answer,
  answered,
  endedBy,
  type CommandContext,
  type Ended,
  type Prepared,
} from '../command-context.ts';
import { reachWorkspace, workspaceFor } from '../command-workspace.ts';

/** `/aic datasets`. */
export function prepareDatasets(context: CommandContext, command: Command): Prepared {
  const target = workspaceFor(context, command);
  if (!target.ok) return answered(refusal(target.failure));
  return { lane: undefined, run: () => tellDatasets(context, target.value) };
}

/** Tells which datasets a workspace has. */
export async function tellDatasets(context: CommandContext, target: WorkspaceTarget): Promise<Ended> {
  const workspace = await reachWorkspace(context, target);
  if (!workspace.ok) return workspace.failure;
  const datasets = await workspace.value.datasets();
  return datasets.ok
    ? answer(datasetsReport(target.name, datasets.value), true)
    : endedBy({ kind: 'upstream', failure: datasets.failure });
}
