import type { GitLabResult, Project } from './project.ts';
import type { Hook } from './webhook.ts';
import type { CommitSha, IssueIid, NoteId, ProjectId, UserId } from '../shared/ids.ts';
import type { Noteable, NotePlace } from './comment-location.ts';

/** The commit that a branch points to. */
export interface Head {
  readonly branch: string;
  readonly commit: CommitSha;
  readonly isDefault: boolean;
}

/** GitLab's number of one try to deliver. */
export type HookEventId = number & { readonly brand: 'HookEventId' };

/** A delivery that GitLab could not hand over. */
export interface FailedDelivery {
  readonly id: HookEventId;
  /** By it the inbox tells deliveries apart; undefined before GitLab 17.4. */
  readonly key: string | undefined;
  /** GitLab's `X-Gitlab-Event`. */
  readonly eventName: string;
  /** Undefined where GitLab did not keep it, because it is too large. */
  readonly body: unknown;
}

/** A comment, as it is now. */
export interface WrittenNote {
  readonly id: NoteId;
  readonly body: string;
  readonly author: UserId;
  /** In milliseconds since 1970. */
  readonly writtenAt: number;
  /** Whether something happened to it since: an edit, but also an emoji, an answer or a resolution. */
  readonly isTouched: boolean;
  /** Whether GitLab wrote it, or an import did, in whoever's name. */
  readonly isSystem: boolean;
  /** Whether it is an internal one. */
  readonly isConfidential: boolean;
}

/** What became of a delivery that GitLab was asked to send again; `later`: it does not send any more of them in this minute. */
type Resent = 'accepted' | 'not accepted' | 'gone' | 'later';

/** What happened in GitLab while no webhook told of it. */
export interface Lookout {
  /** The projects of which the bot is a member, archived ones left out. Costs one call for each 100. */
  memberships(): Promise<GitLabResult<readonly Project[]>>;
  projectAt(path: string): Promise<GitLabResult<Project | undefined>>;
  /**
   * The heads of the branches whose names fit. Costs one call for each 100 branches.
   * @param pattern a regular expression of RE2; undefined for all. An old GitLab does not look at it and tells of all
   */
  heads(project: ProjectId, pattern: string | undefined): Promise<GitLabResult<readonly Head[]>>;
  /** Fails as `denied` for a token that is not a Maintainer's. */
  hooks(project: ProjectId): Promise<GitLabResult<readonly Hook[]>>;
  /** Of the last 7 days, newest first, at most 200. Undefined where GitLab keeps no such list (before 17.3). */
  failedDeliveries(
    project: ProjectId,
    hook: Hook,
  ): Promise<GitLabResult<readonly FailedDelivery[] | undefined>>;
  /** Has GitLab send a delivery again, under its old key. GitLab does so 5 times a minute for each hook. */
  resend(project: ProjectId, hook: Hook, delivery: HookEventId): Promise<GitLabResult<Resent>>;
  /** The merge requests and issues on which something happened since then, at most 1,000 of each. */
  updatedSince(project: ProjectId, since: number): Promise<GitLabResult<readonly Noteable[]>>;
  /** The comments since then, newest first, at most 1,000. */
  notesSince(project: ProjectId, on: Noteable, since: number): Promise<GitLabResult<readonly WrittenNote[]>>;
  /** One comment; undefined where it is gone. */
  note(project: ProjectId, on: Noteable, note: NoteId): Promise<GitLabResult<WrittenNote | undefined>>;
  /**
   * Whether a comment of an issue that was written then came with the issue when it was moved or cloned: GitLab copies comments with their authors and
   * times, so that nobody wrote it there. Also where GitLab does not tell, since too much happened on the issue after it.
   */
  isCopied(project: ProjectId, issue: IssueIid, writtenAt: number): Promise<GitLabResult<boolean>>;
  /**
   * GitLab's id of the thread that a comment stands in; undefined where there is none.
   * @param hint the thread that is looked at first
   */
  discussionOf(
    project: ProjectId,
    place: NotePlace,
    hint: string | undefined,
  ): Promise<GitLabResult<string | undefined>>;
  /** Whether the text of a comment was ever changed, by whomever; `unknown` where this GitLab does not tell. */
  edited(note: NoteId): Promise<GitLabResult<'never' | 'edited' | 'unknown'>>;
}
