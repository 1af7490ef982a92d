import type { GitLabResult, Project } from '../gitlab/project.ts';
import type { Hook, WantedHook } from '../gitlab/webhook.ts';
import type { ProjectId } from '../shared/ids.ts';

/** GitLab's numeric group id. */
export type GroupId = number & { readonly brand: 'GroupId' };

export interface Group {
  readonly id: GroupId;
  /** `group/subgroup`. */
  readonly path: string;
}

/** The account that a token speaks for. */
export interface Owner {
  readonly username: string;
  readonly name: string;
  /** Whether it belongs to a project's or a group's access token, or is a service account. GitLab before 13 does not tell. */
  readonly isBot: boolean | undefined;
}

export interface Branch {
  readonly name: string;
  readonly isProtected: boolean;
}

/** A webhook's call that did not end well: GitLab's words for the event, and the HTTP status or `internal error`. */
export interface FailedCall {
  readonly trigger: string;
  readonly status: string;
}

/** Who may push to and merge into a branch, from this level on. Nobody may push by force. */
export interface Protection {
  readonly branch: string;
  readonly push: 'maintainer';
  readonly merge: 'developer' | 'maintainer';
}

/** How a project is set up, as GitLab tells the bot's token. `undefined`: there is no such thing, or none that the token may see. */
export interface Inspection {
  version(): Promise<GitLabResult<string>>;
  owner(): Promise<GitLabResult<Owner>>;
  group(path: string): Promise<GitLabResult<Group | undefined>>;
  projectAt(path: string): Promise<GitLabResult<Project | undefined>>;
  branch(project: ProjectId, name: string): Promise<GitLabResult<Branch | undefined>>;
  /** The names that are protected; a `*` in one stands for any text. */
  protections(project: ProjectId): Promise<GitLabResult<readonly string[]>>;
  /** The files and folders at the root of a branch; undefined where there is no such branch. */
  rootNames(project: ProjectId, branch: string): Promise<GitLabResult<readonly string[] | undefined>>;
  hooks(project: ProjectId): Promise<GitLabResult<readonly Hook[]>>;
  /** Of the last 7 days, newest first, at most 20. Undefined where GitLab keeps no such list (before 17.3). */
  failedCalls(project: ProjectId, hook: Hook): Promise<GitLabResult<readonly FailedCall[] | undefined>>;
}

/** What came of a change: `there` when somebody was faster. */
export type Made = 'made' | 'there';

/**
 * Sets a project up. A change whose answer was lost is not sent again: who looks at the project anew finds what is missing still.
 * One that only rehearses changes nothing and answers as if it had.
 */
export interface Administration {
  readonly mode: 'real' | 'rehearsal';
  /** Makes it private and empty. */
  createProject(group: Group, name: string): Promise<GitLabResult<Project>>;
  /** One commit of new files; makes the branch in an empty repository. Fails when one of the files exists. */
  addFiles(
    project: ProjectId,
    commit: {
      readonly branch: string;
      readonly message: string;
      readonly files: ReadonlyMap<string, string>;
    },
  ): Promise<GitLabResult<void>>;
  createBranch(project: ProjectId, branch: string, from: string): Promise<GitLabResult<Made>>;
  protect(project: ProjectId, protection: Protection): Promise<GitLabResult<Made>>;
  addHook(project: ProjectId, hook: WantedHook): Promise<GitLabResult<Hook>>;
  /** Switches on what is wanted beside what the hook has; its address stays. A secret is set where the hook has none. */
  completeHook(project: ProjectId, hook: Hook, wanted: WantedHook): Promise<GitLabResult<Hook>>;
}
