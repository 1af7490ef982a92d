import type { WorkspaceTarget } from '../../../domain/mapping/mapping.ts';
import { deploymentAudit } from '../../../domain/audit/deployment-entry.ts';
import {
  outcomeOf,
  statusOf,
  type Deployment,
  type EndedDeployment,
  type EndedItem,
  type Item,
} from '../../../domain/deployment/deployment.ts';
import { fingerprintOf } from '../../../domain/pipeline/fingerprint.ts';
import type { GitLabResult } from '../../../domain/gitlab/project.ts';
import type { CommitSha } from '../../../domain/shared/ids.ts';
import { parseConfig } from '../../../domain/pipeline/config.ts';
import type { Place } from '../../../domain/gitlab/comment-location.ts';
import { planStep, type Step } from '../../../domain/deployment/plan/plan-step.ts';
import type { Reason } from '../../../domain/report/reason.ts';
import { fail, ok, type Result } from '../../../domain/shared/result.ts';
import type { RollbackItem } from '../../../domain/deployment/rollback/plan-rollback.ts';
import type { Snapshot, WorkspaceKey } from '../../../domain/store/state.ts';
import { carryOutPlan } from '../execute-plan.ts';
import type { CommandContext } from '../../commands/command-context.ts';
import { startProgress } from '../progress-comment.ts';
import { readLiveVersions } from '../read-versions.ts';
import { recordJob } from '../run-deployment.ts';

export interface RollbackWish {
  /** The deployment to undo. */
  readonly subject: Deployment;
  readonly items: readonly RollbackItem[];
  readonly snapshots: readonly Snapshot[];
  readonly target: WorkspaceTarget;
  readonly workspaceKey: WorkspaceKey;
  readonly force: boolean;
  readonly reason: string | undefined;
  readonly places: readonly Place[];
}

export interface RolledBack {
  readonly deployment: Deployment;
  readonly items: readonly Item[];
}

/**
 * Brings pipelines back to what a deployment overwrote, by the rules of any deployment: what somebody changed by hand since is blocked unless that is
 * overridden, what is overwritten is kept, each step is written down before and after. It is a deployment of its own; cut off, it is taken up under the same
 * number. The restored pipelines are held back from then on.
 */
export async function runRollback(
  context: CommandContext,
  wish: RollbackWish,
): Promise<Result<RolledBack | 'stopped', Reason>> {
  const { ports, project, asker, request } = context;
  const { subject, target, workspaceKey } = wish;
  const { store, clock, log } = ports;
  const key = { projectId: project.id, branch: subject.branch };
  const known = await store.unfinished(request);
  const earlier = known === undefined ? undefined : await store.deployment(known.id);
  const head = earlier === undefined ? await headBefore(context, subject) : ok(earlier.deployment.head);
  if (!head.ok) return fail({ kind: 'upstream', failure: head.failure });
  const deployment = await store.begin({
    id: known?.id,
    key,
    workspace: workspaceKey,
    head: head.value,
    places: wish.places,
    by: asker.username,
    reason: wish.reason,
    request,
    rollsBack: subject.id,
    startedAt: clock.now(),
  });
  if (known === undefined) await ports.jobs.add(recordJob(ports, deployment));
  const bound = { ...ports, log: log.with({ deployment: deployment.id }) };
  const progress = startProgress(bound, project, deployment, known === undefined);
  const names = wish.items.filter(({ kind }) => kind === 'restore').map(({ pipeline }) => pipeline);
  const live = await readLiveVersions(bound, { project, target }, names);
  if (live === 'stopped') {
    await progress.ended();
    return ok('stopped');
  }
  const baselines = await store.baselines(workspaceKey, names);
  const snapshots = new Map(wish.snapshots.map((snapshot) => [snapshot.pipeline, snapshot]));
  const steps: Step[] = [];
  for (const item of wish.items) {
    const snapshot = snapshots.get(item.pipeline);
    const versions = live.versions.get(item.pipeline);
    if (item.kind !== 'restore' || snapshot === undefined || versions === undefined) {
      steps.push(stepWithout(item));
      continue;
    }
    const content = parseConfig(snapshot.config);
    if (!content.ok) {
      steps.push({ kind: 'failed', name: item.pipeline, reason: { kind: 'no-snapshot' } });
      continue;
    }
    const version = { content: content.value, fingerprint: await fingerprintOf(content.value) };
    const base = baselines.get(item.pipeline)?.fingerprint;
    steps.push(
      planStep(
        {
          name: item.pipeline,
          desired: { kind: 'config', version },
          live: versions,
          base: base === undefined ? [] : [base],
        },
        wish.force ? 'overwrite' : target.drift,
      ),
    );
  }
  const before = earlier?.items ?? [];
  const { workspace } = live;
  const items = await carryOutPlan(bound, { deployment, steps, before, workspace, workspaceKey, progress });
  if (items === 'stopped') return ok('stopped');
  return ok({ deployment: await close(context, wish, deployment, items), items });
}

function stepWithout(item: RollbackItem): Step {
  const { pipeline: name } = item;
  switch (item.kind) {
    case 'left':
      return { kind: 'left', name };
    case 'deployed-since':
      return { kind: 'blocked', name, reason: { kind: 'deployed-since', by: item.by } };
    case 'no-snapshot':
    case 'restore':
      return { kind: 'failed', name, reason: { kind: 'no-snapshot' } };
  }
}

/** The commit that the workspace goes back to: that of the deployment before, else the parent of the one that is undone. */
async function headBefore(
  { ports, project }: CommandContext,
  subject: Deployment,
): Promise<GitLabResult<CommitSha>> {
  const key = { projectId: project.id, branch: subject.branch };
  const before = (await ports.store.history(key, undefined, 50)).find(
    ({ deployment }) => deployment.id < subject.id && deployment.rollsBack === undefined,
  );
  if (before !== undefined) return ok(before.deployment.head);
  const parent = await ports.gitlab.firstParent(project.id, subject.head);
  return parent.ok ? ok(parent.value ?? subject.head) : parent;
}

async function close(
  { ports, project, asker, deliveries }: CommandContext,
  { subject, workspaceKey }: RollbackWish,
  deployment: Deployment,
  items: readonly EndedItem[],
): Promise<EndedDeployment> {
  const { store, clock } = ports;
  const key = { projectId: project.id, branch: subject.branch };
  const finishedAt = clock.now();
  const status = statusOf(items);
  const ended: EndedDeployment = { ...deployment, status, finishedAt };
  const restored = restoredIn(items);
  const baselines = await store.baselines(workspaceKey, restored);
  await store.close({
    key,
    deliveries: [],
    state: undefined,
    deployment: {
      id: deployment.id,
      items,
      finishedAt,
      told: await outcomeOf(items),
      pending: await store.pending(key),
      holds: restored.map((pipeline) => ({ pipeline, deployment: deployment.id, request: undefined })),
    },
    jobs: [recordJob(ports, ended)],
    audit: deploymentAudit({
      deployment: ended,
      items,
      who: [{ id: asker.id, name: asker.username }],
      before: await store.overwritten(deployment.id),
      after: new Map([...baselines].map(([name, { fingerprint }]) => [name, fingerprint])),
      deliveries,
    }),
  });
  ports.log.info('rolled back', { deployment: deployment.id, subject: subject.id, status });
  return ended;
}

/** The pipelines that hold what they held before, now or already. */
export function restoredIn(items: readonly Item[]): readonly string[] {
  return items
    .filter(({ state }) => ['created', 'updated', 'unchanged'].includes(state.kind))
    .map(({ pipeline }) => pipeline);
}
