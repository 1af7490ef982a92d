import { configPath } from '../../../domain/pipeline/config-path.ts';
import { differencesBetween } from '../../../domain/pipeline/diff/diff-pipelines.ts';
import { detailOf } from '../../../domain/pipeline/diff/format-differences.ts';
import { phrase } from '../../../domain/report/phrase.ts';
import { parseConfig } from '../../../domain/pipeline/config.ts';
import type { Snapshot } from '../../../domain/store/state.ts';
import { fingerprintOf } from '../../../domain/pipeline/fingerprint.ts';
import type { GitLabResult } from '../../../domain/gitlab/project.ts';
import { withVariables } from '../../../domain/pipeline/workspace-variables.ts';
import { laneOfBranch } from '../../../domain/jobs/lane.ts';
import { refusal } from '../../../domain/commands/refusals.ts';
import type { Command } from '../../../domain/commands/parse-command.ts';
import type { Deployment, Item } from '../../../domain/deployment/deployment.ts';
import type { DeploymentId } from '../../../domain/shared/ids.ts';
import { deploymentMarker, type DueJob } from '../../../domain/jobs/job.ts';
import { lookup, slugify, type WorkspaceTarget } from '../../../domain/mapping/mapping.ts';
import type { Place } from '../../../domain/gitlab/comment-location.ts';
import { deploymentMail } from '../../../domain/report/mail.ts';
import { toComment } from '../../../domain/report/markdown.ts';
import { planRollback } from '../../../domain/deployment/rollback/plan-rollback.ts';
import {
  explainRollbackRefusal,
  rollbackReport,
  type Revert,
  type RollbackRefusal,
} from '../../../domain/deployment/rollback/rollback-report.ts';
import type { Detail, Report } from '../../../domain/report/report.ts';
import { fail, ok, type Result } from '../../../domain/shared/result.ts';
import { claimWorkspace } from '../../shared/claim-workspace.ts';
import { compared, createBreath } from '../../shared/yield-to-event-loop.ts';
import { bringFromWorkspace } from '../../deployment/drift/open-workspace-merge-request.ts';
import {
  answer,
  answered,
  endedBy,
  type CommandContext,
  type Ended,
  type Prepared,
} from '../command-context.ts';
import { readConfig } from '../../deployment/read-versions.ts';
import { resumeFirst } from '../../deployment/resume-deployment.ts';
import { restoredIn, runRollback, type RolledBack } from '../../deployment/rollback/run-rollback.ts';
import { keyOfWorkspace } from '../../shared/workspace-key.ts';

type Subject = { readonly deployment: Deployment; readonly items: readonly Item[] };

/** `/aic rollback`. In the lane of the branch that the deployment was made from. */
export async function prepareRollback(context: CommandContext, command: Command): Promise<Prepared> {
  const subject = await subjectOf(context, command.options.deployment);
  if (!subject.ok) return answered(refuse(subject.failure));
  const { deployment } = subject.value;
  return {
    lane: laneOfBranch(context.ports.settings, context, deployment.branch),
    run: () => rollBack(context, command, subject.value),
  };
}

function refuse(reason: RollbackRefusal): Report {
  return refusal(explainRollbackRefusal(reason));
}

/** The deployment that is named, else the newest one of the merge request. */
async function subjectOf(
  { ports, project, on }: CommandContext,
  wanted: string | undefined,
): Promise<Result<Subject, RollbackRefusal>> {
  let id: DeploymentId | undefined;
  if (wanted !== undefined) {
    if (!/^\d{1,15}$/.test(wanted)) return fail({ kind: 'unknown', wanted });
    id = Number(wanted) as DeploymentId;
  } else {
    if (on === undefined) return fail({ kind: 'which' });
    if (on.state !== 'merged') return fail({ kind: 'not-merged' });
    const key = { projectId: project.id, branch: on.target };
    id = await ports.store.deploymentAt(key, { kind: 'merge-request', iid: on.iid });
  }
  const found = id === undefined ? undefined : await ports.store.deployment(id);
  // A deployment of another project is none that this one has.
  if (found?.deployment.projectId !== project.id)
    return fail(wanted === undefined ? { kind: 'no-deployment' } : { kind: 'unknown', wanted });
  return ok(found);
}

