import { blobIdOf } from './blob-id.ts';
import type { CodeFile } from './code-files.ts';
import type { Tree } from './files-by-pipeline.ts';

/** The code files of a tree that hold another text than the config, which `derived` comes from. Files that are not there count as the same. */
export async function editedCode(tree: Tree, derived: readonly CodeFile[]): Promise<readonly string[]> {
  const edited: string[] = [];
  for (const { path: own, libraryPath, text } of derived) {
    const path = tree.has(libraryPath) ? libraryPath : own;
    const blob = tree.get(path);
    if (blob !== undefined && (await blobIdOf(text, blob)) !== blob) edited.push(path);
  }
  return edited;
}
