import { codeFiles } from '../../domain/pipeline/code-files.ts';
import { isConfigPath } from '../../domain/pipeline/config-path.ts';
import { editedCode } from '../../domain/pipeline/edited-code.ts';
import type { CommitSha } from '../../domain/shared/ids.ts';
import { maxConfigBytes, parseConfig } from '../../domain/pipeline/config.ts';
import { pipelineFilesIn, type Tree } from '../../domain/pipeline/files-by-pipeline.ts';
import { asReason, type Reason } from '../../domain/report/reason.ts';
import { ok, type Result } from '../../domain/shared/result.ts';
import type { CommandContext } from '../commands/command-context.ts';
import { hadVersion } from './had-version.ts';

/** A branch with its files under `config/` and `code/`. */
export interface BranchTree {
  readonly head: CommitSha;
  readonly tree: Tree;
}

/**
 * Whether the target's config is none that the source ever had, or the same of its code. Code is looked at only where somebody edited it: what
 * the bot wrote is what the config holds.
 */
export async function isPipelineAhead(
  context: CommandContext,
  {
    from,
    into,
    pipeline,
  }: { readonly from: BranchTree; readonly into: BranchTree; readonly pipeline: string },
): Promise<Result<boolean, Reason>> {
  const source = pipelineFilesIn(from.tree).get(pipeline)?.find(isConfigPath);
  const target = pipelineFilesIn(into.tree).get(pipeline)?.find(isConfigPath);
  if (source === undefined || target === undefined) return ok(false);
  const text = await textAt(context, target, into.head);
  if (!text.ok) return text;
  const content = text.value === undefined ? undefined : parseConfig(text.value);
  const edited = content?.ok === true ? await editedCode(into.tree, codeFiles(pipeline, content.value)) : [];
  for (const paths of [{ source, target }, ...edited.map((path) => ({ source: path, target: path }))]) {
    if (from.tree.get(paths.source) === into.tree.get(paths.target)) continue;
    const isAhead = await isFileAhead(context, { ...paths, from: from.head, into: into.head });
    if (!isAhead.ok || isAhead.value) return isAhead;
  }
  return ok(false);
}

async function isFileAhead(
  context: CommandContext,
  file: {
    readonly source: string;
    readonly target: string;
    readonly from: CommitSha;
    readonly into: CommitSha;
  },
): Promise<Result<boolean, Reason>> {
  const { ports, project } = context;
  const text = await textAt(context, file.target, file.into);
  if (!text.ok) return text;
  if (text.value === undefined) return ok(true);
  const branch = { head: file.from, path: file.source };
  const had = asReason(await hadVersion(ports, project.id, branch, text.value));
  return had.ok ? ok(!had.value) : had;
}

/** Undefined for a file that is too large to be read. */
async function textAt(
  { ports, project }: CommandContext,
  path: string,
  at: CommitSha,
): Promise<Result<string | undefined, Reason>> {
  const file = asReason(await ports.gitlab.file(project.id, path, at, { mostBytes: maxConfigBytes }));
  return file.ok ? ok(file.value.kind === 'text' ? file.value.text : undefined) : file;
}
