import { nameInPath, pathPart } from './config-path.ts';
import type { Content } from './config.ts';
import { codeIn, type Code } from './task-code.ts';

const folder = 'code/';

/** A file with code of a pipeline. */
export interface CodeFile {
  /** Where it belongs. */
  readonly path: string;
  /** Where the Python library put it, which encodes nothing. The same for ordinary names. */
  readonly libraryPath: string;
  readonly text: string;
}

/**
 * The SQL and PySpark of a pipeline as files, the same as the Python library wrote:
 * - for a PYSPARK task its script as `<task id>.py`, and each triple-quoted block in it that begins with an SQL verb, trimmed, as
 *   `<task id>_<n>.sql`; n counts every such block from 1, SQL or not
 * - for an SQL task its `query`, else `script`, else `sql`, trimmed, as `<task id>.sql`
 *
 * Tasks are the entries of a list named `tasks` at any depth, their type is compared without case. Of two files with one name the
 * later wins.
 */
export function codeFiles(pipeline: string, content: Content): readonly CodeFile[] {
  return codePieces(pipeline, content).map(({ path, libraryPath, text }) => ({ path, libraryPath, text }));
}

/** A code file with the place in the config that it comes from. */
export type CodePiece = CodeFile & Pick<Code, 'holder' | 'field' | 'part'>;

/** The same as `codeFiles`, with the places. */
export function codePieces(pipeline: string, content: Content): readonly CodePiece[] {
  const pieces = new Map<string, CodePiece>();
  for (const { id, suffix, ...piece } of codeIn({ ...content })) {
    const path = `${folder}${pathPart(pipeline)}/${pathPart(id + suffix)}`;
    pieces.set(path, { ...piece, path, libraryPath: `${folder}${pipeline}/${id}${suffix}` });
  }
  return [...pieces.values()];
}

/** The pipeline that a file under `code/` belongs to; undefined for any other path. */
export function pipelineOfCodePath(path: string): string | undefined {
  const end = path.lastIndexOf('/');
  return path.startsWith(folder) && end > folder.length
    ? nameInPath(path.slice(folder.length, end))
    : undefined;
}

/** The folder of a pipeline's code, without a slash at the end. */
export function codeFolder(pipeline: string): string {
  return folder + pathPart(pipeline);
}

/** Whether a file looks like one that was extracted from a config. */
export function isExtracted(path: string): boolean {
  return path.startsWith(folder) && /\.(?:py|sql)$/.test(path);
}
