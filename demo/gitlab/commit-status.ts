import { userJson, type User } from './users.ts';

export const statusStates = ['pending', 'running', 'success', 'failed', 'canceled', 'skipped'] as const;
export type StatusState = (typeof statusStates)[number];

/** What somebody said of a commit, such as that a build of it failed. */
export interface CommitStatus {
  readonly id: number;
  readonly commit: string;
  readonly ref: string;
  readonly name: string;
  readonly author: User;
  /** Of the pipeline that it was attached to. */
  readonly pipeline: number;
  readonly createdAt: Date;
  state: StatusState;
  description: string | null;
  targetUrl: string | null;
  /** Whether another of the same name took its place. */
  isRetried: boolean;
}

/** A pipeline: one that only gathers statuses from outside, or one of which the demo was told how it ended. */
export interface Pipeline {
  readonly id: number;
  readonly commit: string;
  readonly ref: string;
  /** What it was made for: `external` where a status was posted and there was none. */
  readonly source: string;
  /** What runners did, or a trigger job that began another pipeline. Statuses that somebody posted are beside these. */
  readonly jobs: readonly PipelineJob[];
  /** The merge request whose merged result it is of. */
  readonly mergeRequest?: number;
}

interface PipelineJob {
  readonly name: string;
  readonly state: StatusState;
  /** How the pipeline ended that it began; undefined for a job that a runner did. */
  readonly downstream?: StatusState;
}

export function pipelineJson(pipeline: Pipeline, statuses: readonly CommitStatus[]): object {
  const posted = statuses.filter((one) => one.pipeline === pipeline.id && !one.isRetried);
  const states = new Set([...posted, ...pipeline.jobs].map(({ state }) => state));
  const order = ['failed', 'canceled', 'running', 'pending', 'success', 'skipped'] as const;
  const status = order.find((state) => states.has(state)) ?? 'pending';
  return { id: pipeline.id, sha: pipeline.commit, ref: pipeline.ref, status, source: pipeline.source };
}

export function isFinished(state: StatusState): boolean {
  return state !== 'pending' && state !== 'running';
}

export function commitStatusJson(status: CommitStatus, url: string): object {
  return {
    id: status.id,
    sha: status.commit,
    ref: status.ref,
    status: status.state,
    name: status.name,
    target_url: status.targetUrl,
    description: status.description,
    created_at: status.createdAt.toISOString(),
    started_at: null,
    finished_at: isFinished(status.state) ? status.createdAt.toISOString() : null,
    allow_failure: false,
    coverage: null,
    pipeline_id: status.pipeline,
    author: userJson(status.author, url),
  };
}
