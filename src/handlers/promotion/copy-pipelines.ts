import type { BlobId } from '../../domain/pipeline/blob-id.ts';
import type { CommitSha } from '../../domain/shared/ids.ts';
import { unknownNames, type Unknown } from '../../domain/shared/suggest-names.ts';
import { pipelinesIn, promotedFiles, type PromotedFile } from '../../domain/promotion/promoted-files.ts';
import type { Promotion } from '../../domain/promotion/promotion.ts';
import { asReason, type Reason } from '../../domain/report/reason.ts';
import type { FileChange } from '../../domain/gitlab/repository.ts';
import { allOk, fail, ok, type Result } from '../../domain/shared/result.ts';
import type { CommandContext } from '../commands/command-context.ts';
import { commitChanges } from '../push/commit-changes.ts';
import { isPipelineAhead, type BranchTree } from './is-pipeline-ahead.ts';
import { readTexts } from '../push/read-exact-files.ts';

/** How bringing pipelines to a branch ended. */
export type Bringing =
  | { readonly kind: 'brought' }
  | { readonly kind: 'unknown'; readonly unknown: Unknown }
  /** The target, or the promotion's own branch, has changes of these pipelines that the source never had. */
  | { readonly kind: 'ahead'; readonly branch: string; readonly pipelines: readonly string[] }
  | { readonly kind: 'moved' };

/** So often it begins anew because somebody committed meanwhile. */
const mostTries = 5;
const folders = ['config', 'code'];

/**
 * Makes the chosen pipelines on the promotion's branch as they stand on its source, in one commit. A branch that does not exist is cut from the
 * target's head. Nothing is written where nothing differs.
 * @param force whether changes that only the target or the branch has are overwritten
 */
export async function bringPipelines(
  context: CommandContext,
  promotion: Promotion,
  force: boolean,
): Promise<Result<Bringing, Reason>> {
  for (let tries = 1; tries <= mostTries; tries += 1) {
    const brought = await bring(context, promotion, force);
    if (!brought.ok || brought.value.kind !== 'moved') return brought;
  }
  return ok({ kind: 'moved' });
}

async function bring(
  context: CommandContext,
  promotion: Promotion,
  force: boolean,
): Promise<Result<Bringing, Reason>> {
  const { ports, project, asker, request } = context;
  const { source, target, branch } = promotion;
  const [from, into, own] = await Promise.all([source, target, branch].map((name) => treeOf(context, name)));
  if (!from?.ok) return fail(from?.failure ?? { kind: 'no-branch', branch: source });
  if (!into?.ok) return fail(into?.failure ?? { kind: 'no-branch', branch: target });
  if (own?.ok === false && own.failure.kind !== 'no-branch') return own;
  const there = own?.ok === true ? own.value : into.value;

  const known = pipelinesIn(from.value.tree);
  const unknown = unknownNames(promotion.pipelines, known);
  if (unknown.length > 0) return ok({ kind: 'unknown', unknown });
  const chosen = promotion.pipelines.length === 0 ? known : promotion.pipelines;
  const overwritten = [
    { name: target, tree: into.value },
    ...(own?.ok === true ? [{ name: branch, tree: own.value }] : []),
  ];
  for (const { name, tree } of force ? [] : overwritten) {
    const ahead = await aheadOf(context, { from: from.value, into: tree, chosen });
    if (!ahead.ok) return ahead;
    if (ahead.value.length > 0) return ok({ kind: 'ahead', branch: name, pipelines: ahead.value });
  }

  const files = promotedFiles(from.value.tree, there.tree, chosen);
  const changes = await changesOf(context, from.value.head, files);
  if (!changes.ok) return changes;
  const made = await commitChanges(ports, {
    projectId: project.id,
    branch,
    onto: there.head,
    isNew: own?.ok !== true,
    story: {
      verb: 'Bring',
      pipelines: [...files.keys()],
      from: source,
      origin: `${source} at ${from.value.head}`,
      by: `${asker.name} (${asker.username})`,
      asker: asker.username,
      request,
    },
    changes: changes.value,
  });
  if (!made.ok) return fail({ kind: 'upstream', failure: made.failure });
  return ok({ kind: made.value === 'moved' ? 'moved' : 'brought' });
}

/** A branch as it stands. */
async function treeOf(
  { ports, project }: CommandContext,
  branch: string,
): Promise<Result<BranchTree, Reason>> {
  const head = asReason(await ports.gitlab.head(project.id, branch));
  if (!head.ok) return head;
  if (head.value === undefined) return fail({ kind: 'no-branch', branch });
  const tree = asReason(await ports.gitlab.files(project.id, head.value, folders));
  if (!tree.ok) return tree;
  return ok({ head: head.value, tree: tree.value });
}

/** The chosen pipelines of which the target has something that the source never had. */
async function aheadOf(
  context: CommandContext,
  {
    from,
    into,
    chosen,
  }: { readonly from: BranchTree; readonly into: BranchTree; readonly chosen: readonly string[] },
): Promise<Result<readonly string[], Reason>> {
  const differing = [...promotedFiles(from.tree, into.tree, chosen).keys()];
  const ahead = await allOk(
    differing.map(async (pipeline): Promise<Result<readonly string[], Reason>> => {
      const isAhead = await isPipelineAhead(context, { from, into, pipeline });
      return isAhead.ok ? ok(isAhead.value ? [pipeline] : []) : isAhead;
    }),
  );
  return ahead.ok ? ok(ahead.value.flat()) : ahead;
}

/** The changes of each pipeline with the texts of the source. */
async function changesOf(
  { ports, project }: CommandContext,
  at: CommitSha,
  files: ReadonlyMap<string, readonly PromotedFile[]>,
): Promise<Result<readonly (readonly FileChange[])[], Reason>> {
  const all = [...files.values()];
  const wanted = new Map<string, BlobId>(
    all.flat().flatMap((file) => (file.kind === 'delete' ? [] : [[file.path, file.blob] as const])),
  );
  const texts = await readTexts(ports, project.id, at, wanted);
  if (!texts.ok) return texts;
  return ok(
    all.map((pipeline) =>
      pipeline.map((file): FileChange =>
        file.kind === 'delete'
          ? file
          : { kind: file.kind, path: file.path, content: texts.value.get(file.path) ?? '' },
      ),
    ),
  );
}
