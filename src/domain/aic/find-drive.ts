import type { Drive } from './drives.ts';
import { nearest } from '../shared/suggest-names.ts';
import { fail, ok, type Result } from '../shared/result.ts';

/** Why a drive can't be told by its name. */
export type DriveFailure =
  | { readonly kind: 'unknown-drive'; readonly wanted: string; readonly nearest: readonly string[] }
  | { readonly kind: 'ambiguous-drive'; readonly wanted: string; readonly drives: readonly string[] };

/**
 * The drive of a name, whatever its case, as the Python library finds it. Of several the one that is written exactly so is meant; else
 * nobody knows which.
 */
export function findDrive(drives: readonly Drive[], wanted: string): Result<Drive, DriveFailure> {
  const alike = drives.filter(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  const exact = alike.filter(({ name }) => name === wanted);
  const [drive, ...others] = exact.length > 0 ? exact : alike;
  const namesOf = (some: readonly Drive[]) => some.map(({ name }) => name);
  if (drive === undefined) {
    return fail({ kind: 'unknown-drive', wanted, nearest: nearest(wanted, namesOf(drives)) });
  }
  return others.length > 0
    ? fail({ kind: 'ambiguous-drive', wanted, drives: namesOf([drive, ...others]) })
    : ok(drive);
}
