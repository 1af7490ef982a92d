import { refusal, unknownPipelines } from '../../../domain/commands/refusals.ts';
import type { Command } from '../../../domain/commands/parse-command.ts';
import { lookup } from '../../../domain/mapping/mapping.ts';
import {
  mergePlanReport,
  noPlanReport,
  type ShowablePlan,
} from '../../../domain/deployment/plan/merge-plan-report.ts';
import { decideOrder } from '../../../domain/deployment/deploy-request.ts';
import { unknownNames } from '../../../domain/shared/suggest-names.ts';
import { phrase, words } from '../../../domain/report/phrase.ts';
import { planReport } from '../../../domain/deployment/plan/deployment-plan-report.ts';
import { mappingRefusal } from '../../../domain/deployment/reports/merge-refused-report.ts';
import type { Report } from '../../../domain/report/report.ts';
import { ok } from '../../../domain/shared/result.ts';
import { branchFor } from '../command-target.ts';
import {
  answer,
  answered,
  endedBy,
  type CommandContext,
  type Ended,
  type Prepared,
} from '../command-context.ts';
import { makePlan } from '../../deployment/plan/compute-plan.ts';
import { scopeOf } from '../../deployment/deploy-on-request.ts';
import { planMerge } from '../../deployment/plan/compute-merge-plan.ts';
import { showPlan } from '../../deployment/plan/update-merge-plan.ts';
import { viewForOrder } from '../../deployment/load-branch-view.ts';

/** `/aic plan`: what merging would deploy, or what a deployment would do now. */
export function preparePlan(context: CommandContext, command: Command): Prepared {
  const { on } = context;
  const isMergeRequest = on !== undefined && on.state !== 'merged' && command.options.branch === undefined;
  if (isMergeRequest) return { lane: undefined, run: () => planThis(context, command.pipelines) };
  const branch = branchFor(context, command);
  if (!branch.ok) return answered(refusal(branch.failure));
  return { lane: undefined, run: () => planNow(context, branch.value, command.pipelines) };
}

/**
 * What merging the merge request would deploy.
 * @param isShown whether the merge request shows this plan from now on, also as its commit status
 */
export async function planThis(
  context: CommandContext,
  pipelines: readonly string[],
  isShown = pipelines.length === 0,
): Promise<Ended> {
  const { ports, project, mapping, on: request } = context;
  if (request?.head === undefined || request.state !== 'opened') return answer(notReady());
  const planned = await planMerge(ports, { project, mapping: ok(mapping), request, pipelines });
  if (!planned.ok) return endedBy({ kind: 'upstream', failure: planned.failure });
  switch (planned.value.kind) {
    case 'not-ready':
      return answer(notReady());
    case 'unmapped':
      return answer(noPlanReport(request.target));
    case 'plan':
    case 'no-mapping':
    case 'mends-mapping':
    case 'rules': {
      const unknown = unknownNames(pipelines, namesIn(planned.value));
      if (unknown.length > 0) return answer(unknownPipelines(unknown, words('the merge request')));
      if (isShown) {
        const shown = await ports.store.shownPlan(project.id, request.iid);
        await showPlan(ports, { project, request, shown, planned: planned.value });
      }
      return answer(mergePlanReport(planned.value), true);
    }
  }
}

function namesIn(planned: ShowablePlan): readonly string[] {
  if (planned.kind !== 'plan') return [];
  const { items, codeOnly } = planned.plan;
  return [...items.map(({ step }) => step.name), ...codeOnly.map(({ name }) => name)];
}

async function planNow(
  context: CommandContext,
  branch: string,
  pipelines: readonly string[],
): Promise<Ended> {
  const { ports, project, mapping, asker } = context;
  const looked = await viewForOrder(ports, { projectId: project.id, branch });
  if (!looked.ok) return endedBy({ kind: 'upstream', failure: looked.failure });
  if (looked.value.kind === 'nothing') return answer(noWorkspace(branch));
  const { view } = looked.value;
  if (!view.mapping.ok) return answer(mappingRefusal(view.mapping.failure));
  const settings = {
    force: false,
    reason: undefined,
    request: context.request,
    by: asker.username,
    byId: asker.id,
    deliveries: context.deliveries,
    place: undefined,
  };
  const order = { ...settings, kind: 'deploy', pipelines } as const;
  const scope = await scopeOf(context, { order, branch, head: view.head });
  if (!scope.ok) return endedBy({ kind: 'upstream', failure: scope.failure });
  const decision = decideOrder(view, order, scope.value);
  const found = lookup(mapping, branch);
  if (decision === undefined || found.rule === 'none') return answer(noWorkspace(branch));
  if (decision.kind === 'unknown') return answer(unknownPipelines(decision.unknown, phrase`${branch}`));
  const plan = await makePlan(ports, {
    verb: 'Deploying',
    project,
    branch,
    workspace: found.workspace,
    candidates: decision.kind === 'deploy' ? decision.candidates : [],
    at: view.head,
    from: view.from,
    own: undefined,
    mapping: 'same',
    isInConflict: false,
  });
  if (!plan.ok) return endedBy({ kind: 'upstream', failure: plan.failure });
  return answer(planReport(plan.value), true);
}

function notReady(): Report {
  return refusal({
    what: words(
      'Nothing was planned: the merge request is closed, or GitLab does not know yet what it changes.',
    ),
    remedy: words('Write the command again in a minute, or reopen the merge request first.'),
  });
}

function noWorkspace(branch: string): Report {
  return refusal({
    what: phrase`Nothing was planned: ${branch} does not exist, or has no workspace.`,
    remedy: phrase`Check the name of the branch, and its entry under ${'mapping:'} in ${'branch_to_workspace.yaml'}.`,
  });
}