async function rollBack(context: CommandContext, command: Command, subject: Subject): Promise<Ended> {
  const { ports, project, mapping, request } = context;
  const { store } = ports;
  const { deployment } = subject;
  if (deployment.status === 'running') return answer(refuse({ kind: 'still-running' }));
  const found = lookup(mapping, deployment.branch);
  const target = found.rule === 'none' ? undefined : found.workspace;
  const workspaceKey = target === undefined ? undefined : keyOfWorkspace(ports, project.id, target);
  const isSame =
    workspaceKey?.workspace === deployment.workspace.workspace &&
    workspaceKey.aicProject === deployment.workspace.aicProject &&
    workspaceKey.environment === deployment.workspace.environment;
  if (target === undefined || workspaceKey === undefined || !isSame)
    return answer(refuse({ kind: 'no-workspace', branch: deployment.branch }));
  // This command's own rollback ended before, and only telling of it was cut off.
  const ended = await store.deploymentFor(request);
  if (ended !== undefined) return tell(context, subject, target, ended);
  const claimed = await claimWorkspace(ports, project, target);
  if (!claimed.ok) return endedBy(claimed.failure);
  const resumed = await resumeFirst(ports, { projectId: project.id, branch: deployment.branch });
  if (resumed.kind === 'stopped') return { kind: 'stopped' };
  if (resumed.kind === 'not-yet') return endedBy({ kind: 'upstream', failure: resumed.failure });
  const snapshots = await store.snapshots(deployment.id);
  const updated = subject.items.filter(({ state }) => state.kind === 'updated');
  const names = updated.map(({ pipeline }) => pipeline);
  const own = await store.unfinished(request);
  const later = await store.laterWrites(workspaceKey, deployment.id, names);
  const plan = planRollback({
    deployment: deployment.id,
    items: subject.items,
    kept: new Set(snapshots.map(({ pipeline }) => pipeline)),
    // What this rollback wrote before it was cut off is no later deployment.
    later: new Map(
      [...later].map(([name, writes]) => [name, writes.filter((one) => one.deployment !== own?.id)]),
    ),
    force: command.words.has('force'),
  });
  switch (plan.kind) {
    case 'nothing':
      return answer(refuse({ kind: 'nothing', deployment: deployment.id, created: plan.created }));
    case 'done-before': {
      const by = await store.deployment(plan.by);
      const reason: RollbackRefusal =
        by === undefined
          ? { kind: 'no-deployment' }
          : { kind: 'done-before', deployment: deployment.id, by: by.deployment };
      return answer(refuse(reason));
    }
    case 'items': {
      const ran = await runRollback(context, {
        subject: deployment,
        items: plan.items,
        snapshots,
        target,
        workspaceKey,
        force: command.words.has('force'),
        reason: command.options.reason,
        places: placesOf(context, deployment),
      });
      if (!ran.ok) return endedBy(ran.failure);
      return ran.value === 'stopped' ? { kind: 'stopped' } : tell(context, subject, target, ran.value);
    }
  }
}

/** Where it was asked for; and the merge requests whose deployment is undone, where it was asked for elsewhere. */
function placesOf({ place, on }: CommandContext, { places }: Deployment): readonly Place[] {
  const others = on === undefined ? places.filter(({ kind }) => kind === 'merge-request') : [];
  return [...(place === undefined ? [] : [place]), ...others];
}

