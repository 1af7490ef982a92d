import type { Pipelines } from '../../domain/aic/aic.ts';
import { backupFiles, backupFolder, type Backup, type BackupItem } from '../../domain/aic/backup.ts';
import type { DriveId, Drives } from '../../domain/aic/drives.ts';
import { findDrive, type DriveFailure } from '../../domain/aic/find-drive.ts';
import type { PipelineId } from '../../domain/shared/ids.ts';
import { writeConfig } from '../../domain/pipeline/config.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';
import { lookUp, type LookUpFailure } from './read-configs.ts';

export interface BackupWish {
  /** Empty: all. */
  readonly pipelines: readonly string[];
  /** The name of the drive, whatever its case. */
  readonly drive: string;
  /** Milliseconds since 1970: the day, by UTC, names the folder. */
  readonly at: number;
}

/**
 * Stores the configs of pipelines on a drive, in the folder of the day: one file each, with the text that Git would hold. A second backup on
 * one day overwrites the files of the first where AIC does that, and adds its own under the time of day where it does not. A pipeline that
 * can't be read or stored fails alone.
 */
export async function backUp(
  workspace: Pipelines & Drives,
  { pipelines, drive: wanted, at }: BackupWish,
): Promise<Result<Backup, LookUpFailure | DriveFailure>> {
  const drives = await workspace.drives();
  if (!drives.ok) return fail({ kind: 'upstream', failure: drives.failure });
  const drive = findDrive(drives.value, wanted);
  if (!drive.ok) return drive;
  const choice = await lookUp(workspace, pipelines);
  if (!choice.ok) return choice;
  const { chosen, failed } = choice.value;
  const folder = backupFolder(at);
  if (chosen.length > 0) {
    const made = await workspace.createFolder(drive.value.id, `./${folder}`);
    // What AIC answers to a folder that exists is not known; if there is none, each upload says so.
    if (!made.ok && made.failure.reason !== 'refused')
      return fail({ kind: 'upstream', failure: made.failure });
  }
  const place = { drive: drive.value.id, folder: `./${folder}`, at };
  const stored = await Promise.all(chosen.map((pipeline) => store(workspace, pipeline, place)));
  const items: readonly BackupItem[] = [
    ...failed.map(({ name, reason }) => ({ pipeline: name, kind: 'failed', reason }) as const),
    ...stored,
  ];
  return ok({
    drive: drive.value.name,
    folder,
    items: items.toSorted((one, other) => (one.pipeline < other.pipeline ? -1 : 1)),
  });
}

async function store(
  workspace: Pipelines & Drives,
  { name, id }: { readonly name: string; readonly id: PipelineId },
  { drive, folder, at }: { readonly drive: DriveId; readonly folder: string; readonly at: number },
): Promise<BackupItem> {
  const read = await workspace.read(id);
  if (!read.ok) return { pipeline: name, kind: 'failed', reason: read.failure };
  const bytes = new TextEncoder().encode(writeConfig(name, read.value));
  const { first, next } = backupFiles(name, at);
  const upload = (file: string) => workspace.upload(drive, { folder, name: file, bytes });
  const stored = await upload(first);
  if (stored.ok) return { pipeline: name, kind: 'stored', file: first };
  const again = stored.failure.reason === 'conflict' ? await upload(next) : stored;
  if (again.ok) return { pipeline: name, kind: 'stored', file: next };
  return { pipeline: name, kind: 'failed', reason: { kind: 'upstream', failure: again.failure } };
}
