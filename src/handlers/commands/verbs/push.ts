import { laneOfWorkspace } from '../../../domain/jobs/lane.ts';
import { refusal } from '../../../domain/commands/refusals.ts';
import type { Command } from '../../../domain/commands/parse-command.ts';
import { pushTarget } from '../../../domain/push/push-target.ts';
import { answered, type CommandContext, type Prepared } from '../command-context.ts';
import { pushWorkspace } from '../../push/push-workspace.ts';

/** `/aic push`. */
export function preparePush(context: CommandContext, command: Command): Prepared {
  const { ports, mapping, project, on } = context;
  const target = pushTarget(mapping, {
    branch: command.options.branch,
    workspace: command.options.workspace,
    source: on?.fromFork === true ? undefined : on?.source,
    defaultBranch: project.defaultBranch,
    force: command.words.has('force'),
  });
  if (!target.ok) return answered(refusal(target.failure));
  const { pipelines, words } = command;
  return {
    lane: laneOfWorkspace(ports.settings, context, target.value.workspace, target.value.branch),
    run: () => pushWorkspace(context, target.value, { pipelines, prune: words.has('prune') }),
  };
}
