import { commitHookJson } from './commit-json.ts';
import { readCommit } from './commits.ts';
import type { Instance } from './instance.ts';
import { lastCommit, mergeRequestHookJson } from './merge-request-event.ts';
import { diffOf } from './merge-request.ts';
import type { Noteable } from './noteable.ts';
import { projectHookJson, repositoryHookJson, type Project } from './project.ts';
import { railsTime } from './rails-time.ts';
import { userHookJson, type User } from './users.ts';

export interface NoteEvent {
  readonly id: number;
  readonly discussion?: string;
  readonly body: string;
  readonly author: User;
  readonly internal?: boolean;
  readonly system: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly action: 'create' | 'update';
  readonly on: Noteable | { readonly type: 'Commit'; readonly commit: string };
}

/** Sends the webhook. Its `user` is the author of the note, also when somebody else edited it. */
export function notifyNote(instance: Instance, project: Project, event: NoteEvent): void {
  const { on } = event;
  const url = instance.url();
  const kind = event.internal === true ? 'confidential_note' : 'note';
  const base = {
    object_kind: 'note',
    event_type: kind,
    user: userHookJson(event.author),
    project_id: project.id,
    project: projectHookJson(project, url),
    repository: repositoryHookJson(project, url),
    object_attributes: {
      id: event.id,
      discussion_id: event.discussion ?? null,
      note: event.body,
      noteable_type: on.type,
      author_id: event.author.id,
      created_at: railsTime(event.createdAt),
      updated_at: railsTime(event.updatedAt),
      project_id: project.id,
      attachment: null,
      line_code: null,
      commit_id: on.type === 'Commit' ? on.commit : '',
      noteable_id: on.type === 'Commit' ? null : on.id,
      system: event.system,
      st_diff: null,
      description: event.body,
      action: event.action,
      url: `${url}/${project.path}/-/${placeOf(on)}#note_${event.id}`,
    },
  };
  // Taken now, and not when it is sent.
  const about = on.type === 'MergeRequest' ? mergeRequestHookJson(on, project, url) : {};
  const issue = on.type === 'Issue' ? issueHookJson(on, project.id) : {};
  instance.webhooks.send(project, kind, async () => {
    switch (on.type) {
      case 'MergeRequest': {
        const last_commit = await lastCommit(instance, project, diffOf(on).head);
        return { ...base, merge_request: { ...about, last_commit } };
      }
      case 'Issue':
        return { ...base, issue };
      case 'Commit': {
        const commit = await readCommit(project.repository.objects, on.commit);
        return { ...base, commit: commitHookJson(commit, project, url) };
      }
    }
  });
}

function placeOf(on: NoteEvent['on']): string {
  switch (on.type) {
    case 'MergeRequest':
      return `merge_requests/${on.iid}`;
    case 'Issue':
      return `issues/${on.iid}`;
    case 'Commit':
      return `commit/${on.commit}`;
  }
}

function issueHookJson(issue: Extract<Noteable, { type: 'Issue' }>, projectId: number): object {
  return {
    id: issue.id,
    iid: issue.iid,
    title: issue.title,
    description: issue.description,
    state: issue.state,
    author_id: issue.author.id,
    assignee_ids: issue.assignees.map(({ id }) => id),
    assignee_id: issue.assignees[0]?.id ?? null,
    project_id: projectId,
    milestone_id: null,
    created_at: railsTime(issue.createdAt),
    updated_at: railsTime(issue.updatedAt),
    labels: [],
  };
}
