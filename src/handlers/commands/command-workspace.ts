import type { Workspace } from '../../domain/aic/aic.ts';
import { laneOfWorkspace } from '../../domain/jobs/lane.ts';
import { unknownPipelines } from '../../domain/commands/refusals.ts';
import type { Command } from '../../domain/commands/parse-command.ts';
import type { WorkspaceTarget } from '../../domain/mapping/mapping.ts';
import { phrase } from '../../domain/report/phrase.ts';
import type { Explanation } from '../../domain/report/reason.ts';
import { ok, fail, type Result } from '../../domain/shared/result.ts';
import { chooseWorkspace } from '../../domain/mapping/resolve-workspace.ts';
import { claimWorkspace } from '../shared/claim-workspace.ts';
import { answer, endedBy, type CommandContext, type Ended } from './command-context.ts';
import type { LookUpFailure } from '../aic/read-configs.ts';

/** The workspace that a command is about. */
export function workspaceFor(
  { mapping, on }: CommandContext,
  { verb, subject, options }: Command,
): Result<WorkspaceTarget, Explanation> {
  const { branch, workspace } = options;
  const command = verb === 'branches' ? `/aic ${verb} ${subject}` : `/aic ${verb}`;
  return chooseWorkspace(mapping, { command, branch, workspace, target: on?.target });
}

/** The lane of what changes the workspace. */
export function laneFor(context: CommandContext, target: WorkspaceTarget): string {
  return laneOfWorkspace(context.ports.settings, context, target);
}

/** The workspace in AIC, or how the command ends without it. */
export async function reachWorkspace(
  { ports, project }: CommandContext,
  target: WorkspaceTarget,
): Promise<Result<Workspace, Ended>> {
  const claimed = await claimWorkspace(ports, project, target);
  if (!claimed.ok) return fail(endedBy(claimed.failure));
  const workspace = await ports.aic.workspace(claimed.value);
  return workspace.ok ? ok(workspace.value) : fail(endedBy(workspace.failure));
}

/** How a command ends whose pipelines could not be looked up. */
export function endedLookUp(reason: LookUpFailure, { name }: WorkspaceTarget): Ended {
  if (reason.kind === 'unknown-pipelines') {
    return answer(unknownPipelines(reason.unknown, phrase`${name}`));
  }
  return endedBy(reason);
}
