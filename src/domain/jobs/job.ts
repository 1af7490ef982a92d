import { alertId, type Alert, type AlertKind } from '../alerts/alert.ts';
import type { WorkspaceName } from '../aic/aic.ts';
import type { KeptAnswer } from '../commands/command-answer.ts';
import type { CommentedEvent } from './webhook-event.ts';
import type { GivenCommand } from '../commands/operator-command.ts';
import type { CommitSha, DeploymentId, MergeRequestIid, ProjectId } from '../shared/ids.ts';
import type { Mail } from '../report/mailer.ts';
import { requestId, type Origin } from '../gitlab/command-origin.ts';
import type { CommitStatus } from '../gitlab/deployment-records.ts';
import { placeName, referenceTo, type NotePlace, type Place } from '../gitlab/comment-location.ts';

/** Work in a lane. A job says what to look at, never what was found when it was written: it may run much later. */
export type Job =
  | DeployJob
  | NoteJob
  | CommandJob
  | OperatorJob
  | BackMergeJob
  | PlanJob
  | StatusJob
  | RecordJob
  | CheckDriftJob
  | CommentJob
  | ReactionJob
  | MailJob
  | AlertJob
  | TellBrokenJob
  | CheckTokenJob
  | SweepJob
  | CleanUpJob
  | CatchUpJob;

/** Bring the workspace of `branch` to the state of the branch. */
export interface DeployJob {
  readonly kind: 'deploy';
  readonly projectId: ProjectId;
  readonly branch: string;
  /** The lane of its workspace; absent before that is known: a webhook does not tell, so its job starts in a lane of the branch's own. */
  readonly lane?: string;
}

/** Look for the comment that somebody announced, and take up its commands. */
export interface NoteJob extends Announced {
  readonly kind: 'note';
  /** The delivery that announced it; undefined where GitLab was asked without one. */
  readonly delivery: string | undefined;
}

/** A comment that there is said to be, in a thread that it is said to stand in. */
type Announced = Omit<CommentedEvent, 'kind'>;

/** Carry out the commands of one comment, one after the other. All that it holds is GitLab's word. */
export interface CommandJob {
  readonly kind: 'command';
  readonly projectId: ProjectId;
  readonly origin: Origin;
  readonly lines: readonly string[];
  /** The delivery that brought it; undefined for a job that was added before deliveries were noted. */
  readonly delivery: string | undefined;
  /** When the comment was written, in milliseconds since 1970; undefined for a job that was added before that was asked for. */
  readonly writtenAt: number | undefined;
  /** Set for a comment that somebody changed, or may have changed: its commands are answered and not carried out. */
  readonly edited?: 'edited' | 'unknown';
  /** The command to carry out now, from 0. */
  readonly next: number;
  /** Whether an earlier one of the request failed. */
  readonly failed: boolean;
  /** What the earlier ones are answered with, until the last has ended. */
  readonly answers?: readonly KeptAnswer[];
  /** Whether the author was shown that work has begun. */
  readonly begun: boolean;
  /** The lane of the workspace or branch that the command changes; undefined before that is known. */
  readonly lane: string | undefined;
}

/**
 * Carry out the command that an operator gave at a terminal. It is written down as running when the command line takes the lane: only if
 * the command line is cut off is it left to the bot.
 */
export interface OperatorJob extends GivenCommand {
  readonly kind: 'operator';
  readonly lane: string;
}

/** Open the merge requests that bring to the other branches what came into production past them. */
export interface BackMergeJob {
  readonly kind: 'back-merge';
  readonly projectId: ProjectId;
  /** The merge request that it came by; undefined for a push. */
  readonly mergeRequest: MergeRequestIid | undefined;
  /** The push that it came by. */
  readonly push?: { readonly branch: string; readonly before: CommitSha; readonly after: CommitSha };
  /** Those that told of it; undefined for a job that was added before they were noted. */
  readonly deliveries: readonly string[] | undefined;
}

/** Tell on a merge request what merging it would do. */
export interface PlanJob {
  readonly kind: 'plan';
  readonly projectId: ProjectId;
  readonly mergeRequest: MergeRequestIid;
}

/** Give a commit a status. */
export interface StatusJob extends CommitStatus {
  readonly kind: 'status';
  readonly projectId: ProjectId;
  readonly commit: CommitSha;
}

/** Make GitLab's record of a deployment tell how it stands. */
export interface RecordJob {
  readonly kind: 'record';
  readonly projectId: ProjectId;
  readonly branch: string;
  readonly deployment: DeploymentId;
}

