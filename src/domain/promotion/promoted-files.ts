import type { BlobId } from '../pipeline/blob-id.ts';
import { isExtracted, pipelineOfCodePath } from '../pipeline/code-files.ts';
import { isConfigPath, pipelineName } from '../pipeline/config-path.ts';
import { pipelineFilesIn, type Tree } from '../pipeline/files-by-pipeline.ts';

/** One file of a promotion: what it becomes on its branch. */
export type PromotedFile =
  | { readonly kind: 'create' | 'update'; readonly path: string; readonly blob: BlobId }
  | { readonly kind: 'delete'; readonly path: string };

/** The pipelines whose config a tree holds. */
export function pipelinesIn(tree: Tree): readonly string[] {
  return [...pipelineFilesIn(tree)].flatMap(([name, paths]) => (paths.some(isConfigPath) ? [name] : []));
}

/**
 * What makes the chosen pipelines on a branch as they are in the source, by pipeline: their config and code, and none of their configs and extracted
 * files that the source does not have. Every other file stays as it is, byte for byte.
 */
export function promotedFiles(
  source: Tree,
  branch: Tree,
  chosen: readonly string[],
): ReadonlyMap<string, readonly PromotedFile[]> {
  const [wanted, there] = [pipelineFilesIn(source), pipelineFilesIn(branch)];
  const changed = new Map<string, readonly PromotedFile[]>();
  for (const name of new Set(chosen)) {
    const paths = (wanted.get(name) ?? []).filter(isOurs);
    const written = paths.flatMap((path): readonly PromotedFile[] => {
      const [blob, old] = [source.get(path), branch.get(path)];
      if (blob === undefined || blob === old) return [];
      return [{ kind: old === undefined ? 'create' : 'update', path, blob }];
    });
    const kept = new Set(paths);
    const gone = (there.get(name) ?? []).filter((path) => isOurs(path) && !kept.has(path));
    const files = [...written, ...gone.map((path): PromotedFile => ({ kind: 'delete', path }))];
    if (files.length > 0) changed.set(name, files);
  }
  return changed;
}

/** What a push writes and deletes; other files beside them are somebody's own. */
function isOurs(path: string): boolean {
  return isConfigPath(path) || isExtracted(path);
}

/**
 * The paths that are no part of the chosen pipelines, neither config nor code.
 * @param chosen empty: every pipeline
 */
export function besides(paths: readonly string[], chosen: readonly string[]): readonly string[] {
  return paths.filter((path) => {
    const name = pipelineName(path) ?? pipelineOfCodePath(path);
    return name === undefined || (chosen.length > 0 && !chosen.includes(name));
  });
}

/** A pipeline that a branch brings, compared with where it parted from its target. */
export interface Brought {
  readonly pipeline: string;
  readonly kind: 'new' | 'changed' | 'removed';
  /** Where its config is on the branch; undefined for one that is removed. */
  readonly config: string | undefined;
  /** Files with code that differ. */
  readonly code: number;
}

/** The pipelines in which two trees differ, in the order of their names. */
export function broughtBetween(before: Tree, after: Tree): readonly Brought[] {
  const [old, now] = [pipelineFilesIn(before), pipelineFilesIn(after)];
  return [...new Set([...old.keys(), ...now.keys()])].toSorted().flatMap((pipeline) => {
    const [had, has] = [old.get(pipeline) ?? [], now.get(pipeline) ?? []];
    const differing = [...new Set([...had, ...has])].filter((path) => before.get(path) !== after.get(path));
    if (differing.length === 0) return [];
    const config = has.find(isConfigPath);
    const hadConfig = had.some(isConfigPath);
    const isRemoved = config === undefined && hadConfig;
    const kind = isRemoved ? 'removed' : config !== undefined && !hadConfig ? 'new' : 'changed';
    return [{ pipeline, kind, config, code: differing.filter((path) => !isConfigPath(path)).length }];
  });
}

/**
 * The pipelines that a branch brings and that its target changed as well since the two parted: there git may find a conflict.
 * @param base where they parted
 */
export function clashesOf(
  base: Tree,
  { branch, target }: { readonly branch: Tree; readonly target: Tree },
): readonly string[] {
  return broughtBetween(base, branch).flatMap(({ pipeline }) => {
    const paths = [base, branch, target].flatMap((tree) => pipelineFilesIn(tree).get(pipeline) ?? []);
    const clashes = paths.some((path) => {
      const [was, ours, theirs] = [base.get(path), branch.get(path), target.get(path)];
      return ours !== was && theirs !== was && ours !== theirs;
    });
    return clashes ? [pipeline] : [];
  });
}
