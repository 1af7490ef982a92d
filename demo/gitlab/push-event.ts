import { userJson, type User } from './users.ts';

/** What the events of a project tell of a push. */
export interface PushEvent {
  readonly id: number;
  readonly user: User;
  readonly branch: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly at: Date;
}

export function pushEventJson(event: PushEvent, projectId: number, url: string): object {
  const { id, user, branch, before, after, at } = event;
  const action = before === undefined ? 'created' : after === undefined ? 'removed' : 'pushed';
  return {
    id,
    project_id: projectId,
    action_name: action === 'created' ? 'pushed new' : action === 'removed' ? 'deleted' : 'pushed to',
    target_id: null,
    target_type: null,
    author_id: user.id,
    author_username: user.username,
    author: userJson(user, url),
    created_at: at.toISOString(),
    push_data: {
      commit_count: 1,
      action,
      ref_type: 'branch',
      commit_from: before ?? null,
      commit_to: after ?? null,
      ref: branch,
      commit_title: null,
      ref_count: null,
    },
  };
}
