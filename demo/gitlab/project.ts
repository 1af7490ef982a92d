import type { Issue } from './issue.ts';
import type { MergeRequest } from './merge-request.ts';
import type { CommitComment } from './commit-comment.ts';
import type { Hook } from './hook.ts';
import type { Repository } from './repository.ts';
import { userJson, type User } from './users.ts';

/** GitLab's numbers; compare with `>=`. */
export const accessLevels = { guest: 10, reporter: 20, developer: 30, maintainer: 40, owner: 50 } as const;

/** How merge requests are merged: with a merge commit, with one but only when a fast-forward were possible, or by fast-forward. */
export type MergeMethod = 'merge' | 'rebase_merge' | 'ff';

interface Member {
  readonly user: User;
  readonly accessLevel: number;
  readonly createdAt: Date;
}

export interface Project {
  readonly id: number;
  /** `group/subgroup/project`. */
  readonly path: string;
  readonly name: string;
  readonly description: string | null;
  readonly visibility: 'private' | 'internal' | 'public';
  readonly defaultBranch: string;
  readonly createdAt: Date;
  readonly creator: User;
  readonly repository: Repository;
  readonly members: Map<number, Member>;
  /** Only maintainers push to and merge into these. */
  readonly protectedBranches: Set<string>;
  mergeMethod: MergeMethod;
  /** In the order of their numbers: the first has the iid 1. */
  readonly mergeRequests: MergeRequest[];
  readonly issues: Issue[];
  readonly commitComments: CommitComment[];
  readonly hooks: Map<number, Hook>;
}

export function accessLevel(project: Project, user: User): number {
  return project.members.get(user.id)?.accessLevel ?? 0;
}

export function canPush(project: Project, user: User, branch: string): boolean {
  const needed = project.protectedBranches.has(branch) ? accessLevels.maintainer : accessLevels.developer;
  return accessLevel(project, user) >= needed;
}

function namespaceOf(project: Project): string {
  return project.path.slice(0, project.path.lastIndexOf('/'));
}

/** A project as the answers show one. */
export async function projectJson(project: Project, viewer: User, url: string): Promise<object> {
  const webUrl = `${url}/${project.path}`;
  const namespace = namespaceOf(project);
  const level = accessLevel(project, viewer);
  return {
    id: project.id,
    description: project.description,
    name: project.name,
    name_with_namespace: `${namespace.replaceAll('/', ' / ')} / ${project.name}`,
    path: project.path.slice(namespace.length + 1),
    path_with_namespace: project.path,
    created_at: project.createdAt.toISOString(),
    default_branch: project.defaultBranch,
    tag_list: [],
    topics: [],
    ssh_url_to_repo: `git@${new URL(url).hostname}:${project.path}.git`,
    http_url_to_repo: `${webUrl}.git`,
    web_url: webUrl,
    readme_url: null,
    forks_count: 0,
    avatar_url: null,
    star_count: 0,
    last_activity_at: project.createdAt.toISOString(),
    namespace: {
      id: project.creator.id,
      name: namespace,
      path: namespace,
      kind: namespace === project.creator.username ? 'user' : 'group',
      full_path: namespace,
      parent_id: null,
      avatar_url: null,
      web_url: `${url}/${namespace}`,
    },
    empty_repo: (await project.repository.branches()).length === 0,
    archived: false,
    visibility: project.visibility,
    owner: userJson(project.creator, url),
    creator_id: project.creator.id,
    issues_enabled: true,
    merge_requests_enabled: true,
    merge_method: project.mergeMethod,
    squash_option: 'default_off',
    remove_source_branch_after_merge: false,
    permissions: {
      project_access: level === 0 ? null : { access_level: level, notification_level: 3 },
      group_access: null,
    },
  };
}

/** A project as the webhooks show one. */
export function projectHookJson(project: Project, url: string): object {
  const webUrl = `${url}/${project.path}`;
  const sshUrl = `git@${new URL(url).hostname}:${project.path}.git`;
  return {
    id: project.id,
    name: project.name,
    description: project.description,
    web_url: webUrl,
    avatar_url: null,
    git_ssh_url: sshUrl,
    git_http_url: `${webUrl}.git`,
    namespace: namespaceOf(project),
    visibility_level: { private: 0, internal: 10, public: 20 }[project.visibility],
    path_with_namespace: project.path,
    default_branch: project.defaultBranch,
    ci_config_path: null,
    homepage: webUrl,
    url: sshUrl,
    ssh_url: sshUrl,
    http_url: `${webUrl}.git`,
  };
}

/** The deprecated part of the webhooks. */
export function repositoryHookJson(project: Project, url: string): object {
  const webUrl = `${url}/${project.path}`;
  return {
    name: project.name,
    url: `git@${new URL(url).hostname}:${project.path}.git`,
    description: project.description,
    homepage: webUrl,
  };
}
