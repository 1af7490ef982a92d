import { listCommits, mergeBase } from './commits.ts';
import type { Instance } from './instance.ts';
import { notifyMergeRequest } from './merge-request-event.ts';
import { isDraft, type MergeRequest } from './merge-request.ts';
import type { Params } from './params.ts';
import type { Project } from './project.ts';
import { extractQuickActions } from './quick-actions.ts';
import { runQuickActions } from './quick-action-runner.ts';
import { refused } from './refusal.ts';
import type { User } from './users.ts';

/** Opens a merge request, runs the commands of its description, and sends the webhook. Refuses as GitLab does. */
export async function createMergeRequest(
  instance: Instance,
  project: Project,
  user: User,
  params: Params,
): Promise<MergeRequest> {
  const title = params.required('title');
  const sourceBranch = params.required('source_branch');
  const targetBranch = params.required('target_branch');
  const { repository } = project;
  if (sourceBranch === targetBranch)
    throw refused(422, ["You can't use same project/branch for source and target"]);
  const head = await repository.head(sourceBranch);
  const start = await repository.head(targetBranch);
  const missing = [
    ...(head === undefined ? [`Source branch "${sourceBranch}" does not exist`] : []),
    ...(start === undefined ? [`Target branch "${targetBranch}" does not exist`] : []),
  ];
  if (head === undefined || start === undefined) throw refused(422, missing);
  if (title.trim() === '') throw refused(400, { title: ["can't be blank"] });
  const base = await mergeBase(repository.directory, start, head);
  const commits = await listCommits(repository.directory, ['--max-count=1', head, `^${start}`]);

  // Looked for after the last pause, so that of two calls at the same time one is refused.
  const open = project.mergeRequests.find(
    (one) => one.state === 'opened' && one.sourceBranch === sourceBranch && one.targetBranch === targetBranch,
  );
  if (open !== undefined)
    throw refused(409, [`Another open merge request already exists for this source branch: !${open.iid}`]);

  const { text, actions } = extractQuickActions(params.text('description') ?? '');
  const now = instance.now();
  const mergeRequest: MergeRequest = {
    type: 'MergeRequest',
    id: instance.nextId(),
    iid: project.mergeRequests.length + 1,
    // Without changes it is made a draft.
    title: commits.length === 0 && !isDraft(title) ? `Draft: ${title}` : title,
    description: text,
    state: 'opened',
    author: user,
    sourceBranch,
    sourceProject: undefined,
    targetBranch,
    removeSourceBranch: params.flag('remove_source_branch') ?? false,
    squash: params.flag('squash') ?? false,
    labels: params.list('labels')?.map(String) ?? [],
    assignees: (params.list('assignee_ids') ?? []).flatMap((id) => instance.users.byId(Number(id)) ?? []),
    approvedBy: new Map(),
    createdAt: now,
    updatedAt: now,
    mergedAt: undefined,
    mergeUser: undefined,
    closedAt: undefined,
    closedBy: undefined,
    versions: [{ id: instance.nextId(), createdAt: now, base: base ?? start, head, start }],
    mergeCommit: undefined,
    squashCommit: undefined,
    landed: [],
    isLocked: false,
    notes: [],
    awards: [],
  };
  project.mergeRequests.push(mergeRequest);
  notifyMergeRequest(instance, project, mergeRequest, { action: 'open', user });
  await runQuickActions(instance, project, mergeRequest, user, actions);
  return mergeRequest;
}
