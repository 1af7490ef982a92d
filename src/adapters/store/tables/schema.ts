import type { ColumnType, Generated } from 'kysely';

import type { Environment } from '../../../domain/aic/aic.ts';
import type { BlobId } from '../../../domain/pipeline/blob-id.ts';
import type { DriftState } from '../../../domain/deployment/drift/classify-drift.ts';
import type { DeploymentStatus } from '../../../domain/deployment/deployment.ts';
import type { Fingerprint } from '../../../domain/pipeline/fingerprint.ts';
import type { RecordId } from '../../../domain/gitlab/deployment-records.ts';
import type {
  CommitSha,
  DeploymentId,
  MergeRequestIid,
  ProjectId,
  UserId,
} from '../../../domain/shared/ids.ts';

/**
 * The tables. Times are milliseconds since 1970 (UTC), booleans 0 or 1, `*_json` columns hold JSON.
 * docs/storage-schema.md tells what each row means and how long it stays.
 */
export interface Tables {
  deliveries: {
    id: string;
    received_at: number;
    event_name: string;
    /** `digestOf`; empty where an earlier version kept the delivery. */
    digest: string;
    /** Only of a rejected delivery, and not for good. */
    body: string;
    /** `waiting`, `finished` or `rejected`. */
    status: string;
    reason: string | null;
    project_id: ProjectId | null;
    branch: string | null;
    /** Of a delivery that waits, or did. */
    event_json: string | null;
  };
  jobs: {
    id: Generated<number>;
    lane: string;
    key: string;
    job_json: string;
    due_at: number;
    /** `waiting`, `running` or `given-up`; a finished job has no row. */
    status: string;
    tries: number;
    reason: string | null;
    added_at: number;
    /** How often it broke off since it last ended well, its other failed tries counted once it broke. */
    broke: ColumnType<number, number | undefined, number>;
  };
  branches: {
    project_id: ProjectId;
    branch: string;
    deployed_sha: CommitSha;
    origin_sha: CommitSha;
    held: number;
    reported_sha: CommitSha | null;
    tries: number;
    gated: number;
  };
  pending: {
    project_id: ProjectId;
    branch: string;
    pipeline: string;
    path: string;
    base_sha: CommitSha;
    paused: number;
    held: number;
    /** `Provenance`. */
    provenance_json: string | null;
  };
  deployments: {
    id: ColumnType<DeploymentId, never, never>;
    project_id: ProjectId;
    branch: string;
    environment: Environment;
    aic_project: string;
    workspace: string;
    head_sha: CommitSha;
    places_json: string;
    ordered_by: string | null;
    reason: string | null;
    cancelled_by: string | null;
    status: DeploymentStatus;
    started_at: number;
    finished_at: number | null;
    told: string | null;
    request: string | null;
    /** GitLab's number of its record. */
    record: RecordId | null;
    /** The deployment that it undid. */
    rolls_back: DeploymentId | null;
    /** `Scope`. */
    scope_json: string | null;
  };
  items: {
    deployment_id: DeploymentId;
    pipeline: string;
    state_json: string;
    provenance_json: string | null;
  };
  snapshots: {
    deployment_id: DeploymentId;
    pipeline: string;
    fingerprint: Fingerprint;
    config: string;
    taken_at: number;
  };
  baselines: {
    project_id: ProjectId;
    environment: Environment;
    aic_project: string;
    workspace: string;
    pipeline: string;
    fingerprint: Fingerprint;
    blob: BlobId | null;
    recorded_at: number;
  };
  requests: {
    id: string;
    received_at: number;
  };
  leases: {
    /** Grows with each lease of any lane, and is never used twice. */
    fence: Generated<number>;
    lane: string;
    /** One start of one process. */
    holder: string;
    /** Who works there, for people. */
    who: string;
    host: string;
    /** Within which a `pid` means one process: Linux's namespace of process ids. Empty where the system has but one. */
    pid_space: string;
    pid: number;
    since: number;
    expires_at: number;
  };
  audit: {
    id: Generated<number>;
    at: number;
    /** What makes an entry one of its kind; null where that is not needed. */
    key: string | null;
    /** Canonical JSON. */
    entry: string;
    previous: string;
    hash: string;
  };
  pushes: {
    request: string;
    branch: string;
    /** `SavedPush`. */
    outcome_json: string;
    saved_at: number;
  };
  projects: {
    id: ProjectId;
    /** When its first delivery came. */
    heard_at: number | null;
    /** Up to when what no webhook told of was looked for. */
    caught_up_at: number | null;
    /** What keeps its webhook from working: `HookProblem.id`. */
    hook_problem: string | null;
  };
  holds: {
    project_id: ProjectId;
    branch: string;
    pipeline: string;
    /** The rollback. */
    deployment_id: DeploymentId;
    request: MergeRequestIid | null;
  };
  drift: {
    project_id: ProjectId;
    environment: Environment;
    aic_project: string;
    workspace: string;
    pipeline: string;
    state: DriftState;
    fingerprint: Fingerprint | null;
    since: number;
  };
  drift_checks: {
    project_id: ProjectId;
    branch: string;
    checked_at: number;
  };
  plans: {
    project_id: ProjectId;
    merge_request: MergeRequestIid;
    target: string;
    head_sha: CommitSha;
    /** The pipelines that the merge request changes. */
    pipelines_json: string;
    /** The texts of the comments that show it. */
    bodies_json: string;
  };
  askers: {
    project_id: ProjectId;
    merge_request: MergeRequestIid;
    username: string;
    /** Null: an operator. */
    user_id: UserId | null;
  };
  own_commits: {
    request: string;
    nonce: string;
    project_id: ProjectId;
    branch: string;
    onto_sha: CommitSha;
    noted_at: number;
  };
  notices: {
    id: string;
    sent_at: number;
  };
}
