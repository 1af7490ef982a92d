import { nameOf } from '../../domain/jobs/lane.ts';
import { claim, type ClaimedWorkspace } from '../../domain/mapping/claims.ts';
import { entriesFor } from '../../domain/mapping/explain-unclaimed.ts';
import type { Project } from '../../domain/gitlab/project.ts';
import type { WorkspaceTarget } from '../../domain/mapping/mapping.ts';
import type { Reason } from '../../domain/report/reason.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';
import { sha256Hex } from '../../domain/shared/sha256.ts';
import type { BranchPorts } from './ports.ts';

export type NoClaim = Extract<Reason, { kind: 'no-aic-project' | 'unclaimed' }>;

/**
 * The project's claim to a workspace, without which AIC is not asked for it. The operator is told of a refusal: once for each project and
 * workspace, and again when the grants of the project have changed and still do not cover it.
 */
export async function claimWorkspace(
  { settings, store, clock, log }: Pick<BranchPorts, 'settings' | 'store' | 'clock' | 'log'>,
  project: Project,
  target: WorkspaceTarget,
): Promise<Result<ClaimedWorkspace, NoClaim>> {
  const name = nameOf(settings, target);
  if (name.aicProject === '') return fail({ kind: 'no-aic-project' });
  const claimed = claim(settings.claims, project, name);
  if (claimed !== undefined) return ok(claimed);
  log.warn('workspace refused', { project: project.path, workspace: name.workspace });
  const { aicProject, workspace } = name;
  const grants = settings.claims.of(project.path);
  const state = await sha256Hex(JSON.stringify([project.path, aicProject, workspace, grants]));
  const entries = entriesFor(settings.claims, project.path, [name]);
  const alert = { about: 'unclaimed', projectPath: project.path, aicProject, workspace, entries } as const;
  await store.giveNotice(`unclaimed-${project.id}-${state.slice(0, 32)}`, [
    { job: { kind: 'alert', alert }, dueAt: clock.now() },
  ]);
  return fail({ kind: 'unclaimed', workspace });
}
