import type { Workspace } from '../domain/aic.ts';
import { laneOfBranch } from '../domain/branch-lane.ts';
import { failure, unknownPipelines } from '../domain/command-answer.ts';
import type { Command } from '../domain/command.ts';
import { branchOf, type WorkspaceTarget } from '../domain/mapping.ts';
import { phrase } from '../domain/phrase.ts';
import { isStop, type Explanation } from '../domain/reason.ts';
import type { Report } from '../domain/report.ts';
import { ok, fail, type Result } from '../domain/result.ts';
import { chooseWorkspace } from '../domain/workspace-choice.ts';
import type { CommandContext, Ended } from './command-context.ts';
import type { LookUpFailure } from './read-configs.ts';
import { keyOfWorkspace } from './workspace-key.ts';

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
export function laneOfWorkspace({ project, mapping }: CommandContext, { name }: WorkspaceTarget): string {
  return laneOfBranch(project.id, mapping, branchOf(mapping, name));
}

/** The workspace in AIC, or how the command ends without it. */
export async function reachWorkspace(
  { ports, project }: CommandContext,
  target: WorkspaceTarget,
): Promise<Result<Workspace, Ended>> {
  const key = keyOfWorkspace(ports, project.id, target);
  if (key.aicProject === '') return fail(endedWith(failure({ kind: 'no-aic-project' })));
  const workspace = await ports.aic.workspace(key);
  if (workspace.ok) return ok(workspace.value);
  return fail(isStop(workspace.failure) ? { kind: 'stopped' } : endedWith(failure(workspace.failure)));
}

/** How a command ends whose pipelines could not be looked up. */
export function endedLookUp(reason: LookUpFailure, { name }: WorkspaceTarget): Ended {
  if (reason.kind === 'unknown-pipelines') {
    return endedWith(unknownPipelines(reason.unknown, phrase`${name}`));
  }
  return isStop(reason) ? { kind: 'stopped' } : endedWith(failure(reason));
}

export function endedWith(report: Report, done = false): Ended {
  return { kind: 'answered', done, report };
}
