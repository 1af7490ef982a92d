import type { AuditEntry } from '../audit/audit-log.ts';
import type { Drift, DriftState } from '../deployment/drift/classify-drift.ts';
import type { Fingerprint } from '../pipeline/fingerprint.ts';
import type { ProjectId } from '../shared/ids.ts';
import type { DueJob } from '../jobs/job.ts';
import type { BranchKey, WorkspaceKey } from './state.ts';

/** How workspaces compared with their branches when they were last looked at. Each method is one transaction. */
export interface Drifts {
  /** When the branches of a project were last compared with their workspaces, in milliseconds since 1970. */
  driftChecks(project: ProjectId): Promise<ReadonlyMap<string, number>>;
  drift(workspace: WorkspaceKey): Promise<ReadonlyMap<string, DriftState>>;
  /** Replaces what is known of the workspace; the jobs tell of what is new. */
  saveDrift(check: {
    readonly workspace: WorkspaceKey;
    readonly branch: BranchKey;
    readonly drift: readonly Drift[];
    /** What the workspace holds of pipelines that were found equal and had no record. */
    readonly agreed: ReadonlyMap<string, Fingerprint>;
    readonly at: number;
    readonly jobs: readonly DueJob[];
    readonly audit: readonly AuditEntry[];
  }): Promise<void>;
}
