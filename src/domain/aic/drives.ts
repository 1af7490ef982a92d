import type { Result } from '../shared/result.ts';
import type { UpstreamFailure } from '../shared/upstream-failure.ts';

/** AIC's opaque id of a drive in one workspace. */
export type DriveId = string & { readonly brand: 'DriveId' };

/** A drive with files, by its name as AIC writes it. */
export interface Drive {
  readonly id: DriveId;
  readonly name: string;
}

/** A file on a drive by its address in Google's storage, such as `gs://bucket/20260131/sales.json`. */
export type GsPath = string & { readonly brand: 'GsPath' };

/** A file that is to be stored. */
export interface NewFile {
  /** The folder from the drive, such as `./20260131`. */
  readonly folder: string;
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The drives of a workspace. Those without a name are left out. */
export interface Drives {
  drives(): Promise<Result<readonly Drive[], UpstreamFailure>>;
  /**
   * Makes a folder, such as `./20260131`; one that exists counts as made. Not guaranteed: that an AIC answers 409 to a folder that
   * exists. Another refusal may mean the same.
   */
  createFolder(drive: DriveId, path: string): Promise<Result<void, UpstreamFailure>>;
  /**
   * Stores a file in a folder. Whether AIC replaces a file that exists is not known: if it does, doing so twice is the same as once; if
   * not, this fails with `conflict`, which may also be this call's own doing, if an earlier try took effect and its answer was lost.
   */
  upload(drive: DriveId, file: NewFile): Promise<Result<void, UpstreamFailure>>;
  /** The files of a folder whose names fit the pattern, such as `*.json`. */
  files(
    drive: DriveId,
    look: { readonly folder: string; readonly pattern: string },
  ): Promise<Result<readonly GsPath[], UpstreamFailure>>;
  /**
   * Deletes files, at least one. Fails with `missing` for a file that is not there, which may also be this call's own doing, if an earlier
   * try took effect and its answer was lost.
   */
  deleteFiles(drive: DriveId, files: readonly GsPath[]): Promise<Result<void, UpstreamFailure>>;
}
