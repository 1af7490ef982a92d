import { commitHookJson } from './commit-json.ts';
import { readCommit } from './commits.ts';
import type { Instance } from './instance.ts';
import { diffOf, isDraft, mergeRequestUrl, type MergeRequest } from './merge-request.ts';
import { projectHookJson, repositoryHookJson, type Project } from './project.ts';
import { userHookJson, type User } from './users.ts';

export interface MergeRequestEvent {
  readonly action: 'open' | 'close' | 'reopen' | 'update' | 'approved' | 'unapproved' | 'merge';
  readonly user: User;
  /** Only after a push: the head of the source branch before it. */
  readonly oldrev?: string;
  readonly changes?: Readonly<Record<string, { readonly previous: unknown; readonly current: unknown }>>;
}

const stateIds = { opened: 1, closed: 2, merged: 3 } as const;

/** Sends the webhook with the merge request as it stands now. */
export function notifyMergeRequest(
  instance: Instance,
  project: Project,
  mergeRequest: MergeRequest,
  event: MergeRequestEvent,
): void {
  const people = mergeRequest.assignees.map((user) => userHookJson(user));
  const labels = labelsHookJson(mergeRequest.labels, project.id);
  const attributes = {
    ...mergeRequestHookJson(mergeRequest, project, instance.url()),
    action: event.action,
    ...(event.oldrev === undefined ? {} : { oldrev: event.oldrev }),
  };
  const body = {
    object_kind: 'merge_request',
    event_type: 'merge_request',
    user: userHookJson(event.user),
    project: projectHookJson(project, instance.url()),
    repository: repositoryHookJson(project, instance.url()),
    labels,
    changes: event.changes ?? {},
    ...(people.length === 0 ? {} : { assignees: people }),
  };
  const { head } = diffOf(mergeRequest);
  instance.webhooks.send(project, 'merge_request', async () => ({
    ...body,
    object_attributes: { ...attributes, last_commit: await lastCommit(instance, project, head) },
  }));
}

/** A merge request as the webhooks show one, without its last commit. */
export function mergeRequestHookJson(mergeRequest: MergeRequest, project: Project, url: string): object {
  const both = projectHookJson(project, url);
  const draft = isDraft(mergeRequest.title);
  return {
    id: mergeRequest.id,
    iid: mergeRequest.iid,
    target_branch: mergeRequest.targetBranch,
    source_branch: mergeRequest.sourceBranch,
    source_project_id: mergeRequest.sourceProject ?? project.id,
    author_id: mergeRequest.author.id,
    assignee_ids: mergeRequest.assignees.map(({ id }) => id),
    assignee_id: mergeRequest.assignees[0]?.id ?? null,
    reviewer_ids: [],
    title: mergeRequest.title,
    created_at: mergeRequest.createdAt.toISOString(),
    updated_at: mergeRequest.updatedAt.toISOString(),
    last_edited_at: null,
    last_edited_by_id: null,
    milestone_id: null,
    state_id: stateIds[mergeRequest.state],
    state: mergeRequest.state,
    blocking_discussions_resolved: true,
    work_in_progress: draft,
    draft,
    first_contribution: false,
    merge_status: mergeRequest.state === 'opened' ? 'unchecked' : 'can_be_merged',
    detailed_merge_status: mergeRequest.state === 'opened' ? 'unchecked' : 'not_open',
    merge_commit_sha: mergeRequest.mergeCommit ?? null,
    merge_user_id: mergeRequest.mergeUser?.id ?? null,
    merge_error: null,
    target_project_id: project.id,
    description: mergeRequest.description,
    prepared_at: mergeRequest.createdAt.toISOString(),
    total_time_spent: 0,
    time_change: 0,
    human_total_time_spent: null,
    human_time_change: null,
    human_time_estimate: null,
    url: mergeRequestUrl(mergeRequest, project, url),
    source: both,
    target: both,
    labels: labelsHookJson(mergeRequest.labels, project.id),
  };
}

/** The head of the source branch as the webhooks show it. */
export async function lastCommit(instance: Instance, project: Project, head: string): Promise<object> {
  return commitHookJson(await readCommit(project.repository.objects, head), project, instance.url());
}

function labelsHookJson(labels: readonly string[], projectId: number): object[] {
  return labels.map((title, index) => ({
    id: index + 1,
    title,
    color: '#6699cc',
    project_id: projectId,
    template: false,
    description: null,
    type: 'ProjectLabel',
    group_id: null,
  }));
}