/** Compare the workspace of a branch with it. In the lane of the workspace, so that no deployment writes meanwhile. */
export interface CheckDriftJob {
  readonly kind: 'check-drift';
  readonly projectId: ProjectId;
  /** One that the mapping names. */
  readonly branch: string;
  /** As of a deployment. */
  readonly lane?: string;
}

/** Make the one comment with this marker at the place read `body`. */
export interface CommentJob {
  readonly kind: 'comment';
  readonly projectId: ProjectId;
  readonly place: Place;
  readonly marker: string;
  readonly body: string;
}

/** Put an emoji on a comment. */
export interface ReactionJob extends NotePlace {
  readonly kind: 'reaction';
  readonly projectId: ProjectId;
  readonly emoji: string;
}

export interface MailJob {
  readonly kind: 'mail';
  readonly mail: Mail;
}

/** Mail the operator what has to be known, together with what else of its kind waits. */
export interface AlertJob {
  readonly kind: 'alert';
  readonly alert: Alert;
}

/** Tell whoever waits for a job that it breaks off each time. */
export interface TellBrokenJob {
  readonly kind: 'tell-broken';
  /** By which it is found in the log. */
  readonly id: string;
  readonly waits: Waiter;
  /** Whether the job is tried again. */
  readonly isRetried: boolean;
}

/** Who waits for the end of a job. */
export type Waiter =
  | {
      readonly kind: 'command';
      readonly projectId: ProjectId;
      readonly origin: Origin;
      readonly line: string;
      readonly next: number;
      /** Commands of the comment that follow. */
      readonly left: number;
      /** What the earlier ones are answered with. */
      readonly answers: readonly KeptAnswer[];
      readonly delivery: string | undefined;
    }
  | ({ readonly kind: 'note' } & NotePlace & { readonly projectId: ProjectId })
  | {
      readonly kind: 'plan' | 'back-merge';
      readonly projectId: ProjectId;
      readonly mergeRequest: MergeRequestIid;
    }
  | { readonly kind: 'branch'; readonly projectId: ProjectId; readonly branch: string };

/** Ask GitLab how long the bot's token lasts. There is always one, waiting or running. */
interface CheckTokenJob {
  readonly kind: 'check-token';
}

export const checkTokenJob: CheckTokenJob = { kind: 'check-token' };

/** Look at all projects for what no webhook told of. There is always one, waiting or running. */
interface SweepJob {
  readonly kind: 'sweep';
}

export const sweepJob: SweepJob = { kind: 'sweep' };

/** Drop what is old. There is always one, waiting or running. */
interface CleanUpJob {
  readonly kind: 'clean-up';
}

export const cleanUpJob: CleanUpJob = { kind: 'clean-up' };

/** Have the deliveries of a project sent again that did not arrive, and look at its webhook. */
export interface CatchUpJob {
  readonly kind: 'catch-up';
  readonly projectId: ProjectId;
  /** Whether something is known to have happened of which no webhook told. */
  readonly isMissed: boolean;
}

/** Jobs of one lane run one after the other. */
export function laneOf(job: Job): string {
  switch (job.kind) {
    case 'deploy':
    case 'check-drift':
      return job.lane ?? branchLane(job.projectId, job.branch);
    case 'note':
      return `${announcedLanes(job.projectId)}${referenceTo(job.on)}`;
    case 'command':
      return job.lane ?? requestId(job.projectId, job.origin);
    case 'operator':
      return job.lane;
    case 'back-merge':
      return `back-merge:${job.projectId}:${job.mergeRequest ?? job.push?.after}`;
    case 'plan':
      return `plan:${job.projectId}:${job.mergeRequest}`;
    case 'comment':
      // The emoji that ends a command comes after the answer, so a thread has no lane of its own.
      return `comment:${job.projectId}:${job.place.kind === 'commit' ? job.place.commit : referenceTo(job.place)}`;
    case 'reaction':
      return `comment:${job.projectId}:${referenceTo(job.on)}`;
    case 'status':
      // GitLab takes no two statuses of a commit at once.
      return `status:${job.projectId}:${job.commit}`;
    case 'record':
      return `record:${job.projectId}:${job.branch}`;
    case 'catch-up':
      return `catch-up:${job.projectId}`;
    case 'alert':
      return alertLane(job.alert.about);
    case 'tell-broken':
      return `tell-broken:${job.id}`;
    case 'mail':
    case 'check-token':
    case 'sweep':
    case 'clean-up':
      return job.kind;
  }
}

