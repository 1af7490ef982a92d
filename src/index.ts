/** What scripts use of the bot: AIC, and the rules by which pipelines live in Git. */
export { connect, type ConnectedWorkspace, type Connection, type ConnectOptions } from './sdk/connect.ts';
export { describe, type Failure } from './sdk/describe-failure.ts';
export { fail, ok, type Result } from './domain/shared/result.ts';

export type {
  Environment,
  Listed,
  ListedPipeline,
  ProjectsFailure,
  ReadFailure,
  Workspace,
  WorkspaceFailure,
  WorkspacesFailure,
} from './domain/aic/aic.ts';
export type { Backup, BackupItem } from './domain/aic/backup.ts';
export type { BranchesItem } from './domain/aic/interactive-branches-report.ts';
export type { FailedPipeline, PipelineFailure, UnknownPipelines } from './domain/aic/select-pipelines.ts';
export type { Dataset, DatasetId, Table } from './domain/aic/datasets.ts';
export type { Drive, DriveId, GsPath, NewFile } from './domain/aic/drives.ts';
export type { DatasetFailure } from './domain/aic/find-dataset.ts';
export { findDrive, type DriveFailure } from './domain/aic/find-drive.ts';
export type { PipelineId } from './domain/shared/ids.ts';
export type {
  InteractiveBranch,
  InteractiveBranchId,
  NewInteractiveBranch,
} from './domain/aic/interactive-branches.ts';
export type { UpstreamFailure, UpstreamReason } from './domain/shared/upstream-failure.ts';
export type { Configs, LookUpFailure } from './handlers/aic/read-configs.ts';
export type { UpsertFailure, Upserted } from './handlers/aic/upsert-pipeline.ts';

export { codeFiles, type CodeFile } from './domain/pipeline/code-files.ts';
export { configPath, pipelineName } from './domain/pipeline/config-path.ts';
export { fingerprintOf, type Fingerprint } from './domain/pipeline/fingerprint.ts';
export type { Json, JsonObject } from './domain/shared/json.ts';
export { parseMapping } from './domain/mapping/parse-mapping.ts';
export { branchOf, lookup, workspaceNamed, type Lookup, type Mapping } from './domain/mapping/mapping.ts';
export { parseConfig, writeConfig, type ConfigMistake, type Content } from './domain/pipeline/config.ts';