/** Makes the branch follow by a merge request, and tells. */
async function tell(
  context: CommandContext,
  { deployment: subject }: Subject,
  target: WorkspaceTarget,
  done: RolledBack,
): Promise<Ended> {
  const { ports, project } = context;
  const revert = await revertOf(context, subject, target, done);
  if (revert === 'stopped') return { kind: 'stopped' };
  const { deployment, items } = done;
  const details = await detailsOf(
    await ports.store.snapshots(deployment.id),
    await ports.store.snapshots(subject.id),
    createBreath(ports.clock),
  );
  const report = rollbackReport({ project, deployment, items }, { subject, revert, details });
  const dueAt = ports.clock.now();
  const comments = deployment.places.map((place): DueJob => ({
    job: {
      kind: 'comment',
      projectId: project.id,
      place,
      marker: deploymentMarker(deployment.id),
      body: toComment(report),
    },
    dueAt,
  }));
  const mailTo = [...new Set([...ports.settings.mailTo, ...target.notify])];
  const mails = deploymentMail(
    `deployment-${deployment.id}-${deployment.finishedAt ?? 0}`,
    subject.branch,
    report,
    {
      ...ports.settings,
      mailTo,
    },
  ).map((job): DueJob => ({ job, dueAt }));
  const isDone = deployment.status === 'succeeded' || deployment.status === 'unchanged';
  return { kind: 'told', done: isDone, report, jobs: [...comments, ...mails] };
}

async function revertOf(
  context: CommandContext,
  subject: Deployment,
  target: WorkspaceTarget,
  { deployment, items }: RolledBack,
): Promise<Revert | 'stopped'> {
  const { store } = context.ports;
  const behind = await notInGit(context, subject.branch, target, restoredIn(items));
  if (!behind.ok) return behind.failure.reason === 'stopped' ? 'stopped' : { kind: 'failed' };
  const pipelines = behind.value;
  if (pipelines.length === 0) {
    await store.endHolds(deployment.id);
    return { kind: 'nothing' };
  }
  const brought = await bringFromWorkspace(context, {
    workspace: target,
    pipelines,
    into: subject.branch,
    branch: `revert/${slugify(subject.branch)}-deployment-${subject.id}-by-${deployment.id}`,
    title: `Revert deployment ${subject.id}`,
    why: `deployment ${subject.id} was rolled back by deployment ${deployment.id}`,
  });
  switch (brought.kind) {
    case 'opened':
      await store.saveHoldRequest(deployment.id, brought.request.iid);
      return { kind: 'opened', request: brought.request };
    case 'nothing':
      await store.endHolds(deployment.id);
      return { kind: 'nothing' };
    case 'stopped':
      return 'stopped';
    case 'answered':
    case 'told':
      return { kind: 'failed' };
  }
}

/** What went back in each pipeline: from what the rollback overwrote to what its subject had overwritten. */
async function detailsOf(
  before: readonly Snapshot[],
  after: readonly Snapshot[],
  breathe: () => Promise<void>,
): Promise<readonly Detail[]> {
  const restored = new Map(after.map(({ pipeline, config }) => [pipeline, config]));
  const byName = before.toSorted((one, other) => (one.pipeline < other.pipeline ? -1 : 1));
  const details: Detail[] = [];
  for (const { pipeline, config } of byName) {
    const [old, now] = [parseConfig(config), parseConfig(restored.get(pipeline) ?? '')];
    if (!old.ok || !now.ok) continue;
    details.push(
      detailOf(phrase`${pipeline}`, await compared(differencesBetween(old.value, now.value), breathe)),
    );
  }
  return details;
}

/** Those of the pipelines whose configs on the branch are not what the workspace holds again. */
async function notInGit(
  { ports, project }: CommandContext,
  branch: string,
  target: WorkspaceTarget,
  pipelines: readonly string[],
): Promise<GitLabResult<readonly string[]>> {
  const head = await ports.gitlab.head(project.id, branch);
  if (!head.ok) return head;
  const workspaceKey = keyOfWorkspace(ports, project.id, target);
  const baselines = await ports.store.baselines(workspaceKey, pipelines);
  const behind: string[] = [];
  if (head.value === undefined) return ok(behind);
  for (const pipeline of pipelines) {
    const content = await readConfig(ports, project.id, configPath(pipeline), head.value);
    if (!content.ok && content.failure.kind === 'upstream') return fail(content.failure.failure);
    const git = content.ok ? content.value : undefined;
    const print = git === undefined ? undefined : await fingerprintOf(withVariables(git, target.variables));
    if (print !== baselines.get(pipeline)?.fingerprint) behind.push(pipeline);
  }
  return ok(behind);
}
