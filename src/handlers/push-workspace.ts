import { codeFolder } from '../domain/code-files.ts';
import { failure, refusal, unknownPipelines } from '../domain/command-answer.ts';
import type { CommitStory } from '../domain/commit-message.ts';
import type { CommitSha } from '../domain/ids.ts';
import { phrase } from '../domain/phrase.ts';
import { maxConfigBytes } from '../domain/pipeline-config.ts';
import { filesToRead, planPush, type PushInput, type PushItem, type PushPlan } from '../domain/push-plan.ts';
import { pushedMail, pushedReport } from '../domain/pushed-report.ts';
import type { PushTarget } from '../domain/push-target.ts';
import { isStop, type Reason } from '../domain/reason.ts';
import type { Report } from '../domain/report.ts';
import { fail, ok, type Result } from '../domain/result.ts';
import type { BranchState, WaitingDelivery } from '../domain/store.ts';
import type { CommandContext, Ended } from './command-context.ts';
import { commitChanges, type Committed } from './commit-changes.ts';
import { readConfigs, type Configs } from './read-configs.ts';
import { keyOfWorkspace } from './workspace-key.ts';

interface Wish {
  /** Empty: all. */
  readonly pipelines: readonly string[];
  readonly prune: boolean;
}

/** So often a push begins anew because somebody committed meanwhile. */
const mostTries = 5;
/** For so few pipelines their folders are listed one by one instead of all code. */
const fewPipelines = 10;

/** What a push wrote, or how else it ended. */
export type Pushed =
  | {
      readonly kind: 'pushed';
      readonly items: readonly PushItem[];
      readonly report: Report;
    }
  | Ended;

/** Writes what a workspace holds to its branch, and answers with a report. */
export async function pushWorkspace(context: CommandContext, target: PushTarget, wish: Wish): Promise<Ended> {
  const pushed = await push(context, target, wish);
  if (pushed.kind !== 'pushed') return pushed;
  return answer(pushed.report, !pushed.items.some(({ kind }) => kind === 'failed'));
}

/** Writes what a workspace holds to its branch. A branch that moves meanwhile is read again. */
export async function push(context: CommandContext, target: PushTarget, wish: Wish): Promise<Pushed> {
  const { ports, project } = context;
  const key = keyOfWorkspace(ports, project.id, target.workspace);
  if (key.aicProject === '') return answer(failure({ kind: 'no-aic-project' }));
  const workspace = await ports.aic.workspace(key);
  if (!workspace.ok) return ended(workspace.failure);
  const pulled = await readConfigs(workspace.value, wish.pipelines);
  if (!pulled.ok) {
    return pulled.failure.kind === 'unknown-pipelines'
      ? answer(unknownPipelines(pulled.failure.unknown, phrase`${target.workspace.name}`))
      : ended(pulled.failure);
  }
  const stopped = pulled.value.failed.find(({ reason }) => isStop(reason));
  if (stopped !== undefined) return { kind: 'stopped' };
  for (let tries = 1; tries <= mostTries; tries += 1) {
    const written = await write(context, { target, wish, pulled: pulled.value });
    if (!written.ok) return ended(written.failure);
    if (written.value !== 'moved') return finish(context, target, written.value);
  }
  return answer(
    refusal({
      what: phrase`Nothing more was pushed: ${target.branch} changed again and again while the push was under way.`,
      remedy: phrase`Write the command again when nobody else commits to ${target.branch}.`,
    }),
  );
}

interface Written extends Committed {
  readonly plan: PushPlan;
  /** Where the branch stood before. */
  readonly before: CommitSha;
  readonly isNew: boolean;
}

