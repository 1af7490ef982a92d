import { blobIdOf, type BlobId } from '../pipeline/blob-id.ts';
import { codeFiles, isExtracted, type CodeFile } from '../pipeline/code-files.ts';
import { configPath, isConfigPath } from '../pipeline/config-path.ts';
import { fingerprintOf, type Fingerprint } from '../pipeline/fingerprint.ts';
import { parseConfig, writeConfig, type Content } from '../pipeline/config.ts';
import { pipelineFilesIn, type PipelineFiles, type Tree } from '../pipeline/files-by-pipeline.ts';
import type { Reason } from '../report/reason.ts';
import type { FileChange } from '../gitlab/repository.ts';
import type { Baseline } from '../store/state.ts';
import { withGitValues } from '../pipeline/workspace-variables.ts';

/** A pipeline as the workspace holds it. */
export interface Pulled {
  readonly name: string;
  readonly content: Content;
  readonly fingerprint: Fingerprint;
}

/** What a push compares. */
export interface PushInput {
  /** The files under `config/` and `code/` of the branch. */
  readonly tree: Tree;
  readonly pulled: readonly Pulled[];
  /** What the workspace holds could not be had for these. */
  readonly failed: readonly { readonly name: string; readonly reason: Reason }[];
  /** The names of all pipelines of the workspace; undefined when only some are pushed. */
  readonly titles: ReadonlySet<string> | undefined;
  /** Whether configs of pipelines that the workspace no longer has are deleted. */
  readonly prune: boolean;
  /** The pipelines of which the branch holds something that the workspace never had. */
  readonly undeployed: ReadonlySet<string>;
  /** The ids of the variables whose values belong to the workspace, and for which Git's values stay. */
  readonly variables: readonly string[];
  /** What the last push or deployment recorded. */
  readonly known: ReadonlyMap<string, Baseline>;
}

/** One pipeline in a push. */
export type PushItem = { readonly pipeline: string } & (
  | {
      readonly kind: 'new' | 'changed' | 'unchanged';
      /** Files with code that are written or deleted. */
      readonly code: number;
      /** Whether it replaces something that the workspace never had. */
      readonly replacesUndeployed: boolean;
    }
  /** The workspace no longer has it; its config stays (`gone`) or is deleted (`pruned`). */
  | { readonly kind: 'gone' | 'pruned' }
  /** The branch has it, and the workspace not yet. */
  | { readonly kind: 'undeployed' }
  | { readonly kind: 'failed'; readonly reason: Reason }
);

export interface PushPlan {
  readonly items: readonly PushItem[];
  /** The changes of each pipeline that has any. */
  readonly changes: readonly (readonly FileChange[])[];
  /** What the workspace and the branch then hold. */
  readonly baselines: ReadonlyMap<string, Baseline>;
}

/**
 * The config files whose content decides: those that the bot did not write last, such as the Python library's, and whose blob is not the one
 * that would be written; and those that hold Git's values of variables. Nothing else is read to find out what changed.
 */
export async function filesToRead(input: PushInput): Promise<readonly string[]> {
  const files = pipelineFilesIn(input.tree);
  const unclear = await Promise.all(
    input.pulled.map(async (pipeline) => {
      const [path, ...others] = configsOf(files, pipeline.name);
      if (path === undefined || others.length > 0) return [];
      return (await compare(input, pipeline, path)) === 'unclear' ? [path] : [];
    }),
  );
  return unclear.flat();
}

/**
 * What a push writes.
 * @param read the texts of the files that `filesToRead` names
 */
export async function planPush(input: PushInput, read: ReadonlyMap<string, string>): Promise<PushPlan> {
  const files = pipelineFilesIn(input.tree);
  const planned = await Promise.all(
    input.pulled.map((pipeline) => planOne(input, files, { pipeline, read })),
  );
  const gone = goneFrom(input, files);
  const failed = input.failed.map(({ name, reason }): Planned => ({
    item: { pipeline: name, kind: 'failed', reason },
    changes: [],
    baseline: undefined,
  }));
  const all = [...planned, ...gone, ...failed];
  return {
    items: all.map(({ item }) => item),
    changes: all.map(({ changes }) => changes).filter((changes) => changes.length > 0),
    baselines: new Map(
      all.flatMap(({ item, baseline }) => (baseline === undefined ? [] : [[item.pipeline, baseline]])),
    ),
  };
}

interface Planned {
  readonly item: PushItem;
  readonly changes: readonly FileChange[];
  readonly baseline: Baseline | undefined;
}

