import { refusal, unknownPipelines } from '../../domain/commands/refusals.ts';
import { reportOn, type DeploymentFacts } from '../../domain/deployment/reports/deployment-report.ts';
import { standstillRefusal, heldRefusal } from '../../domain/deployment/gate/gate-report.ts';
import type { GitLabResult } from '../../domain/gitlab/project.ts';
import type { CommitSha } from '../../domain/shared/ids.ts';
import type { BranchView } from '../../domain/deployment/decide-deployment.ts';
import {
  decideOrder,
  isAboutAll,
  type Order,
  type OrderDecision,
  type OrderScope,
} from '../../domain/deployment/deploy-request.ts';
import { lookup } from '../../domain/mapping/mapping.ts';
import { phrase, words } from '../../domain/report/phrase.ts';
import { mappingRefusal } from '../../domain/deployment/reports/merge-refused-report.ts';
import type { Report } from '../../domain/report/report.ts';
import { ok } from '../../domain/shared/result.ts';
import { checkGate } from './gate/check-gate.ts';
import { broughtChanges } from './merged-changes.ts';
import { answer, endedBy, type CommandContext, type Ended } from '../commands/command-context.ts';
import { isAllToWrite } from './gate/hold-deployment.ts';
import { resume } from './resume-deployment.ts';
import { runDeployment } from './run-deployment.ts';
import { sortCandidates, type Sorted } from './gate/sort-candidates.ts';
import { viewForOrder } from './load-branch-view.ts';

/** Deploys a branch because somebody ordered it. Its comment is the answer. */
export async function orderDeployment(context: CommandContext, branch: string, order: Order): Promise<Ended> {
  const { ports, project } = context;
  const earlier = await ports.store.deploymentFor(order.request);
  if (earlier !== undefined) return told(context, earlier);
  const looked = await viewForOrder(ports, { projectId: project.id, branch });
  if (!looked.ok) return endedBy({ kind: 'upstream', failure: looked.failure });
  if (looked.value.kind === 'nothing') return answer(nothing(branch, looked.value.why));
  const resumed = await resume(ports, looked.value.view);
  if (resumed.kind === 'stopped') return { kind: 'stopped' };
  if (resumed.kind === 'not-yet') return endedBy({ kind: 'upstream', failure: resumed.failure });
  // It may have been this order's own; else the branch is looked at again, as it stands after that.
  if (resumed.kind === 'ended') return orderDeployment(context, branch, order);
  const { view } = looked.value;
  if (!view.mapping.ok) return answer(mappingRefusal(view.mapping.failure));
  const scope = await scopeOf(context, { order, branch, head: view.head });
  if (!scope.ok) return endedBy({ kind: 'upstream', failure: scope.failure });
  const decision = decideOrder(view, order, scope.value);
  switch (decision?.kind) {
    case undefined:
      return answer(nothing(branch, 'the mapping file gives the branch no workspace'));
    case 'unknown':
      return answer(unknownPipelines(decision.unknown, phrase`${branch}`));
    case 'nothing':
      return answer(upToDate(branch, order), true);
    case 'deploy': {
      const isUnreviewed =
        decision.target.require.length > 0 && lookup(context.mapping, branch).rule === 'built-in';
      if (isUnreviewed && !order.force) return answer(unreviewed(branch, decision.target.name));
      const gate = order.force
        ? await forced(context, view, order, decision)
        : await sortCandidates(ports, view, decision.target, decision.candidates);
      if (!gate.ok) return endedBy({ kind: 'upstream', failure: gate.failure });
      if (gate.value.kind !== 'sorted') return answer(refusal(standstillRefusal(gate.value, branch, order)));
      const { open, held, requests } = gate.value;
      const run = { view, decision, requests, held, left: decision.left, alsoJobs: [], order };
      if (open.length === 0 && (await isAllToWrite(ports, run)))
        return answer(refusal(heldRefusal(held, branch, order)));
      const ran = await runDeployment(ports, run);
      if (ran.kind === 'stopped') return ran;
      if (ran.kind === 'not-yet') return endedBy({ kind: 'upstream', failure: ran.failure });
      return told(context, ran);
    }
  }
}

/** Force opens the gate for what is ordered, and with a reason also in a freeze. */
async function forced(
  { ports, project }: CommandContext,
  view: BranchView,
  { reason }: Order,
  { target, candidates }: Extract<OrderDecision, { kind: 'deploy' }>,
): Promise<GitLabResult<Sorted>> {
  const gate =
    reason === undefined ? await checkGate(ports, project.id, target, []) : ok({ kind: 'open' } as const);
  if (!gate.ok) return gate;
  if (gate.value.kind === 'frozen' || gate.value.kind === 'unclear') return ok(gate.value);
  return ok({ kind: 'sorted', open: candidates, held: [], requests: view.mergeRequests, lacking: [] });
}

/** The order's deployment ended, now or before this run of the command was cut off. */
function told({ project }: CommandContext, ran: Omit<DeploymentFacts, 'project'>): Ended {
  const { status } = ran.deployment;
  const done = status === 'succeeded' || status === 'unchanged';
  return { kind: 'told', done, report: reportOn({ project, ...ran }) };
}

/** What an order is about besides what changed: the pipelines that its merge request brought to it, or all that the branch has. */
export async function scopeOf(
  { ports, project, on }: CommandContext,
  { order, branch, head }: { readonly order: Order; readonly branch: string; readonly head: CommitSha },
): Promise<GitLabResult<OrderScope>> {
  if (order.kind === 'retry') return ok({ own: [], all: [] });
  if (isAboutAll(order)) {
    const files = await ports.gitlab.files(project.id, head, ['config']);
    return files.ok ? ok({ own: [], all: [...files.value.keys()] }) : files;
  }
  if (on?.state !== 'merged' || on.target !== branch) return ok({ own: [], all: [] });
  const brought = await broughtChanges(ports, project.id, on, ['config']);
  return brought.ok ? ok({ own: brought.value?.paths ?? [], all: [] }) : brought;
}

function unreviewed(branch: string, workspace: string): Report {
  return refusal({
    what: phrase`Nothing was deployed from ${branch}: the mapping file requires a review for ${workspace}, and this branch is deployed without one.`,
    remedy: phrase`Merge it, which deploys it once it is reviewed. If it must not wait, add ${'force'} and a reason.`,
  });
}

function nothing(branch: string, why: string): Report {
  return refusal({
    what: phrase`Nothing was deployed from ${branch}: ${words(why)}.`,
    remedy: phrase`Check the name of the branch, and its entry under ${'mapping:'} in ${'branch_to_workspace.yaml'}.`,
  });
}

function upToDate(branch: string, order: Order): Report {
  return {
    mood: 'done',
    outcome:
      order.kind === 'retry'
        ? phrase`Nothing is pending on ${branch}.`
        : phrase`Nothing on ${branch} waits to be deployed.`,
    table: undefined,
    remedies: [
      phrase`To look at a pipeline all the same, name it: ${'/aic deploy PIPELINE'}. To write every pipeline again, add ${'force'}.`,
    ],
    facts: [],
  };
}