async function write(
  context: CommandContext,
  wanted: { readonly target: PushTarget; readonly wish: Wish; readonly pulled: Configs },
): Promise<Result<Written | 'moved', Reason>> {
  const { ports, project } = context;
  const { target, wish, pulled } = wanted;
  const { gitlab, store } = ports;
  const own = await gitlab.head(project.id, target.branch);
  if (!own.ok) return fail({ kind: 'upstream', failure: own.failure });
  const isNew = own.value === undefined;
  const cutFrom = target.cutFrom ?? project.defaultBranch ?? 'HEAD';
  const begins = isNew ? await gitlab.head(project.id, cutFrom) : own;
  if (!begins.ok) return fail({ kind: 'upstream', failure: begins.failure });
  if (begins.value === undefined) return fail({ kind: 'empty-repository' });
  const before = begins.value;
  const tree = await gitlab.files(project.id, before, foldersOf(wish));
  if (!tree.ok) return fail({ kind: 'upstream', failure: tree.failure });
  const names = pulled.pulled.map(({ name }) => name);
  const input: PushInput = {
    tree: tree.value,
    pulled: pulled.pulled,
    failed: pulled.failed,
    titles: wish.pipelines.length === 0 ? pulled.titles : undefined,
    prune: wish.prune,
    variables: [...target.workspace.variables.keys()],
    known: await store.baselines(keyOfWorkspace(ports, project.id, target.workspace), names),
  };
  const read = await readFiles(context, await filesToRead(input), before);
  if (!read.ok) return read;
  const plan = await planPush(input, read.value);
  const made = await commitChanges(ports, {
    projectId: project.id,
    branch: target.branch,
    onto: before,
    isNew,
    story: storyOf(context, target, plan),
    changes: plan.changes,
  });
  if (!made.ok) return fail({ kind: 'upstream', failure: made.failure });
  return ok(made.value === 'moved' ? 'moved' : { plan, ...made.value, before, isNew });
}

function foldersOf({ pipelines }: Wish): readonly string[] {
  const few = pipelines.length > 0 && pipelines.length <= fewPipelines;
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
      file: await ports.gitlab.file(project.id, path, at, { mostBytes: maxConfigBytes }),
    })),
  );
  for (const { path, file } of files) {
    if (!file.ok) return fail({ kind: 'upstream', failure: file.failure });
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
    request,
  };
}

/** Remembers what was pushed, so that the webhook of the push finds nothing to deploy, and tells. */
async function finish(context: CommandContext, target: PushTarget, written: Written): Promise<Pushed> {
  const { ports, project, asker } = context;
  const { plan, commits } = written;
  const key = { projectId: project.id, branch: target.branch };
  const state = await stateAfter(context, target.branch, written);
  await ports.store.savePush({
    workspace: keyOfWorkspace(ports, project.id, target.workspace),
    baselines: plan.baselines,
    branch: state === undefined ? undefined : { key, state },
  });
  const facts = { project, target, items: plan.items, commits, by: asker.username, isNew: written.isNew };
  const report = pushedReport(facts);
  const last = commits.at(-1);
  if (last !== undefined) {
    const mailTo = [...new Set([...ports.settings.mailTo, ...target.workspace.notify])];
    const mail = pushedMail(`push-${project.id}-${last}`, target.branch, report, {
      ...ports.settings,
      mailTo,
    });
    await ports.jobs.add(...mail.map((job) => ({ job, dueAt: ports.clock.now() })));
  }
  return { kind: 'pushed', items: plan.items, report };
}

/** Where nothing else waits to be deployed, the pushed commits count as deployed: the workspace holds them. */
async function stateAfter(
  { ports, project }: CommandContext,
  branch: string,
  { commits, before, isNew, directly }: Written,
): Promise<BranchState | undefined> {
  const last = commits.at(-1);
  if (last === undefined || !directly) return undefined;
  const key = { projectId: project.id, branch };
  const [state, waiting] = [await ports.store.branch(key), await ports.store.waiting(key)];
  if (state !== undefined) return state.deployed === before ? { ...state, deployed: last } : undefined;
  const isOwn = ({ event }: WaitingDelivery) =>
    event.kind === 'pushed' && event.after !== undefined && commits.includes(event.after);
  if (!isNew && !waiting.every(isOwn)) return undefined;
  return { deployed: last, origin: before, held: false, reported: undefined, tries: 0 };
}

function answer(report: Report, done = false): Ended {
  return { kind: 'answered', done, report };
}

function ended(reason: Reason): Ended {
  return isStop(reason) ? { kind: 'stopped' } : answer(failure(reason));
}
