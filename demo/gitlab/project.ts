import type { Issue } from './issue.ts';
import type { MergeRequest } from './merge-request.ts';
import type { CommitComment } from './commit-comment.ts';
import type { CommitStatus, Pipeline } from './commit-status.ts';
import type { Deployment, Environment } from './deployment.ts';
import { groupMember, type Group } from './group.ts';
import type { FreezePeriod } from './freeze-period.ts';
import type { Hook } from './hook.ts';
import type { PushEvent } from './push-event.ts';
import { rulesFor, type ProtectedBranch } from './protected-branch.ts';
import type { Repository } from './repository.ts';
import { userJson, type User } from './users.ts';

/** GitLab's numbers; compare with `>=`. */
export const accessLevels = { guest: 10, reporter: 20, developer: 30, maintainer: 40, owner: 50 } as const;

/** How merge requests are merged: with a merge commit, with one but only when a fast-forward were possible, or by fast-forward. */
export type MergeMethod = 'merge' | 'rebase_merge' | 'ff';

export type AutomaticRebase = 'off' | 'last' | 'all';

interface Member {
  readonly user: User;
  readonly accessLevel: number;
  readonly createdAt: Date;
}

export interface Project {
  readonly id: number;
  /** `group/subgroup/project`. */
  readonly path: string;
  /** Undefined in the namespace of a user. */
  readonly group: Group | undefined;
  readonly name: string;
  readonly description: string | null;
  visibility: 'private' | 'internal' | 'public';
  /** Who reads the code: whoever sees the project, or its members alone. */
  repositoryAccess: 'enabled' | 'private';
  readonly defaultBranch: string;
  readonly createdAt: Date;
  readonly creator: User;
  readonly repository: Repository;
  /** Without those that the groups bring. */
  readonly members: Map<number, Member>;
  /** By name, which may hold a `*`. */
  readonly protectedBranches: Map<string, ProtectedBranch>;
  mergeMethod: MergeMethod;
  /**
   * Whether GitLab rebases what is behind its target when merging it, and which of the new commits it relates to the merge request: the last one
   * alone before GitLab 19, `all` of them since.
   */
  automaticRebase: AutomaticRebase;
  /** In the order of their numbers: the first has the iid 1. */
  readonly mergeRequests: MergeRequest[];
  readonly issues: Issue[];
  readonly commitComments: CommitComment[];
  readonly statuses: CommitStatus[];
  readonly pipelines: Pipeline[];
  /** What was pushed, oldest first. */
  readonly pushes: PushEvent[];
  readonly freezePeriods: FreezePeriod[];
  /** Whether the answer about approvals has their times, as since GitLab 18. */
  tellsApprovalTimes: boolean;
  /** Whether approvals are removed when commits are added: a setting of GitLab Premium. */
  resetsApprovals: boolean;
  /** Where the CI configuration is; null: at its usual place. */
  ciConfigPath: string | null;
  readonly environments: Environment[];
  readonly deployments: Deployment[];
  readonly hooks: Map<number, Hook>;
}

/** The membership that gives the user the most: in the project, or in a group above it. */
export function memberOf(project: Project, user: number): Member | undefined {
  const [own, inherited] = [project.members.get(user), groupMember(project.group, user)];
  return (own?.accessLevel ?? 0) >= (inherited?.accessLevel ?? 0) ? (own ?? inherited) : inherited;
}

export function accessLevel(project: Project, user: User): number {
  return memberOf(project, user.id)?.accessLevel ?? 0;
}

export function isProtected(project: Project, branch: string): boolean {
  return rulesFor(project.protectedBranches, branch).length > 0;
}

export function canPush(project: Project, user: User, branch: string): boolean {
  return isAllowed(project, user, branch, ({ pushLevel }) => pushLevel);
}

export function canMerge(project: Project, user: User, branch: string): boolean {
  return isAllowed(project, user, branch, ({ mergeLevel }) => mergeLevel);
}

function isAllowed(
  project: Project,
  user: User,
  branch: string,
  levelOf: (rule: ProtectedBranch) => number,
): boolean {
  const rules = rulesFor(project.protectedBranches, branch);
  const level = accessLevel(project, user);
  if (rules.length === 0) return level >= accessLevels.developer;
  return rules.some((rule) => levelOf(rule) > 0 && level >= levelOf(rule));
}

function namespaceOf(project: Project): string {
  return project.path.slice(0, project.path.lastIndexOf('/'));
}

/** A project as the answers show one. */
export async function projectJson(project: Project, viewer: User, url: string): Promise<object> {
  const webUrl = `${url}/${project.path}`;
  const namespace = namespaceOf(project);
  const [own, inherited] = [project.members.get(viewer.id), groupMember(project.group, viewer.id)];
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
      id: project.group?.id ?? project.creator.id,
      name: project.group?.name ?? namespace,
      path: project.group?.name ?? namespace,
      kind: project.group === undefined ? 'user' : 'group',
      full_path: namespace,
      parent_id: project.group?.parent?.id ?? null,
      avatar_url: null,
      web_url: `${url}/${namespace}`,
    },
    empty_repo: (await project.repository.branches()).length === 0,
    archived: false,
    visibility: project.visibility,
    repository_access_level: project.repositoryAccess,
    owner: userJson(project.creator, url),
    creator_id: project.creator.id,
    issues_enabled: true,
    merge_requests_enabled: true,
    merge_method: project.mergeMethod,
    squash_option: 'default_off',
    ci_config_path: project.ciConfigPath,
    remove_source_branch_after_merge: false,
    permissions: {
      project_access: accessJson(own?.accessLevel),
      group_access: accessJson(inherited?.accessLevel),
    },
  };
}

function accessJson(level: number | undefined): object | null {
  return level === undefined ? null : { access_level: level, notification_level: 3 };
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
    ci_config_path: project.ciConfigPath,
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
