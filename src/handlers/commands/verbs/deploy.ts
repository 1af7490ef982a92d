import { laneOfBranch } from '../../../domain/jobs/lane.ts';
import { refusal } from '../../../domain/commands/refusals.ts';
import type { Command } from '../../../domain/commands/parse-command.ts';
import { phrase, words } from '../../../domain/report/phrase.ts';
import type { Report } from '../../../domain/report/report.ts';
import { branchFor } from '../command-target.ts';
import { answer, answered, type CommandContext, type Prepared } from '../command-context.ts';
import { planThis } from './plan.ts';
import { orderDeployment } from '../../deployment/deploy-on-request.ts';

/** `/aic deploy` and `/aic retry`. */
export function prepareDeploy(context: CommandContext, command: Command, kind: 'deploy' | 'retry'): Prepared {
  const { on, asker, place, ports } = context;
  if (on !== undefined && on.state !== 'merged') return refuseOpen(context, command, kind);
  const branch = branchFor(context, command);
  if (!branch.ok) return answered(refusal(branch.failure));
  const order = {
    kind,
    pipelines: command.pipelines,
    force: command.words.has('force'),
    reason: command.options.reason,
    request: context.request,
    by: asker.username,
    byId: asker.id,
    deliveries: context.deliveries,
    place,
  };
  return {
    lane: laneOfBranch(ports.settings, context, branch.value),
    run: () => orderDeployment(context, branch.value, order),
  };
}

/** `/aic cancel`: not in the lane of the branch, where the deployment runs that it is about. */
export function prepareCancel(context: CommandContext, command: Command): Prepared {
  const { ports, project, asker } = context;
  const branch = branchFor(context, command);
  if (!branch.ok) return answered(refusal(branch.failure));
  return {
    lane: undefined,
    run: async () => {
      const key = { projectId: project.id, branch: branch.value };
      const cancelled = await ports.store.cancel(key, asker.username);
      const report =
        cancelled === undefined ? nothingRuns(branch.value) : isCancelled(branch.value, cancelled.id);
      return answer(report, cancelled !== undefined);
    },
  };
}

/** A deployment before the merge would put into the workspace what nobody merged; what merging would do is told instead. */
function refuseOpen(context: CommandContext, command: Command, kind: 'deploy' | 'retry'): Prepared {
  return {
    lane: undefined,
    run: async () => {
      const ended = await planThis(context, command.pipelines, false);
      if (ended.kind === 'stopped') return ended;
      const report: Report = {
        ...ended.report,
        mood: 'failed',
        outcome: [`Nothing was deployed: the merge request is not merged. `, ...ended.report.outcome],
        remedies: [
          phrase`${words(context.on?.state === 'closed' ? 'Reopen and merge it' : 'Merge it')}: what it changes is then deployed by itself. To ${words(kind)} what is merged already, write the command in an issue, with ${'branch='}.`,
        ],
      };
      return answer(report);
    },
  };
}

function nothingRuns(branch: string): Report {
  return refusal({
    what: phrase`Nothing was cancelled: no deployment of ${branch} is running.`,
    remedy: phrase`${`/aic status branch=${branch}`} tells how it stands.`,
  });
}

function isCancelled(branch: string, id: number): Report {
  return {
    mood: 'done',
    outcome: phrase`Deployment ${words(String(id))} of ${branch} begins nothing more; what is under way ends.`,
    table: undefined,
    remedies: [phrase`What was not begun waits for a merge into ${branch}, or for ${'/aic retry'}.`],
    facts: [],
  };
}
