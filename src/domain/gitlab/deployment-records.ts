import type { GitLabResult } from './project.ts';
import type { CommitSha, ProjectId } from '../shared/ids.ts';
import type { DeploymentStatus } from '../deployment/deployment.ts';
import { sha256Hex } from '../shared/sha256.ts';

/** What is said of a commit beside its pipelines. Only how something ended: what GitLab takes for running would block merging until it ends. */
export interface CommitStatus {
  /** Such as `aic-bot/plan`: a later one of the same name takes its place. */
  readonly name: string;
  /** The branch. */
  readonly ref: string;
  readonly state: 'success' | 'failed';
  /** Cut to what GitLab takes, which is 255 characters. */
  readonly description: string;
  readonly targetUrl: string;
  /** The pipeline that it belongs to; GitLab chooses one, or makes one, where there is none. */
  readonly pipeline?: number;
}

/** How GitLab tells the state of a deployment. */
export type RecordState = 'running' | 'success' | 'failed';

/** GitLab's number of a deployment. */
export type RecordId = number & { readonly brand: 'RecordId' };

interface DeploymentRecord {
  readonly environment: string;
  readonly commit: CommitSha;
  readonly ref: string;
  readonly state: RecordState;
}

/** What GitLab's own pages show of the bot's work. */
export interface Records {
  /** `gone`: GitLab does not know the commit any more. The same status again changes nothing. */
  putStatus(
    project: ProjectId,
    commit: CommitSha,
    status: CommitStatus,
  ): Promise<GitLabResult<'put' | 'gone'>>;
  /** The bot's newest deployments to an environment that have the commit and the ref, newest first. At most 20. */
  findRecords(
    project: ProjectId,
    record: Omit<DeploymentRecord, 'state'>,
  ): Promise<GitLabResult<readonly RecordId[]>>;
  /** Adds a deployment; its environment is made where it is missing. Done twice there are two. */
  addRecord(project: ProjectId, record: DeploymentRecord): Promise<GitLabResult<RecordId>>;
  /** A deployment that has ended so already, or that somebody deleted, stays as it is. */
  endRecord(
    project: ProjectId,
    id: RecordId,
    state: Exclude<RecordState, 'running'>,
  ): Promise<GitLabResult<void>>;
}

/** How a deployment stands, in GitLab's terms: what left a pipeline behind has failed. */
export function recordStateOf(status: DeploymentStatus): RecordState {
  switch (status) {
    case 'running':
      return 'running';
    case 'succeeded':
    case 'unchanged':
      return 'success';
    case 'partly failed':
    case 'failed':
    case 'blocked':
      return 'failed';
  }
}

const longestName = 255;
const digits = 8;

/**
 * The name of a workspace's environment: the workspace's own, with hyphens for what GitLab does not allow there
 * (https://docs.gitlab.com/ci/environments/). Where that changes it, a few digits are added, so that two workspaces never share one.
 */
export async function environmentOf(workspace: string): Promise<string> {
  const allowed = workspace
    .replaceAll(/[^\w\-/${}. ]/gu, '-')
    .replaceAll(/^[/ ]|[/ ]$/g, '-')
    .slice(0, longestName - digits - 1);
  if (allowed === workspace) return allowed;
  return `${allowed}-${(await sha256Hex(workspace)).slice(0, digits)}`;
}
