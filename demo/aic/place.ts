import type { Job, Project, Workspace } from './catalog.ts';
import { refusal } from './refusal.ts';

export const base = '/apis/core/v1';
export const workspacePath = `${base}/projects/:project/workspaces/:workspace` as const;

/** Where a call is about. */
export interface Place {
  readonly project: Project;
  readonly workspace: Workspace;
}

/** The workspace of these ids, or the answer that there is none. */
export function placeOf(
  projects: readonly Project[],
  ids: { readonly project: string; readonly workspace: string },
): Place | Response {
  const project = byId(projects, ids.project);
  if (project === undefined) return refusal(404, 'Project not found');
  const workspace = byId(project.workspaces, ids.workspace);
  return workspace === undefined ? refusal(404, 'Workspace not found') : { project, workspace };
}

/** The job of these ids, or the answer that there is none. */
export function jobOf(
  projects: readonly Project[],
  ids: { readonly project: string; readonly workspace: string; readonly job: string },
): Job | Response {
  const place = placeOf(projects, ids);
  if (place instanceof Response) return place;
  return place.workspace.jobs.get(ids.job) ?? refusal(404, 'Job not found');
}

export function byId<Entry extends { readonly id: string }>(
  entries: readonly Entry[],
  id: string,
): Entry | undefined {
  return entries.find((entry) => entry.id === id);
}
