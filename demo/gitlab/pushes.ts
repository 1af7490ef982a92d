import { commitHookJson } from './commit-json.ts';
import { listCommits, mergeBase, readCommit } from './commits.ts';
import { gitText } from './git.ts';
import type { Instance } from './instance.ts';
import { notifyMergeRequest } from './merge-request-event.ts';
import { diffOf } from './merge-request.ts';
import { addSystemNote } from './note.ts';
import { isProtected, projectHookJson, repositoryHookJson, type Project } from './project.ts';
import type { User } from './users.ts';

/** A branch that was moved, made (`before` undefined) or removed (`after` undefined). */
export interface Push {
  readonly user: User;
  readonly branch: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** A webhook holds at most the newest twenty commits. */
const mostCommits = 20;

/** What GitLab does after a branch was moved: it sends the webhook and brings the open merge requests up to date. */
export async function afterPush(instance: Instance, project: Project, push: Push): Promise<void> {
  recordPush(instance, project, push);
  instance.webhooks.send(project, 'push', () => pushBody(instance, project, push), push.branch);
  const { after, branch, user } = push;
  if (after === undefined) return;
  for (const mergeRequest of project.mergeRequests) {
    if (mergeRequest.state !== 'opened' || mergeRequest.sourceBranch !== branch) continue;
    const { head, start: startBefore } = diffOf(mergeRequest);
    if (head === after) continue;
    const { directory } = project.repository;
    const start = (await project.repository.head(mergeRequest.targetBranch)) ?? startBefore;
    const base = (await mergeBase(directory, start, after)) ?? start;
    const { length } = await listCommits(directory, [after, `^${head}`]);
    mergeRequest.versions.push({
      id: instance.nextId(),
      createdAt: instance.now(),
      base,
      head: after,
      start,
    });
    mergeRequest.updatedAt = instance.now();
    addSystemNote(instance, mergeRequest, user, `added ${length} commit${length === 1 ? '' : 's'}`);
    if (project.resetsApprovals) mergeRequest.approvedBy.clear();
    notifyMergeRequest(instance, project, mergeRequest, { action: 'update', user, oldrev: head });
  }
  await mergedByHand(instance, project, push);
}

/** What the project's events tell of later. */
export function recordPush(instance: Instance, { pushes }: Project, push: Push): void {
  pushes.push({ ...push, id: instance.nextId(), at: instance.now() });
}

/**
 * A merge request whose commits somebody pushed to its target counts as merged, whatever else was pushed with them: by the merge commit that brought
 * them, or by its own head (GitLab's app/services/merge_requests/refresh_service.rb and lib/gitlab/branch_push_merge_commit_analyzer.rb).
 */
async function mergedByHand(instance: Instance, project: Project, push: Push): Promise<void> {
  const { before, after, branch, user } = push;
  if (before === undefined || after === undefined) return;
  const { directory } = project.repository;
  const open = project.mergeRequests.filter((one) => one.state === 'opened' && one.targetBranch === branch);
  if (open.length === 0) return;
  const pushed = new Set(await listCommits(directory, [after, `^${before}`]));
  for (const mergeRequest of open) {
    const { head } = diffOf(mergeRequest);
    if (!pushed.has(head)) continue;
    const direct = await listCommits(directory, ['--first-parent', '--reverse', after, `^${before}`]);
    let commit = head;
    if (!direct.includes(head))
      for (const one of direct) {
        const reached = await listCommits(directory, [one, `^${before}`]);
        if (!reached.includes(head)) continue;
        commit = one;
        break;
      }
    const at = instance.now();
    mergeRequest.state = 'merged';
    mergeRequest.mergeUser = user;
    mergeRequest.mergedAt = at;
    mergeRequest.updatedAt = at;
    mergeRequest.mergeCommit = commit;
    const changes = { state_id: { previous: 1, current: 3 } };
    notifyMergeRequest(instance, project, mergeRequest, { action: 'merge', user, changes });
  }
}

async function pushBody(instance: Instance, project: Project, push: Push): Promise<object> {
  const { user, before, after, branch } = push;
  const { directory, objects } = project.repository;
  const zeros = '0'.repeat(40);
  const ids = await newCommits(project, push);
  const commits = await Promise.all(
    ids.slice(-mostCommits).map(async (id) => {
      const commit = await readCommit(objects, id);
      return { ...commitHookJson(commit, project, instance.url()), ...(await changedFiles(directory, id)) };
    }),
  );
  return {
    object_kind: 'push',
    event_name: 'push',
    before: before ?? zeros,
    after: after ?? zeros,
    ref: `refs/heads/${branch}`,
    ref_protected: isProtected(project, branch),
    checkout_sha: after ?? null,
    message: null,
    user_id: user.id,
    user_name: user.name,
    user_username: user.username,
    user_email: null,
    user_avatar: null,
    project_id: project.id,
    project: projectHookJson(project, instance.url()),
    commits,
    total_commits_count: ids.length,
    push_options: {},
    repository: {
      ...repositoryHookJson(project, instance.url()),
      git_http_url: `${instance.url()}/${project.path}.git`,
      git_ssh_url: `git@${new URL(instance.url()).hostname}:${project.path}.git`,
      visibility_level: 0,
    },
  };
}

/** What the push brought, oldest first; for a new branch what the default branch lacks. */
async function newCommits(project: Project, { before, after, branch }: Push): Promise<string[]> {
  if (after === undefined) return [];
  const { directory } = project.repository;
  if (before !== undefined) return listCommits(directory, ['--reverse', after, `^${before}`]);
  if (branch === project.defaultBranch) return listCommits(directory, ['--reverse', after]);
  const main = await project.repository.head(project.defaultBranch);
  return listCommits(directory, ['--reverse', after, ...(main === undefined ? [] : [`^${main}`])]);
}

async function changedFiles(
  directory: string,
  commit: string,
): Promise<{ added: string[]; modified: string[]; removed: string[] }> {
  const text = await gitText(directory, [
    'diff-tree',
    '--no-commit-id',
    '--name-status',
    '--no-renames',
    '--root',
    '-m',
    '--first-parent',
    '-r',
    '-z',
    commit,
  ]);
  const fields = text.split('\0');
  const files = { added: [] as string[], modified: [] as string[], removed: [] as string[] };
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const path = fields[at + 1] ?? '';
    if (fields[at] === 'A') files.added.push(path);
    else if (fields[at] === 'D') files.removed.push(path);
    else files.modified.push(path);
  }
  return files;
}
