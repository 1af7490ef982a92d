import type { BlobId } from './blob-id.ts';
import { pipelineOfCodePath } from './code-files.ts';
import { pipelineName } from './config-path.ts';

/** Blob ids by path. */
export type Tree = ReadonlyMap<string, BlobId>;

/** The paths of each pipeline's files under `config/` and `code/`. */
export type PipelineFiles = ReadonlyMap<string, readonly string[]>;

export function pipelineFilesIn(tree: Tree): PipelineFiles {
  const files = new Map<string, string[]>();
  for (const path of tree.keys()) {
    const name = pipelineName(path) ?? pipelineOfCodePath(path);
    if (name === undefined) continue;
    const known = files.get(name);
    if (known === undefined) files.set(name, [path]);
    else known.push(path);
  }
  return files;
}