async function planOne(
  input: PushInput,
  files: PipelineFiles,
  { pipeline, read }: { readonly pipeline: Pulled; readonly read: ReadonlyMap<string, string> },
): Promise<Planned> {
  const { name, fingerprint } = pipeline;
  const [existing, ...others] = configsOf(files, name);
  if (existing !== undefined && others.length > 0) {
    const reason: Reason = { kind: 'two-files', paths: [existing, ...others] };
    return { item: { pipeline: name, kind: 'failed', reason }, changes: [], baseline: undefined };
  }
  const path = existing ?? configPath(name);
  const isNew = existing === undefined;
  const differs = isNew ? 'different' : await compare(input, pipeline, path);
  const text = differs === 'equal' ? undefined : await configText(input, pipeline, read.get(path));
  const config: readonly FileChange[] =
    text === undefined ? [] : [{ kind: isNew ? 'create' : 'update', path, content: text }];
  const code = await codeChanges(input.tree, files.get(name) ?? [], codeFiles(name, pipeline.content));
  const blob = config.length === 0 ? input.tree.get(path) : await blobIdOf(text ?? '', anyOf(input.tree));
  const kind = isNew ? 'new' : config.length + code.length > 0 ? 'changed' : 'unchanged';
  return {
    item: {
      pipeline: name,
      kind,
      code: code.length,
      replacesUndeployed: kind === 'changed' && input.undeployed.has(name),
    },
    changes: [...config, ...code],
    baseline: { fingerprint, blob },
  };
}

/** The text to write; undefined where the file says the same already. */
async function configText(
  { variables }: PushInput,
  { name, content }: Pulled,
  written: string | undefined,
): Promise<string | undefined> {
  if (written === undefined) return writeConfig(name, content);
  const git = parseConfig(written);
  if (!git.ok) return writeConfig(name, content);
  const wanted = withGitValues(content, git.value, variables);
  const isSame = (await fingerprintOf(wanted)) === (await fingerprintOf(git.value));
  return isSame ? undefined : writeConfig(name, wanted);
}

/** What blob ids and the record tell of a config file; `unclear` where only its content can. */
async function compare(
  { tree, known, variables }: PushInput,
  { name, content, fingerprint }: Pulled,
  path: string,
): Promise<'equal' | 'different' | 'unclear'> {
  const blob = tree.get(path);
  const recorded = known.get(name);
  const isRecorded = recorded?.blob !== undefined && recorded.blob === blob;
  if (isRecorded && recorded.fingerprint === fingerprint) return 'equal';
  if ((await blobIdOf(writeConfig(name, content), blob)) === blob) return 'equal';
  return isRecorded && variables.length === 0 ? 'different' : 'unclear';
}

/** Writes what differs and deletes what no task makes any more. Files that were not extracted are left alone. */
async function codeChanges(
  tree: Tree,
  there: readonly string[],
  wanted: readonly CodeFile[],
): Promise<readonly FileChange[]> {
  const kept = new Set<string>();
  const written = await Promise.all(
    wanted.map(async ({ path: own, libraryPath, text }): Promise<readonly FileChange[]> => {
      const path = tree.has(libraryPath) ? libraryPath : own;
      kept.add(path);
      const blob = tree.get(path);
      if (blob === undefined) return [{ kind: 'create', path, content: text }];
      return (await blobIdOf(text, blob)) === blob ? [] : [{ kind: 'update', path, content: text }];
    }),
  );
  const gone = there.filter((path) => isExtracted(path) && !kept.has(path));
  return [...written.flat(), ...gone.map((path): FileChange => ({ kind: 'delete', path }))];
}

function goneFrom({ titles, prune, tree, undeployed }: PushInput, files: PipelineFiles): readonly Planned[] {
  if (titles === undefined) return [];
  return [...files]
    .filter(([name]) => !titles.has(name) && configsOf(files, name).length > 0)
    .map(([pipeline, paths]) => ({
      item: { pipeline, kind: undeployed.has(pipeline) ? 'undeployed' : prune ? 'pruned' : 'gone' },
      changes:
        prune && !undeployed.has(pipeline)
          ? paths
              .filter((path) => tree.has(path) && (isExtracted(path) || !path.startsWith('code/')))
              .map((path) => ({ kind: 'delete', path }))
          : [],
      baseline: undefined,
    }));
}

function configsOf(files: PipelineFiles, name: string): readonly string[] {
  return (files.get(name) ?? []).filter(isConfigPath);
}

/** Any id of the repository, which tells its digest. */
function anyOf(tree: Tree): BlobId | undefined {
  for (const id of tree.values()) return id;
  return undefined;
}
