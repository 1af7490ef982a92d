import { refusal } from '../../../domain/commands/refusals.ts';
import type { Command } from '../../../domain/commands/parse-command.ts';
import { historyReport } from '../../../domain/deployment/reports/history-report.ts';
import { branchFor } from '../command-target.ts';
import { answer, answered, type CommandContext, type Prepared } from '../command-context.ts';

const mostListed = 20;

/** `/aic history`. */
export function prepareHistory(context: CommandContext, command: Command): Prepared {
  const branch = branchFor(context, command);
  if (!branch.ok) return answered(refusal(branch.failure));
  const { ports, project } = context;
  const { subject: pipeline } = command;
  return {
    lane: undefined,
    run: async () => {
      const key = { projectId: project.id, branch: branch.value };
      const deployments = await ports.store.history(key, pipeline, mostListed);
      return answer(historyReport({ project, branch: branch.value, pipeline, deployments }), true);
    },
  };
}
