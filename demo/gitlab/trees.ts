import { posix } from 'node:path';
import { runGit } from './git.ts';
import type { ObjectReader } from './object-reader.ts';

export interface TreeEntry {
  readonly mode: string;
  readonly type: 'blob' | 'tree' | 'commit';
  readonly id: string;
  /** From the root of the repository. */
  readonly path: string;
}

/** What a tree holds, in Git's order; with `recursive` the folders' content, too. */
export async function listTree(
  directory: string,
  tree: string,
  recursive: 'recursive' | 'flat',
): Promise<TreeEntry[]> {
  const { output } = await runGit(directory, [
    'ls-tree',
    '-z',
    '--full-tree',
    ...(recursive === 'recursive' ? ['-r', '-t'] : []),
    tree,
  ]);
  return output
    .toString()
    .split('\0')
    .slice(0, -1)
    .map((line) => {
      const tab = line.indexOf('\t');
      const [mode = '', , id = ''] = line.slice(0, tab).split(' ');
      return { mode, type: typeOf(mode), id, path: line.slice(tab + 1) };
    });
}

function typeOf(mode: string): TreeEntry['type'] {
  if (mode === '040000') return 'tree';
  return mode === '160000' ? 'commit' : 'blob';
}

/** The entry of one path, or undefined. */
export async function entryAt(
  objects: ObjectReader,
  commit: string,
  path: string,
): Promise<TreeEntry | undefined> {
  if (!isCleanPath(path)) return undefined;
  const folder = posix.dirname(path);
  const tree = await objects.read(folder === '.' ? `${commit}^{tree}` : `${commit}:${folder}`);
  if (tree?.type !== 'tree') return undefined;
  const name = posix.basename(path);
  return entriesOf(tree.content)
    .map((entry) => (folder === '.' ? entry : { ...entry, path: `${folder}/${entry.path}` }))
    .find((entry) => entry.path === (folder === '.' ? name : `${folder}/${name}`));
}

/** A tree object is a row of `<mode> <name>\0<20 bytes of id>`. */
function entriesOf(tree: Buffer): TreeEntry[] {
  const entries: TreeEntry[] = [];
  let at = 0;
  while (at < tree.length) {
    const space = tree.indexOf(' ', at);
    const end = tree.indexOf('\0', space);
    const mode = tree.toString('utf8', at, space).padStart(6, '0');
    const id = tree.toString('hex', end + 1, end + 21);
    entries.push({ mode, type: typeOf(mode), id, path: tree.toString('utf8', space + 1, end) });
    at = end + 21;
  }
  return entries;
}

/** Whether a repository can hold a file of that path. */
export function isCleanPath(path: string): boolean {
  const segments = path.split('/');
  return (
    !/[\0\n]/.test(path) &&
    segments.every((segment) => !['', '.', '..', '.git'].includes(segment.toLowerCase()))
  );
}
