import type { Award, Note } from './note.ts';
import { userJson, type User } from './users.ts';

export interface Issue {
  readonly type: 'Issue';
  readonly id: number;
  readonly iid: number;
  title: string;
  description: string;
  state: 'opened' | 'closed';
  readonly author: User;
  labels: readonly string[];
  assignees: readonly User[];
  readonly createdAt: Date;
  updatedAt: Date;
  closedAt: Date | undefined;
  readonly notes: Note[];
  readonly awards: Award[];
}

/** An issue as the answers show one. */
export function issueJson(
  issue: Issue,
  project: { readonly id: number; readonly path: string },
  url: string,
): object {
  const assignees = issue.assignees.map((user) => userJson(user, url));
  return {
    id: issue.id,
    iid: issue.iid,
    project_id: project.id,
    title: issue.title,
    description: issue.description,
    state: issue.state,
    created_at: issue.createdAt.toISOString(),
    updated_at: issue.updatedAt.toISOString(),
    closed_at: issue.closedAt?.toISOString() ?? null,
    labels: issue.labels,
    milestone: null,
    assignees,
    assignee: assignees[0] ?? null,
    author: userJson(issue.author, url),
    type: 'ISSUE',
    issue_type: 'issue',
    user_notes_count: issue.notes.length,
    upvotes: 0,
    downvotes: 0,
    confidential: false,
    web_url: `${url}/${project.path}/-/issues/${issue.iid}`,
  };
}
