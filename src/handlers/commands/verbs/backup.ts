import { backupReport } from '../../../domain/aic/backup-report.ts';
import { defaultDrive } from '../../../domain/aic/backup.ts';
import { refusal } from '../../../domain/commands/refusals.ts';
import type { Command } from '../../../domain/commands/parse-command.ts';
import type { WorkspaceTarget } from '../../../domain/mapping/mapping.ts';
import { namingRefusal } from '../../../domain/aic/not-found-report.ts';
import { isStop } from '../../../domain/report/reason.ts';
import { backUp, type BackupWish } from '../../aic/back-up.ts';
import { answer, answered, type CommandContext, type Ended, type Prepared } from '../command-context.ts';
import { endedLookUp, laneFor, reachWorkspace, workspaceFor } from '../command-workspace.ts';

/** `/aic backup`. In the lane of the workspace, so that no deployment changes it meanwhile. */
export function prepareBackup(context: CommandContext, command: Command): Prepared {
  const target = workspaceFor(context, command);
  if (!target.ok) return answered(refusal(target.failure));
  const { pipelines, options } = command;
  const wish = { pipelines, drive: options.drive ?? defaultDrive };
  return {
    lane: laneFor(context, target.value),
    run: () => backUpWorkspace(context, target.value, wish),
  };
}

/** Stores what a workspace holds on one of its drives, and tells. */
export async function backUpWorkspace(
  context: CommandContext,
  target: WorkspaceTarget,
  wish: Omit<BackupWish, 'at'>,
): Promise<Ended> {
  const { ports, asker } = context;
  const workspace = await reachWorkspace(context, target);
  if (!workspace.ok) return workspace.failure;
  const backup = await backUp(workspace.value, { ...wish, at: ports.clock.now() });
  if (!backup.ok) {
    const { failure } = backup;
    return failure.kind === 'unknown-drive' || failure.kind === 'ambiguous-drive'
      ? answer(namingRefusal(failure, target.name))
      : endedLookUp(failure, target);
  }
  const { items } = backup.value;
  if (items.some((item) => item.kind === 'failed' && isStop(item.reason))) return { kind: 'stopped' };
  const report = backupReport(backup.value, { workspace: target.name, by: asker.username });
  return answer(report, !items.some(({ kind }) => kind === 'failed'));
}