/** The lane in which alerts of a kind wait. */
export function alertLane(about: AlertKind): string {
  return `alert:${about}`;
}

/** What the lanes begin with in which a project's announced comments are looked for. */
export function announcedLanes(projectId: ProjectId): string {
  return `announced:${projectId}:`;
}

/** The lane of a branch that leads to no workspace, or of which that is not known yet. */
export function branchLane(projectId: ProjectId, branch: string): string {
  return `deploy:${projectId}:${branch}`;
}

/** The lane of what reads or changes a workspace: one for all branches, and all projects, that lead there. */
export function workspaceLane({ environment, aicProject, workspace }: WorkspaceName): string {
  return `workspace:${JSON.stringify([environment, aicProject.toWellFormed(), workspace.toWellFormed()])}`;
}

/** A waiting job is replaced by a later one with the same key: the later one knows at least as much. */
export function keyOf(job: Job): string {
  switch (job.kind) {
    case 'deploy':
      return `${laneOf(job)}:${job.projectId}:${job.branch}`;
    case 'note':
      return `${laneOf(job)}:${job.note}`;
    case 'command':
      return requestId(job.projectId, job.origin);
    case 'operator':
      return job.request;
    case 'back-merge':
    case 'plan':
    case 'catch-up':
    case 'tell-broken':
      return laneOf(job);
    case 'alert':
      return `${laneOf(job)}:${alertId(job.alert)}`;
    case 'comment':
      return `comment:${job.projectId}:${placeName(job.place)}:${job.marker}`;
    case 'reaction':
      return `${laneOf(job)}:${job.note}:${job.emoji}`;
    case 'check-drift':
      return `drift:${job.projectId}:${job.branch}`;
    case 'status':
      return `${laneOf(job)}:${job.name}`;
    case 'record':
      return `${laneOf(job)}:${job.deployment}`;
    case 'mail':
      return `mail:${job.mail.messageId}`;
    case 'check-token':
    case 'sweep':
    case 'clean-up':
      return job.kind;
  }
}

/** The job of a branch, before its workspace is known. */
export function deployJob(projectId: ProjectId, branch: string): DeployJob {
  return { kind: 'deploy', projectId, branch };
}

/** The job that looks at a merge request. */
export function planJob({ projectId, mergeRequest }: Pick<PlanJob, 'projectId' | 'mergeRequest'>): PlanJob {
  return { kind: 'plan', projectId, mergeRequest };
}

/** The job that looks for a comment. */
export function noteJob(
  { projectId, on, note, discussion }: Announced,
  delivery: string | undefined,
): NoteJob {
  return { kind: 'note', projectId, on, note, discussion, delivery };
}

/** The job of the commands in a comment, as GitLab has it. */
export function commandJob(
  comment: Pick<CommandJob, 'projectId' | 'origin' | 'lines' | 'writtenAt' | 'edited'>,
  delivery: string | undefined,
): CommandJob {
  return {
    kind: 'command',
    ...comment,
    delivery,
    next: 0,
    failed: false,
    begun: false,
    lane: undefined,
  };
}

/** What tells a command apart for ever. */
export function commandKey({
  projectId,
  origin,
  next,
}: Pick<CommandJob, 'projectId' | 'origin' | 'next'>): string {
  return `${requestId(projectId, origin)}:${next}`;
}

/** The hidden text by which the comment of a deployment is found again. */
export function deploymentMarker(id: DeploymentId): string {
  return `aic-bot:deployment:${id}`;
}

/** A job and the moment from which it may run. */
export interface DueJob {
  readonly job: Job;
  /** Milliseconds since 1970. */
  readonly dueAt: number;
}

/**
 * How a job ended: done, to be run again after a pause, cut off by a stop and to be run again at once, or given up
 * because no repetition can help.
 */
export type JobOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly reason: string }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'given-up'; readonly reason: string };

/** Durable work. Adding is atomic with nothing else; where it must be, the store's own methods take jobs along. */
export interface Jobs {
  /** All of them in one transaction. */
  add(...due: readonly DueJob[]): Promise<void>;
}

const longestPauseMs = 15 * 60_000;

/**
 * The pause before the next try after `tries` failed ones: doubling from `firstMs` to 15 minutes, less up to a fifth
 * by chance. The wait after an outage is so never much longer than the outage itself.
 * @param random in [0, 1)
 */
export function pauseAfter(tries: number, firstMs: number, random: number): number {
  const pause = Math.min(firstMs * 2 ** Math.min(tries - 1, 20), longestPauseMs);
  return Math.round(pause * (1 - random / 5));
}
