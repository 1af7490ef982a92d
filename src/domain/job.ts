import type { DeploymentId, MergeRequestIid, ProjectId, CommitSha } from './ids.ts';
import type { Mail } from './mail.ts';

/** Work in a lane. A job says what to look at, never what was found when it was written: it may run much later. */
export type Job = DeployJob | MergeRequestCommentJob | CommitCommentJob | MailJob;

/** Bring the workspace of `branch` to the state of the branch. */
export interface DeployJob {
  readonly kind: 'deploy';
  readonly projectId: ProjectId;
  readonly branch: string;
  /**
   * What must not overlap: the mapping's key that `branch` belongs to. All branches under `team-a/*` share one
   * workspace and so one lane. A webhook does not know the mapping: its job starts in the branch's own lane.
   */
  readonly mappingKey: string;
}

/** Make the one comment with this marker on the merge request read `body`. */
export interface MergeRequestCommentJob {
  readonly kind: 'merge-request-comment';
  readonly projectId: ProjectId;
  readonly mergeRequest: MergeRequestIid;
  readonly marker: string;
  readonly body: string;
}

/** Make the one comment with this marker on the commit exist. */
export interface CommitCommentJob {
  readonly kind: 'commit-comment';
  readonly projectId: ProjectId;
  readonly commit: CommitSha;
  readonly marker: string;
  readonly body: string;
}

export interface MailJob {
  readonly kind: 'mail';
  readonly mail: Mail;
}

/** Jobs of one lane run one after the other. */
export function laneOf(job: Job): string {
  switch (job.kind) {
    case 'deploy':
      return `deploy:${job.projectId}:${job.mappingKey}`;
    case 'merge-request-comment':
      return `comment:${job.projectId}:!${job.mergeRequest}`;
    case 'commit-comment':
      return `comment:${job.projectId}:${job.commit}`;
    case 'mail':
      return 'mail';
  }
}

/** A waiting job is replaced by a later one with the same key: the later one knows at least as much. */
export function keyOf(job: Job): string {
  switch (job.kind) {
    case 'deploy':
      return `${laneOf(job)}:${job.branch}`;
    case 'merge-request-comment':
    case 'commit-comment':
      return `${laneOf(job)}:${job.marker}`;
    case 'mail':
      return `mail:${job.mail.messageId}`;
  }
}

/** The job of a branch, before the mapping is known. */
export function deployJob(projectId: ProjectId, branch: string): DeployJob {
  return { kind: 'deploy', projectId, branch, mappingKey: branch };
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
  add(due: DueJob): Promise<void>;
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
