import type { PipelineFailure } from './select-pipelines.ts';
import { configPath } from '../pipeline/config-path.ts';
import { dayStamp, secondStamp } from '../shared/timestamps.ts';

export const defaultDrive = 'backups';

/** One pipeline in a backup. */
export type BackupItem = { readonly pipeline: string } & (
  | { readonly kind: 'stored'; /** The name of its file. */ readonly file: string }
  | { readonly kind: 'failed'; readonly reason: PipelineFailure }
);

/** What a backup stored. */
export interface Backup {
  /** The drive, as AIC writes it. */
  readonly drive: string;
  /** Such as `20260131`. */
  readonly folder: string;
  /** In the order of their names. */
  readonly items: readonly BackupItem[];
}

/**
 * The folder of a day's backups, such as `20260131`, by UTC.
 * @param at milliseconds since 1970
 */
export function backupFolder(at: number): string {
  return dayStamp(at);
}

/** The names of a pipeline's file in a backup: that of its config in Git, and one with the time of day where that is taken and kept. */
export function backupFiles(pipeline: string, at: number): { readonly first: string; readonly next: string } {
  const first = configPath(pipeline).slice('config/'.length);
  return { first, next: `${first.slice(0, -'.json'.length)}.${secondStamp(at).slice(8)}.json` };
}
