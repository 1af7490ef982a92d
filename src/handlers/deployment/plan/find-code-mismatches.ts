import { codeFiles, codeFolder } from '../../../domain/pipeline/code-files.ts';
import { configPath } from '../../../domain/pipeline/config-path.ts';
import { editedCode } from '../../../domain/pipeline/edited-code.ts';
import { codeDisagreements } from '../../../domain/pipeline/embed-code.ts';
import type { GitLabResult, Project } from '../../../domain/gitlab/project.ts';
import type { CommitSha } from '../../../domain/shared/ids.ts';
import { maxConfigBytes } from '../../../domain/pipeline/config.ts';
import type { Tree } from '../../../domain/pipeline/files-by-pipeline.ts';
import { ok } from '../../../domain/shared/result.ts';
import type { BranchPorts } from '../../shared/ports.ts';
import { readConfig } from '../read-versions.ts';

/** What a merge request changes of its pipelines. */
export interface Touched {
  /** The pipelines whose configs it changes, with the files that hold them. */
  readonly configs: ReadonlyMap<string, readonly string[]>;
  /** The changed code files of each pipeline. */
  readonly code: ReadonlyMap<string, readonly string[]>;
}

/** Code files of a pipeline that say something else than its config. */
export interface Disagreement {
  readonly paths: readonly string[];
  /** Whether the merge request edited one of them. */
  readonly isEdited: boolean;
}

/** For more pipelines, reading the whole folder costs less than reading theirs. */
const mostFolders = 20;

/**
 * The pipelines among the touched ones whose code and config disagree at a commit. Costs a call for the tree of each pipeline's code, or of all
 * code, and one for each config; what the code holds its blob ids tell.
 */
export async function findDisagreements(
  ports: BranchPorts,
  project: Project,
  at: CommitSha,
  touched: Touched,
): Promise<GitLabResult<ReadonlyMap<string, Disagreement>>> {
  const names = [...new Set([...touched.configs.keys(), ...touched.code.keys()])];
  const found = new Map<string, Disagreement>();
  if (names.length === 0) return ok(found);
  const folders = new Set(names.flatMap((name) => [codeFolder(name), `code/${name}`]));
  const tree = await ports.gitlab.files(project.id, at, folders.size > mostFolders ? ['code'] : [...folders]);
  if (!tree.ok) return tree;
  for (const name of names) {
    const paths = await disagreeing(ports, { project, at, touched, name, tree: tree.value });
    if (!paths.ok) return paths;
    const edited = new Set(touched.code.get(name));
    if (paths.value.length > 0)
      found.set(name, { paths: paths.value, isEdited: paths.value.some((path) => edited.has(path)) });
  }
  return ok(found);
}

async function disagreeing(
  ports: BranchPorts,
  {
    project,
    at,
    touched,
    name,
    tree,
  }: {
    readonly project: Project;
    readonly at: CommitSha;
    readonly touched: Touched;
    readonly name: string;
    readonly tree: Tree;
  },
): Promise<GitLabResult<readonly string[]>> {
  if (![...tree.keys()].some((path) => path.startsWith('code/'))) return ok([]);
  const [path = configPath(name)] = touched.configs.get(name) ?? [];
  const content = await readConfig(ports, project.id, path, at);
  if (!content.ok)
    return content.failure.kind === 'upstream' ? { ok: false, failure: content.failure.failure } : ok([]);
  if (content.value === undefined) return ok([]);
  const differing = await editedCode(tree, codeFiles(name, content.value));
  const edited = new Set(touched.code.get(name));
  // Editors add line breaks at the end, which do not count.
  const texts = new Map<string, string>();
  for (const code of differing.filter((one) => edited.has(one))) {
    const file = await ports.gitlab.file(project.id, code, at, { mostBytes: maxConfigBytes });
    if (!file.ok) return file;
    if (file.value.kind === 'text') texts.set(code, file.value.text);
  }
  const same = new Set(texts.keys()).difference(new Set(codeDisagreements(name, content.value, texts)));
  return ok(differing.filter((code) => !same.has(code)));
}
