import { userJson, type User } from './users.ts';

/** A comment on a commit. GitLab can neither edit nor delete these over its API. */
export interface CommitComment {
  readonly id: number;
  readonly commit: string;
  readonly note: string;
  readonly author: User;
  readonly createdAt: Date;
}

/** Without its id, as GitLab shows it. */
export function commitCommentJson(comment: CommitComment, url: string): object {
  return {
    note: comment.note,
    path: null,
    line: null,
    line_type: null,
    author: userJson(comment.author, url),
    created_at: comment.createdAt.toISOString(),
  };
}
