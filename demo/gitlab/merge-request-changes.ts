import { mergeBase } from './commits.ts';
import type { Instance } from './instance.ts';
import { diffOf, type MergeRequest } from './merge-request.ts';
import { notifyMergeRequest, type MergeRequestEvent } from './merge-request-event.ts';
import { addSystemNote } from './note.ts';
import type { Noteable } from './noteable.ts';
import type { Project } from './project.ts';
import type { User } from './users.ts';

/** Closes or opens again; false when it is so already or was merged. Only merge requests send a webhook. */
export function setState(
  instance: Instance,
  project: Project,
  noteable: Noteable,
  user: User,
  state: 'opened' | 'closed',
): boolean {
  if (noteable.state === state || noteable.state === 'merged') return false;
  const now = instance.now();
  noteable.state = state;
  noteable.updatedAt = now;
  noteable.closedAt = state === 'closed' ? now : undefined;
  if (noteable.type === 'Issue') return true;
  noteable.closedBy = state === 'closed' ? user : undefined;
  notifyMergeRequest(instance, project, noteable, {
    action: state === 'closed' ? 'close' : 'reopen',
    user,
    changes: {
      state_id: state === 'closed' ? { previous: 1, current: 2 } : { previous: 2, current: 1 },
    },
  });
  return true;
}

export interface MergeRequestUpdate {
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly targetBranch?: string | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly assignees?: readonly User[] | undefined;
}

/** Changes what differs, and sends one webhook if anything did. The target branch must exist. */
export async function updateMergeRequest(
  instance: Instance,
  project: Project,
  mergeRequest: MergeRequest,
  user: User,
  update: MergeRequestUpdate,
): Promise<void> {
  const changes: Record<string, { previous: unknown; current: unknown }> = {};
  const note = (name: string, previous: unknown, current: unknown): boolean => {
    if (current === undefined || JSON.stringify(previous) === JSON.stringify(current)) return false;
    changes[name] = { previous, current };
    return true;
  };
  const { title, description, targetBranch, labels, assignees } = update;
  if (title !== undefined && note('title', mergeRequest.title, title)) mergeRequest.title = title;
  if (description !== undefined && note('description', mergeRequest.description, description))
    mergeRequest.description = description;
  if (labels !== undefined && note('labels', mergeRequest.labels, labels)) mergeRequest.labels = labels;
  if (assignees !== undefined) {
    const ids = (users: readonly User[]): number[] => users.map(({ id }) => id);
    note('assignees', ids(mergeRequest.assignees), ids(assignees));
    mergeRequest.assignees = assignees;
  }
  if (targetBranch !== undefined && note('target_branch', mergeRequest.targetBranch, targetBranch)) {
    const before = mergeRequest.targetBranch;
    const { head, start: startBefore } = diffOf(mergeRequest);
    mergeRequest.targetBranch = targetBranch;
    const { directory } = project.repository;
    const start = (await project.repository.head(targetBranch)) ?? startBefore;
    const base = (await mergeBase(directory, start, head)) ?? start;
    mergeRequest.versions.push({ id: instance.nextId(), createdAt: instance.now(), head, start, base });
    const text = `changed target branch from \`${before}\` to \`${targetBranch}\``;
    addSystemNote(instance, mergeRequest, user, text);
  }
  if (Object.keys(changes).length === 0) return;
  const previous = mergeRequest.updatedAt.toISOString();
  mergeRequest.updatedAt = instance.now();
  note('updated_at', previous, mergeRequest.updatedAt.toISOString());
  notifyMergeRequest(instance, project, mergeRequest, { action: 'update', user, changes });
}

/** Adds or takes back the user's approval. */
export function approve(
  instance: Instance,
  project: Project,
  mergeRequest: MergeRequest,
  user: User,
  action: Extract<MergeRequestEvent['action'], 'approved' | 'unapproved'>,
): void {
  if (action === 'approved') mergeRequest.approvedBy.set(user.id, instance.now());
  else mergeRequest.approvedBy.delete(user.id);
  addSystemNote(instance, mergeRequest, user, `${action} this merge request`);
  notifyMergeRequest(instance, project, mergeRequest, { action, user });
}
