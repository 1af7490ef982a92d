import type { FileChange } from './commit-writer.ts';
import { lastChange } from './commits.ts';
import type { ObjectReader } from './object-reader.ts';
import { nestedParams, type Params } from './params.ts';
import type { Project } from './project.ts';
import { badParameter, refused } from './refusal.ts';
import { isCleanPath, listTree } from './trees.ts';

/** One of the actions of a commit. */
export interface CommitAction {
  readonly action: 'create' | 'update' | 'move' | 'delete' | 'chmod';
  readonly path: string;
  /** Only of a move. */
  readonly previousPath: string | undefined;
  /** Undefined where the content stays. */
  readonly content: Buffer | undefined;
  readonly executable: boolean | undefined;
  /** Refuse when the file was changed after this commit. */
  readonly lastCommit: string | undefined;
}

const actionNames = ['create', 'update', 'move', 'delete', 'chmod'] as const;

/** Reads the `actions` of a call; throws a 400 that names the first mistake. */
export function readActions(params: Params): CommitAction[] {
  const list = params.list('actions');
  if (list === undefined) throw badParameter('actions is missing');
  return list.map((value) => {
    const one = nestedParams(value, 'actions');
    const given = one.text('action');
    const action = actionNames.find((name) => name === given);
    if (given === undefined) throw badParameter('actions[0][action] is missing');
    if (action === undefined) throw badParameter('actions[0][action] does not have a valid value');
    const path = one.text('file_path');
    if (path === undefined) throw badParameter('actions[0][file_path] is missing');
    const previousPath = one.text('previous_path');
    if (action === 'move' && previousPath === undefined)
      throw badParameter('actions[0][previous_path] is missing');
    if (action === 'update' && !one.has('content')) throw badParameter('actions[0][content] is missing');
    const executable = one.flag('execute_filemode');
    if (action === 'chmod' && executable === undefined)
      throw badParameter('actions[0][execute_filemode] is missing');
    return {
      action,
      path,
      previousPath,
      content: readContent(one, action === 'create' ? '' : undefined),
      executable,
      lastCommit: one.text('last_commit_id'),
    };
  });
}

/** The `content` in its `encoding`. */
export function readContent(params: Params, otherwise?: string): Buffer | undefined {
  const content = params.text('content') ?? otherwise;
  if (content === undefined) return undefined;
  const encoding = params.text('encoding') ?? 'text';
  if (encoding !== 'text' && encoding !== 'base64')
    throw badParameter('encoding does not have a valid value');
  return Buffer.from(content, encoding === 'text' ? 'utf8' : 'base64');
}

interface File {
  readonly mode: string;
  /** Undefined for a file that an earlier action of the same commit wrote. */
  readonly blob: string | undefined;
  readonly content: Buffer | undefined;
}

/** What the actions change, in their order; refuses what does not fit the files of the parent. */
export async function applyActions(
  project: Project,
  parent: string | undefined,
  actions: readonly CommitAction[],
): Promise<FileChange[]> {
  const { directory, objects } = project.repository;
  const files = new Map<string, File>();
  for (const { type, path, mode, id } of parent === undefined
    ? []
    : await listTree(directory, parent, 'recursive'))
    if (type !== 'tree') files.set(path, { mode, blob: id, content: undefined });

  const changes: FileChange[] = [];
  const write = (path: string, file: File): void => {
    files.set(path, file);
    if (file.content !== undefined)
      changes.push({ kind: 'write', path, content: file.content, mode: file.mode });
    else if (file.blob !== undefined) changes.push({ kind: 'place', path, blob: file.blob, mode: file.mode });
  };
  const remove = (path: string): void => {
    files.delete(path);
    changes.push({ kind: 'remove', path });
  };

  for (const { action, path, previousPath, content, executable, lastCommit } of actions) {
    if (!isCleanPath(path)) throw refused(400, `Invalid path: ${path}`);
    const oldPath = previousPath ?? path;
    if (lastCommit !== undefined) await refuseIfChanged(objects, parent, oldPath, lastCommit);
    const old = files.get(action === 'move' ? oldPath : path);
    if (action !== 'create' && old === undefined) throw refused(400, "A file with this name doesn't exist");
    if ((action === 'create' || action === 'move') && files.has(path))
      throw refused(400, 'A file with this name already exists');
    const mode = executable === undefined ? (old?.mode ?? '100644') : executable ? '100755' : '100644';
    if (action === 'delete') {
      remove(path);
      continue;
    }
    if (action === 'move') remove(oldPath);
    write(path, { mode, blob: old?.blob, content: content ?? old?.content });
  }
  return changes;
}

/** Compares the last change of the file on the branch with the one as of the given commit; where either is missing, nothing changed. */
async function refuseIfChanged(
  objects: ObjectReader,
  parent: string | undefined,
  path: string,
  asOf: string,
): Promise<void> {
  if (parent === undefined || (await objects.read(`${asOf}^{commit}`)) === undefined) return;
  const [now, then] = [await lastChange(objects, parent, path), await lastChange(objects, asOf, path)];
  if (now !== undefined && then !== undefined && now !== then)
    throw refused(400, `The file has changed since you started editing it: ${path}`);
}
