import type { Deployment, Item } from '../deployment/deployment.ts';
import type { DeploymentId, ProjectId } from '../shared/ids.ts';
import type { RecordId } from '../gitlab/deployment-records.ts';

/** Which of GitLab's deployments stands for which of the bot's. */
export interface RecordIds {
  deployment(
    id: DeploymentId,
  ): Promise<{ readonly deployment: Deployment; readonly items: readonly Item[] } | undefined>;
  recordOf(id: DeploymentId): Promise<RecordId | undefined>;
  /** Those that stand for a deployment already. */
  takenRecords(project: ProjectId, records: readonly RecordId[]): Promise<ReadonlySet<RecordId>>;
  saveRecord(id: DeploymentId, record: RecordId): Promise<void>;
}
