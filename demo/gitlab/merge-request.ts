import { patchId } from './diffs.ts';
import type { Award, Note } from './note.ts';
import { userJson, type User } from './users.ts';

export interface MergeRequest {
  readonly type: 'MergeRequest';
  readonly id: number;
  readonly iid: number;
  title: string;
  description: string;
  state: 'opened' | 'closed' | 'merged';
  readonly author: User;
  readonly sourceBranch: string;
  /** The fork that the source branch is in; undefined when it is in the project itself. */
  sourceProject: number | undefined;
  targetBranch: string;
  removeSourceBranch: boolean;
  squash: boolean;
  labels: readonly string[];
  assignees: readonly User[];
  /** When each user approved. */
  readonly approvedBy: Map<number, Date>;
  readonly createdAt: Date;
  updatedAt: Date;
  mergedAt: Date | undefined;
  mergeUser: User | undefined;
  closedAt: Date | undefined;
  closedBy: User | undefined;
  /** The versions that the difference was computed for, oldest first. */
  readonly versions: DiffVersion[];
  mergeCommit: string | undefined;
  squashCommit: string | undefined;
  /** What merging moved the target to, besides: GitLab shows it nowhere, but finds the merge request by it. */
  landed: readonly string[];
  /** Whether it is being merged. */
  isLocked: boolean;
  readonly notes: Note[];
  readonly awards: Award[];
}

export interface DiffVersion {
  readonly id: number;
  readonly createdAt: Date;
  /** Where the two branches parted. */
  readonly base: string;
  /** Where the source branch stood. */
  readonly head: string;
  /** Where the target branch stood. */
  readonly start: string;
}

/** The versions that the difference was last computed for. */
export function diffOf({ versions }: MergeRequest): DiffVersion {
  const last = versions.at(-1);
  if (last === undefined) throw new Error('A merge request has a version from the start.');
  return last;
}

export async function versionJson(
  { id, createdAt, base, head, start }: DiffVersion,
  { id: of }: MergeRequest,
  directory: string,
): Promise<object> {
  return {
    id,
    head_commit_sha: head,
    base_commit_sha: base,
    start_commit_sha: start,
    created_at: createdAt.toISOString(),
    merge_request_id: of,
    state: 'collected',
    real_size: '1',
    patch_id_sha: await patchId(directory, base, head),
  };
}

/** The part of GitLab's `detailed_merge_status` that the demo knows. */
export type MergeStatus =
  'mergeable' | 'conflict' | 'need_rebase' | 'draft_status' | 'not_open' | 'broken_status' | 'preparing';

export function isDraft(title: string): boolean {
  return /^\s*(?:draft:|\[draft\]|\(draft\))/i.test(title);
}

export function mergeRequestUrl(
  mergeRequest: MergeRequest,
  project: { readonly path: string },
  url: string,
): string {
  return `${url}/${project.path}/-/merge_requests/${mergeRequest.iid}`;
}

/** A merge request as the lists show one. */
export function mergeRequestJson(
  mergeRequest: MergeRequest,
  status: MergeStatus,
  project: { readonly id: number; readonly path: string },
  url: string,
): object {
  const user = (one: User | undefined): object | null => (one === undefined ? null : userJson(one, url));
  const assignees = mergeRequest.assignees.map((one) => userJson(one, url));
  const draft = isDraft(mergeRequest.title);
  return {
    id: mergeRequest.id,
    iid: mergeRequest.iid,
    project_id: project.id,
    title: mergeRequest.title,
    description: mergeRequest.description,
    state: mergeRequest.isLocked ? 'locked' : mergeRequest.state,
    created_at: mergeRequest.createdAt.toISOString(),
    updated_at: mergeRequest.updatedAt.toISOString(),
    merged_by: user(mergeRequest.mergeUser),
    merge_user: user(mergeRequest.mergeUser),
    merged_at: mergeRequest.mergedAt?.toISOString() ?? null,
    closed_by: user(mergeRequest.closedBy),
    closed_at: mergeRequest.closedAt?.toISOString() ?? null,
    target_branch: mergeRequest.targetBranch,
    source_branch: mergeRequest.sourceBranch,
    user_notes_count: mergeRequest.notes.filter(({ system }) => !system).length,
    upvotes: 0,
    downvotes: 0,
    author: user(mergeRequest.author),
    assignees,
    assignee: assignees[0] ?? null,
    reviewers: [],
    source_project_id: mergeRequest.sourceProject ?? project.id,
    target_project_id: project.id,
    labels: mergeRequest.labels,
    draft,
    imported: false,
    imported_from: 'none',
    work_in_progress: draft,
    milestone: null,
    merge_when_pipeline_succeeds: false,
    merge_status: oldMergeStatus(status),
    detailed_merge_status: status,
    merge_after: null,
    sha: diffOf(mergeRequest).head,
    merge_commit_sha: mergeRequest.mergeCommit ?? null,
    squash_commit_sha: mergeRequest.squashCommit ?? null,
    discussion_locked: null,
    should_remove_source_branch: null,
    force_remove_source_branch: mergeRequest.removeSourceBranch,
    prepared_at: mergeRequest.createdAt.toISOString(),
    reference: `!${mergeRequest.iid}`,
    references: {
      short: `!${mergeRequest.iid}`,
      relative: `!${mergeRequest.iid}`,
      full: `${project.path}!${mergeRequest.iid}`,
    },
    web_url: mergeRequestUrl(mergeRequest, project, url),
    time_stats: {
      time_estimate: 0,
      total_time_spent: 0,
      human_time_estimate: null,
      human_total_time_spent: null,
    },
    squash: mergeRequest.squash,
    squash_on_merge: mergeRequest.squash,
    task_completion_status: { count: 0, completed_count: 0 },
    has_conflicts: status === 'conflict',
    blocking_discussions_resolved: true,
  };
}

/** The deprecated `merge_status`. */
function oldMergeStatus(status: MergeStatus): string {
  switch (status) {
    case 'conflict':
    case 'broken_status':
      return 'cannot_be_merged';
    case 'preparing':
      return 'preparing';
    case 'mergeable':
    case 'need_rebase':
    case 'draft_status':
    case 'not_open':
      return 'can_be_merged';
  }
}
