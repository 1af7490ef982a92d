import { failure, refusal, unknownPipelines } from '../domain/command-answer.ts';
import { reportOn } from '../domain/deployment-report.ts';
import type { GitLabResult, MergeRequest } from '../domain/gitlab.ts';
import type { CommitSha } from '../domain/ids.ts';
import { decideOrder, isAboutAll, type Order, type OrderScope } from '../domain/order.ts';
import { phrase, words } from '../domain/phrase.ts';
import type { Report } from '../domain/report.ts';
import { ok } from '../domain/result.ts';
import type { CommandContext, Ended } from './command-context.ts';
import { commitOf } from './find-range.ts';
import { runDeployment } from './run-deployment.ts';
import { viewBranch } from './view-branch.ts';

/** Deploys a branch because somebody ordered it. Its comment is the answer. */
export async function orderDeployment(context: CommandContext, branch: string, order: Order): Promise<Ended> {
  const { ports, project } = context;
  const looked = await viewBranch(ports, { projectId: project.id, branch }, true);
  if (!looked.ok) return answer(failure({ kind: 'upstream', failure: looked.failure }));
  if (looked.value.kind === 'nothing') return answer(nothing(branch, looked.value.why));
  const { view } = looked.value;
  const scope = await scopeOf(context, { order, head: view.head });
  if (!scope.ok) return answer(failure({ kind: 'upstream', failure: scope.failure }));
  const decision = decideOrder(view, order, scope.value);
  switch (decision?.kind) {
    case undefined:
      return answer(nothing(branch, 'the mapping file gives the branch no workspace'));
    case 'unknown':
      return answer(unknownPipelines(decision.unknown, phrase`${branch}`));
    case 'nothing':
      return answer(upToDate(branch, order), true);
    case 'deploy': {
      const ran = await runDeployment(ports, { view, decision, alsoJobs: [], order });
      if (ran.kind === 'stopped') return ran;
      const { deployment, items } = ran;
      return {
        kind: 'told',
        done: deployment.status === 'succeeded' || deployment.status === 'unchanged',
        report: reportOn({ project, deployment, items }),
      };
    }
  }
}

function answer(report: Report, done = false): Ended {
  return { kind: 'answered', done, report };
}

/** What an order is about besides what changed: its merge request's own pipelines, or all that the branch has. */
export async function scopeOf(
  { ports, project, on }: CommandContext,
  { order, head }: { readonly order: Order; readonly head: CommitSha },
): Promise<GitLabResult<OrderScope>> {
  if (order.kind === 'retry') return ok({ own: [], all: [] });
  if (isAboutAll(order)) {
    const files = await ports.gitlab.files(project.id, head, ['config']);
    return files.ok ? ok({ own: [], all: [...files.value.keys()] }) : files;
  }
  const own = on?.state === 'merged' ? await broughtPaths({ ports, project }, on) : ok([]);
  return own.ok ? ok({ own: own.value, all: [] }) : own;
}

/** The paths that a merged merge request changed on its target branch; none where GitLab does not tell. */
async function broughtPaths(
  { ports, project }: Pick<CommandContext, 'ports' | 'project'>,
  request: MergeRequest,
): Promise<GitLabResult<readonly string[]>> {
  const made = commitOf(request);
  const after = made ?? request.head;
  if (after === undefined) return ok([]);
  const before = made === undefined ? ok(request.base) : await ports.gitlab.firstParent(project.id, made);
  if (!before.ok) return before;
  if (before.value === undefined) return ok([]);
  const changes = await ports.gitlab.changes(project.id, before.value, after, ['config']);
  return changes.ok ? ok(changes.value?.paths ?? []) : changes;
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
