/** What scripts use of the bot: AIC, and the rules by which pipelines live in Git. */
export { connect, type ConnectedWorkspace, type Connection, type ConnectOptions } from './connect.ts';
export { describe, type Failure } from './domain/describe.ts';
export { fail, ok, type Result } from './domain/result.ts';

export type {
  Environment,
  Listed,
  ListedPipeline,
  ProjectsFailure,
  ReadFailure,
  Workspace,
  WorkspaceFailure,
  WorkspacesFailure,
} from './domain/aic.ts';
export type { Backup, BackupItem } from './domain/backup.ts';
export type { BranchesItem } from './domain/branches-outcome.ts';
export type { FailedPipeline, PipelineFailure, UnknownPipelines } from './domain/choose-pipelines.ts';
export type { Dataset, DatasetId, Table } from './domain/datasets.ts';
export type { Drive, DriveId, GsPath, NewFile } from './domain/drives.ts';
export type { DatasetFailure } from './domain/find-dataset.ts';
export { findDrive, type DriveFailure } from './domain/find-drive.ts';
export type { PipelineId } from './domain/ids.ts';
export type {
  InteractiveBranch,
  InteractiveBranchId,
  NewInteractiveBranch,
} from './domain/interactive-branches.ts';
export type { UpstreamFailure, UpstreamReason } from './domain/upstream.ts';
export type { Configs, LookUpFailure } from './handlers/read-configs.ts';
export type { UpsertFailure, Upserted } from './handlers/upsert-pipeline.ts';

export { codeFiles, type CodeFile } from './domain/code-files.ts';
export { configPath, pipelineName } from './domain/config-path.ts';
export { fingerprintOf, type Fingerprint } from './domain/fingerprint.ts';
export type { Json, JsonObject } from './domain/json.ts';
export { parseMapping } from './domain/mapping-file.ts';
export { branchOf, lookup, workspaceNamed, type Lookup, type Mapping } from './domain/mapping.ts';
export { parseConfig, writeConfig, type ConfigMistake, type Content } from './domain/pipeline-config.ts';
