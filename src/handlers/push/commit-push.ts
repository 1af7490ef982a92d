import { codeFolder } from '../../domain/pipeline/code-files.ts';
import type { CommitStory } from '../../domain/gitlab/commit-message.ts';
import type { CommitSha } from '../../domain/shared/ids.ts';
import { maxConfigBytes } from '../../domain/pipeline/config.ts';
import { filesToRead, planPush, type PushInput, type PushPlan } from '../../domain/push/push-plan.ts';
import type { PushTarget } from '../../domain/push/push-target.ts';
import { asReason, type Reason } from '../../domain/report/reason.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';
import type { CommandContext } from '../commands/command-context.ts';
import { commitChanges, type Committed } from './commit-changes.ts';
import { madeOnto } from '../shared/own-commit.ts';
import type { Configs } from '../aic/read-configs.ts';
import { undeployed } from './undeployed-pipelines.ts';
import { keyOfWorkspace } from '../shared/workspace-key.ts';

/** What is to be pushed, and what the workspace holds of it. */
export interface PushWish {
  readonly target: PushTarget;
  /** Empty: all. */
  readonly pipelines: readonly string[];
  readonly prune: boolean;
  readonly pulled: Configs;
}

export interface WrittenPush extends Committed {
  readonly plan: PushPlan;
  /** Where the branch stood before. */
  readonly before: CommitSha;
  readonly isNew: boolean;
}

/** For so few pipelines their folders are listed one by one instead of all code. */
const fewPipelines = 10;
/** The parts of one push: more than GitLab's limits can ask for. */
const mostParts = 100;

/**
 * Compares the branch with what the workspace holds, and commits the difference. Where nothing differs because this request's commits are there
 * already, from a run that was cut off, these are what was written.
 */
export async function writePush(
  context: CommandContext,
  wish: PushWish,
): Promise<Result<WrittenPush | 'moved', Reason>> {
  const { ports, project } = context;
  const { target } = wish;
  const own = asReason(await ports.gitlab.head(project.id, target.branch));
  if (!own.ok) return own;
  const isNew = own.value === undefined;
  const cutFrom = target.cutFrom ?? project.defaultBranch ?? 'HEAD';
  const begins = isNew ? asReason(await ports.gitlab.head(project.id, cutFrom)) : own;
  if (!begins.ok) return begins;
  if (begins.value === undefined) return fail({ kind: 'empty-repository' });
  const before = begins.value;
  const plan = await planAt(context, wish, before);
  if (!plan.ok) return plan;
  if (plan.value.changes.length === 0 && !isNew)
    return writtenEarlier(context, wish, { before, plan: plan.value });
  const made = await commitChanges(ports, {
    projectId: project.id,
    branch: target.branch,
    onto: before,
    isNew,
    story: storyOf(context, target, plan.value),
    changes: plan.value.changes,
  });
  if (!made.ok) return fail({ kind: 'upstream', failure: made.failure });
  return ok(made.value === 'moved' ? 'moved' : { plan: plan.value, ...made.value, before, isNew });
}

async function writtenEarlier(
  context: CommandContext,
  wish: PushWish,
  { before: head, plan }: { readonly before: CommitSha; readonly plan: PushPlan },
): Promise<Result<WrittenPush, Reason>> {
  const { ports, project, request } = context;
  const key = { projectId: project.id, branch: wish.target.branch };
  const commits: CommitSha[] = [];
  let before = head;
  while (commits.length < mostParts) {
    const onto = await madeOnto(ports, key, { commit: before, request });
    if (!onto.ok) return onto;
    if (onto.value === undefined) break;
    commits.unshift(before);
    before = onto.value;
  }
  if (commits.length === 0) return ok({ plan, commits, directly: true, before, isNew: false });
  const then = await planAt(context, wish, before);
  return then.ok ? ok({ plan: then.value, commits, directly: true, before, isNew: false }) : then;
}

/** What the push would write onto this commit. */
async function planAt(
  context: CommandContext,
  wish: PushWish,
  at: CommitSha,
): Promise<Result<PushPlan, Reason>> {
  const { ports, project } = context;
  const { target, pulled, pipelines, prune } = wish;
  const tree = asReason(await ports.gitlab.files(project.id, at, foldersOf(pipelines)));
  if (!tree.ok) return tree;
  const names = pulled.pulled.map(({ name }) => name);
  const waiting = await undeployed(ports, { projectId: project.id, branch: target.branch }, at);
  if (!waiting.ok) return waiting;
  const input: PushInput = {
    tree: tree.value,
    pulled: pulled.pulled,
    failed: pulled.failed,
    titles: pipelines.length === 0 ? pulled.titles : undefined,
    prune,
    undeployed: waiting.value,
    variables: [...target.workspace.variables.keys()],
    known: await ports.store.baselines(keyOfWorkspace(ports, project.id, target.workspace), names),
  };
  const read = await readFiles(context, await filesToRead(input), at);
  return read.ok ? ok(await planPush(input, read.value)) : read;
}

function foldersOf(pipelines: readonly string[]): readonly string[] {
  // The library encoded nothing: where that makes a difference, its folder is another one.
  const isPlain = pipelines.every((name) => codeFolder(name) === `code/${name}`);
  const few = pipelines.length > 0 && pipelines.length <= fewPipelines && isPlain;
  return ['config', ...(few ? pipelines.map(codeFolder) : ['code'])];
}

/** A file that can't be read as text is written anew: what is not a config any more counts as empty. */
async function readFiles(
  { ports, project }: CommandContext,
  paths: readonly string[],
  at: CommitSha,
): Promise<Result<ReadonlyMap<string, string>, Reason>> {
  const texts = new Map<string, string>();
  const files = await Promise.all(
    paths.map(async (path) => ({
      path,
      file: asReason(await ports.gitlab.file(project.id, path, at, { mostBytes: maxConfigBytes })),
    })),
  );
  for (const { path, file } of files) {
    if (!file.ok) return file;
    texts.set(path, file.value.kind === 'text' ? file.value.text : '');
  }
  return ok(texts);
}

function storyOf({ asker, request }: CommandContext, { workspace }: PushTarget, plan: PushPlan): CommitStory {
  const pipelines = plan.items.flatMap((item) =>
    item.kind === 'new' || item.kind === 'changed' || item.kind === 'pruned' ? [item.pipeline] : [],
  );
  return {
    verb: 'Push',
    pipelines,
    from: workspace.name,
    origin: `the AIC workspace ${workspace.name}`,
    by: `${asker.name} (${asker.username})`,
    asker: asker.username,
    request,
  };
}
