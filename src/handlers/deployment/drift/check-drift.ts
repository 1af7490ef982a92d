import type { AuditEntry } from '../../../domain/audit/audit-log.ts';
import { laneOfBranch } from '../../../domain/jobs/lane.ts';
import { differencesBetween } from '../../../domain/pipeline/diff/diff-pipelines.ts';
import { driftMail, type Found } from '../../../domain/deployment/drift/drift-mail.ts';
import { newlyAhead, type Drift } from '../../../domain/deployment/drift/classify-drift.ts';
import type { Project } from '../../../domain/gitlab/project.ts';
import { laneOf, type CheckDriftJob, type JobOutcome } from '../../../domain/jobs/job.ts';
import { lookup, type WorkspaceTarget } from '../../../domain/mapping/mapping.ts';
import { withVariables } from '../../../domain/pipeline/workspace-variables.ts';
import { compared, createBreath } from '../../shared/yield-to-event-loop.ts';
import { lookAtDrift, type DriftLook } from './compare-workspace.ts';
import type { BranchPorts } from '../../shared/ports.ts';
import { readConfig } from '../read-versions.ts';
import { readMapping } from '../load-branch-view.ts';
import { keyOfWorkspace } from '../../shared/workspace-key.ts';

/**
 * Compares a workspace with its branch and remembers what it finds. What somebody changed by hand in AIC since the last look is mailed, once. Where AIC or
 * GitLab does not answer, a later sweep has it done again.
 */
export async function checkDrift(ports: BranchPorts, job: CheckDriftJob): Promise<JobOutcome> {
  const { gitlab, store, settings, clock, log } = ports;
  const { projectId, branch } = job;
  const project = await gitlab.project(projectId);
  if (!project.ok || !settings.serves(project.value.path)) return { kind: 'done' };
  const mapping = await readMapping(ports, project.value);
  if (!mapping.ok || !mapping.value.ok) return { kind: 'done' };
  const found = lookup(mapping.value.value, branch);
  if (found.rule !== 'exact') return { kind: 'done' };
  const lane = laneOfBranch(settings, { project: project.value, mapping: mapping.value.value }, branch);
  if (lane !== laneOf(job)) {
    await ports.jobs.add({ job: { ...job, lane }, dueAt: clock.now() });
    return { kind: 'done' };
  }
  const target = found.workspace;
  const looked = await lookAtDrift(ports, { project: project.value, branch, target });
  if (!looked.ok) {
    log.warn('drift not looked for', { branch, reason: looked.failure.kind });
    return { kind: 'done' };
  }
  const { drift } = looked.value;
  const workspace = keyOfWorkspace(ports, projectId, target);
  const news = newlyAhead(await store.drift(workspace), drift);
  const at = clock.now();
  const told = await Promise.all(
    news.map((one) => differencesOf(ports, project.value, target, looked.value, one)),
  );
  const mailTo = [...new Set([...settings.mailTo, ...target.notify])];
  const facts = { project: project.value, branch, workspace: target.name, found: told };
  const mails = told.length === 0 ? [] : driftMail(facts, at, { ...settings, mailTo });
  await store.saveDrift({
    workspace,
    branch: { projectId, branch },
    drift,
    agreed: looked.value.agreed,
    at,
    jobs: mails.map((mail) => ({ job: mail, dueAt: at })),
    audit: told.length === 0 ? [] : [auditOf(project.value, branch, target, told)],
  });
  log.info('drift looked for', { branch, pipelines: drift.length, news: news.length });
  return { kind: 'done' };
}

async function differencesOf(
  ports: BranchPorts,
  project: Project,
  target: WorkspaceTarget,
  { head, workspace, ids, files }: DriftLook,
  drift: Drift,
): Promise<Found> {
  const none: Found = { ...drift, differences: [] };
  const id = ids.get(drift.name);
  const [path] = files.get(drift.name)?.paths ?? [];
  if (id === undefined || path === undefined) return none;
  const [live, git] = [await workspace.read(id), await readConfig(ports, project.id, path, head)];
  if (!live.ok || !git.ok || git.value === undefined) return none;
  const comparison = differencesBetween(withVariables(git.value, target.variables), live.value);
  return { ...drift, differences: await compared(comparison, createBreath(ports.clock)) };
}

function auditOf(
  { id }: Project,
  branch: string,
  { name }: WorkspaceTarget,
  found: readonly Found[],
): AuditEntry {
  return {
    key: undefined,
    kind: 'drift',
    project: id,
    who: [],
    what: `changed by hand in ${name}`,
    where: branch,
    reason: undefined,
    result: 'mailed',
    items: found.map(({ name: pipeline, live, state }) => ({
      pipeline,
      before: undefined,
      after: live,
      result: state,
    })),
    deliveries: [],
  };
}
