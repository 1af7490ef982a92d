import type { GitLabResult } from './project.ts';
import type { ProjectId, UserId } from '../shared/ids.ts';

/** Somebody with access to a project. */
export interface Member {
  readonly id: UserId;
  readonly username: string;
  readonly name: string;
  /** GitLab's number, such as 30 for developer: the highest of direct, inherited and invited membership. */
  readonly level: number;
}

/** Who may do what, as GitLab knows it at this moment. */
export interface People {
  /** The account that the bot's token belongs to. */
  self(): Promise<GitLabResult<UserId>>;
  /** Undefined for who is no member, or is blocked. */
  member(project: ProjectId, user: UserId): Promise<GitLabResult<Member | undefined>>;
}
