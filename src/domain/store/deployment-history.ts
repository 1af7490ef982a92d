import type { Deployment, Item } from '../deployment/deployment.ts';
import type { DeploymentId, ProjectId } from '../shared/ids.ts';
import type { LaterWrite } from '../deployment/rollback/plan-rollback.ts';
import type { BranchKey, Snapshot, WorkspaceKey } from './state.ts';
import type { Place } from '../gitlab/comment-location.ts';

/** What was deployed. Costs no more the more was deployed before. */
export interface History {
  /** The newest deployments of a branch, or of one pipeline of it, newest first, at most so many. */
  history(
    branch: BranchKey,
    pipeline: string | undefined,
    most: number,
  ): Promise<readonly { readonly deployment: Deployment; readonly items: readonly Item[] }[]>;
  /** The newest deployment of the branch that is told of at the place, among the last 200; rollbacks do not count. */
  deploymentAt(branch: BranchKey, place: Place): Promise<DeploymentId | undefined>;
  /** One that was begun for a request and has not ended. */
  unfinished(request: string): Promise<Deployment | undefined>;
  /** The branches of the project with a deployment that has not ended, rollbacks aside. */
  running(project: ProjectId): Promise<readonly string[]>;
  /** The branches of the project with something pending, nothing of it cancelled, that no job is to look at. */
  unattended(project: ProjectId): Promise<readonly string[]>;
  /** What the workspace held before the deployment first overwrote it. */
  snapshots(deployment: DeploymentId): Promise<readonly Snapshot[]>;
  /** The deployments to the workspace that wrote the pipelines after the given one, oldest first. */
  laterWrites(
    workspace: WorkspaceKey,
    after: DeploymentId,
    pipelines: readonly string[],
  ): Promise<ReadonlyMap<string, readonly LaterWrite[]>>;
}
