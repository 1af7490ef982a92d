import { refusal, unknownPipelines } from '../domain/command-answer.ts';
import { candidatesIn, type Candidate } from '../domain/branch-view.ts';
import type { Command } from '../domain/command.ts';
import type { CommitSha } from '../domain/ids.ts';
import { lookup } from '../domain/mapping.ts';
import { decideOrder, unknownNames } from '../domain/order.ts';
import { phrase, words } from '../domain/phrase.ts';
import { planReport } from '../domain/plan-report.ts';
import { planStep } from '../domain/plan.ts';
import type { Report } from '../domain/report.ts';
import { branchFor } from './command-branch.ts';
import {
  answer,
  answered,
  endedBy,
  type CommandContext,
  type Ended,
  type Prepared,
} from './command-context.ts';
import { scopeOf } from './order-deployment.ts';
import { readVersions } from './read-versions.ts';
import { viewBranch } from './view-branch.ts';
import { keyOfWorkspace } from './workspace-key.ts';

/** `/aic plan`: what merging would deploy, or what a deployment would do now. */
export function preparePlan(context: CommandContext, command: Command): Prepared {
  const { on } = context;
  const isMergeRequest = on !== undefined && on.state !== 'merged' && command.options.branch === undefined;
  if (isMergeRequest) return { lane: undefined, run: () => planMerge(context, command.pipelines) };
  const branch = branchFor(context, command);
  if (!branch.ok) return answered(refusal(branch.failure));
  return { lane: undefined, run: () => planNow(context, branch.value, command.pipelines) };
}

/** What merging the merge request would deploy of its own changes. */
export async function planMerge(context: CommandContext, pipelines: readonly string[]): Promise<Ended> {
  const { ports, project, on } = context;
  if (on?.head === undefined || on.base === undefined) {
    return answer(
      refusal({
        what: words('Nothing was planned: GitLab does not know yet what the merge request changes.'),
        remedy: words('Write the command again in a minute.'),
      }),
    );
  }
  const changes = await ports.gitlab.changes(project.id, on.base, on.head, ['config']);
  if (!changes.ok) return endedBy({ kind: 'upstream', failure: changes.failure });
  const all = candidatesIn(changes.value?.paths ?? []);
  const unknown = unknownNames(
    pipelines,
    all.map(({ name }) => name),
  );
  if (unknown.length > 0) return answer(unknownPipelines(unknown, words('the merge request')));
  const candidates = pipelines.length === 0 ? all : all.filter(({ name }) => pipelines.includes(name));
  const state = await ports.store.branch({ projectId: project.id, branch: on.target });
  const from = state?.deployed ?? on.base;
  return plan(context, { branch: on.target, candidates, at: on.head, from, verb: 'Merging' });
}

async function planNow(
  context: CommandContext,
  branch: string,
  pipelines: readonly string[],
): Promise<Ended> {
  const { ports, project, asker } = context;
  const looked = await viewBranch(ports, { projectId: project.id, branch }, true);
  if (!looked.ok) return endedBy({ kind: 'upstream', failure: looked.failure });
  if (looked.value.kind === 'nothing') return answer(noWorkspace(branch));
  const { view } = looked.value;
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
  switch (decision?.kind) {
    case undefined:
      return answer(noWorkspace(branch));
    case 'unknown':
      return answer(unknownPipelines(decision.unknown, phrase`${branch}`));
    case 'nothing':
    case 'deploy': {
      const candidates = decision.kind === 'deploy' ? decision.candidates : [];
      return plan(context, { branch, candidates, at: view.head, from: view.from, verb: 'Deploying' });
    }
  }
}

async function plan(
  { ports, project, mapping }: CommandContext,
  wish: {
    readonly branch: string;
    readonly candidates: readonly Candidate[];
    readonly at: CommitSha;
    readonly from: CommitSha;
    readonly verb: 'Merging' | 'Deploying';
  },
): Promise<Ended> {
  const { branch, candidates, at, from, verb } = wish;
  const found = lookup(mapping, branch);
  if (found.rule === 'none') return answer(noWorkspace(branch));
  const target = found.workspace;
  const workspaceKey = keyOfWorkspace(ports, project.id, target);
  const read = await readVersions(ports, {
    projectId: project.id,
    candidates,
    at,
    from,
    target,
    workspaceKey,
  });
  if (read === 'stopped') return { kind: 'stopped' };
  const steps = read.versions.map((versions) => planStep(versions, target.drift));
  return answer(planReport({ verb, project, branch, at, workspace: target, steps }), true);
}

function noWorkspace(branch: string): Report {
  return refusal({
    what: phrase`Nothing was planned: ${branch} does not exist, or has no workspace.`,
    remedy: phrase`Check the name of the branch, and its entry under ${'mapping:'} in ${'branch_to_workspace.yaml'}.`,
  });
}
