/** A commit's SHA as GitLab writes it: 40 (or 64) lower-case hex digits. */
export type CommitSha = string & { readonly brand: 'CommitSha' };

/** GitLab's numeric project id: paths change when a project moves, ids do not. */
export type ProjectId = number & { readonly brand: 'ProjectId' };

/** The number of a merge request within its project (GitLab's `iid`, never its global `id`). */
export type MergeRequestIid = number & { readonly brand: 'MergeRequestIid' };

/** The number of an issue within its project. */
export type IssueIid = number & { readonly brand: 'IssueIid' };

/** GitLab's number of one comment. */
export type NoteId = number & { readonly brand: 'NoteId' };

/** GitLab's number of an account. */
export type UserId = number & { readonly brand: 'UserId' };

/** The number of one deployment; people write it in commands. */
export type DeploymentId = number & { readonly brand: 'DeploymentId' };

/** AIC's opaque id of a pipeline in one workspace. */
export type PipelineId = string & { readonly brand: 'PipelineId' };

const sha = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** The SHA, or undefined for anything else and for the all-zero SHA by which GitLab means "no commit". */
export function commitSha(text: string): CommitSha | undefined {
  return isCommitSha(text) ? text : undefined;
}

export function isCommitSha(text: string): text is CommitSha {
  return sha.test(text) && !/^0+$/.test(text);
}
