import { backMergeTargets } from '../../domain/promotion/back-merge.ts';
import { candidatesIn } from '../../domain/deployment/decide-deployment.ts';
import { asReason, type Reason } from '../../domain/report/reason.ts';
import { ok, type Result } from '../../domain/shared/result.ts';
import type { Lack } from '../../domain/deployment/reports/status-report.ts';
import type { CommandContext } from '../commands/command-context.ts';
import { isPipelineAhead, type BranchTree } from './is-pipeline-ahead.ts';

/** So many differing pipelines are looked at for each branch: each takes some calls. */
const mostLookedAt = 30;

/**
 * What the production branch has, and the branches of the other roles never had. Costs the trees of these branches, and some calls for each pipeline that differs
 * between them.
 */
export async function lackingIn(context: CommandContext): Promise<Result<readonly Lack[], Reason>> {
  const { mapping } = context;
  const { production } = mapping.roles;
  if (!mapping.exact.has(production)) return ok([]);
  const into = await treeOf(context, production);
  if (!into.ok) return into;
  const found: Lack[] = [];
  for (const branch of into.value === undefined ? [] : backMergeTargets(mapping)) {
    const from = await treeOf(context, branch);
    if (!from.ok) return from;
    if (from.value === undefined || into.value === undefined) continue;
    const differing = differingIn(into.value, from.value);
    const pipelines: string[] = [];
    for (const pipeline of differing.slice(0, mostLookedAt)) {
      const isAhead = await lacks(context, { from: from.value, into: into.value, pipeline });
      if (!isAhead.ok) return isAhead;
      if (isAhead.value) pipelines.push(pipeline);
    }
    const isCut = differing.length > mostLookedAt;
    if (pipelines.length > 0) found.push({ production, branch, pipelines, isCut });
  }
  return ok(found);
}

async function treeOf(
  { ports, project }: CommandContext,
  branch: string,
): Promise<Result<BranchTree | undefined, Reason>> {
  const head = asReason(await ports.gitlab.head(project.id, branch));
  if (!head.ok) return head;
  if (head.value === undefined) return ok(undefined);
  const tree = asReason(await ports.gitlab.files(project.id, head.value, ['config']));
  return tree.ok ? ok({ head: head.value, tree: tree.value }) : tree;
}

/** The pipelines of production whose files are not the same on the branch. */
function differingIn(into: BranchTree, from: BranchTree): readonly string[] {
  return candidatesIn([...into.tree.keys()])
    .filter(({ paths }) => paths.some((path) => from.tree.get(path) !== into.tree.get(path)))
    .map(({ name }) => name);
}

/** Whether the branch never had production's version, or never had the pipeline. */
async function lacks(
  context: CommandContext,
  {
    from,
    into,
    pipeline,
  }: { readonly from: BranchTree; readonly into: BranchTree; readonly pipeline: string },
): Promise<Result<boolean, Reason>> {
  const [path] = candidatesIn([...into.tree.keys()]).find(({ name }) => name === pipeline)?.paths ?? [];
  if (path === undefined) return ok(false);
  if (from.tree.has(path)) return isPipelineAhead(context, { from, into, pipeline });
  const { ports, project } = context;
  const commits = asReason(await ports.gitlab.history(project.id, from.head, path, 1));
  return commits.ok ? ok(commits.value.length === 0) : commits;
}
