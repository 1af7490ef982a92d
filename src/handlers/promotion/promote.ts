import { refusal, unknownPipelines } from '../../domain/commands/refusals.ts';
import type { MergeRequest } from '../../domain/gitlab/merge-request.ts';
import type { CommitSha } from '../../domain/shared/ids.ts';
import { inert } from '../../domain/report/escape-markdown.ts';
import { phrase } from '../../domain/report/phrase.ts';
import { broughtBetween, clashesOf, type Brought } from '../../domain/promotion/promoted-files.ts';
import {
  cutReport,
  promotedReport,
  promotionRefusals,
  promotionSection,
  usualTitle,
} from '../../domain/promotion/promotion-report.ts';
import type { Promotion } from '../../domain/promotion/promotion.ts';
import { pushTarget } from '../../domain/push/push-target.ts';
import { asReason, type Reason } from '../../domain/report/reason.ts';
import { toComment } from '../../domain/report/markdown.ts';
import { allOk, fail, ok, type Result } from '../../domain/shared/result.ts';
import { bringPipelines } from './copy-pipelines.ts';
import { answer, endedBy, type CommandContext, type Ended } from '../commands/command-context.ts';
import { headOfOnly, openForOnly } from './pipelines-only.ts';
import { madeOnto } from '../shared/own-commit.ts';
import { push } from '../push/push-workspace.ts';
import { undeployed } from '../push/undeployed-pipelines.ts';

export interface PromotionOptions {
  readonly title: string | undefined;
  /** Whether the workspace is pushed first: to the source branch, or for a hotfix to its own. */
  readonly push: boolean;
  readonly force: boolean;
}

/**
 * Brings pipelines to a branch of their own and opens its merge request. Each step leaves what a second run finds: the branch, its files, the
 * open merge request; asked again, it continues where it stands.
 */
export async function promote(
  context: CommandContext,
  promotion: Promotion,
  options: PromotionOptions,
): Promise<Ended> {
  const earlier = await earlierRequest(context, promotion);
  if (!earlier.ok) return endedBy(earlier.failure);
  if (earlier.value?.state === 'merged') return answer(promotionRefusals.merged(promotion, earlier.value));
  const only = await headOfOnly(context.ports, context.project, promotion);
  if (!only.ok) return endedBy(only.failure);

  const written =
    promotion.kind === 'hotfix'
      ? await pushFix(context, promotion, options)
      : await bringAll(context, promotion, options);
  if (written !== undefined) return written;

  const brought = await broughtBy(context, promotion);
  if (!brought.ok) return endedBy(brought.failure);
  if (brought.value.brought.length === 0) {
    const isCut = promotion.kind === 'hotfix' && !options.push;
    return isCut
      ? cutOnly(context, promotion)
      : answer(promotionRefusals.nothingDiffers(promotion, options.push));
  }
  return openRequest(context, promotion, { ...options, ...brought.value });
}

/** The promotion's merge request that is open; if none is and its branch still exists, one that was merged. */
async function earlierRequest(
  { ports, project }: CommandContext,
  { branch, target }: Promotion,
): Promise<Result<MergeRequest | undefined, Reason>> {
  const head = asReason(await ports.gitlab.head(project.id, branch));
  if (!head.ok) return head;
  if (head.value === undefined) return ok(undefined);
  const requests = asReason(await ports.gitlab.mergeRequestsFrom(project.id, branch, target));
  if (!requests.ok) return requests;
  const open = requests.value.find(({ state }) => state === 'opened');
  return ok(open ?? requests.value.find(({ state }) => state === 'merged'));
}

/** What the production workspace holds now, on the hotfix branch; undefined when it is there. */
async function pushFix(
  context: CommandContext,
  promotion: Promotion,
  options: PromotionOptions,
): Promise<Ended | undefined> {
  if (!options.push) return undefined;
  const { workspace, branch, target, pipelines } = promotion;
  const waiting = options.force ? ok([]) : await notDeployed(context, promotion);
  if (!waiting.ok) return endedBy(waiting.failure);
  if (waiting.value.length > 0) return answer(promotionRefusals.notDeployed(promotion, waiting.value));
  return pushed(context, { workspace, branch, cutFrom: target, forced: options.force }, pipelines);
}

/** The chosen pipelines of which the source branch holds something that its workspace never had: a push would undo it. */
async function notDeployed(
  { ports, project, request }: CommandContext,
  { source, pipelines }: Promotion,
): Promise<Result<readonly string[], Reason>> {
  const head = asReason(await ports.gitlab.head(project.id, source));
  if (!head.ok) return head;
  // A branch that does not exist yet is made by the push.
  if (head.value === undefined) return ok([]);
  // A run that was cut off behind its push finds that push; what was below it was looked at then.
  const key = { projectId: project.id, branch: source };
  const onto = await madeOnto(ports, key, { commit: head.value, request });
  if (!onto.ok) return onto;
  if (onto.value !== undefined) return ok([]);
  const waiting = await undeployed(ports, key, head.value);
  if (!waiting.ok) return waiting;
  return ok([...waiting.value].filter((name) => pipelines.length === 0 || pipelines.includes(name)));
}

/** A hotfix that is made in Git gets its branch. */
async function cutOnly({ ports, project }: CommandContext, promotion: Promotion): Promise<Ended> {
  const { branch, target } = promotion;
  const head = await ports.gitlab.head(project.id, target);
  if (!head.ok) return endedBy({ kind: 'upstream', failure: head.failure });
  if (head.value === undefined) return endedBy({ kind: 'no-branch', branch: target });
  const cut = await ports.gitlab.cut(project.id, branch, head.value);
  if (!cut.ok) return endedBy({ kind: 'upstream', failure: cut.failure });
  return answer(cutReport(promotion), true);
}

/** What the source branch holds, pushed from its workspace first, on the promotion's branch; undefined when it is there. */
async function bringAll(
  context: CommandContext,
  promotion: Promotion,
  options: PromotionOptions,
): Promise<Ended | undefined> {
  if (options.push) {
    const { source, pipelines } = promotion;
    const { mapping, project } = context;
    const wish = { branch: source, workspace: undefined, source: undefined, force: false };
    const target = pushTarget(mapping, { ...wish, defaultBranch: project.defaultBranch });
    if (!target.ok) return answer(refusal(target.failure));
    const waiting = options.force ? ok([]) : await notDeployed(context, promotion);
    if (!waiting.ok) return endedBy(waiting.failure);
    if (waiting.value.length > 0) return answer(promotionRefusals.notDeployed(promotion, waiting.value));
    const stopped = await pushed(context, target.value, pipelines);
    if (stopped !== undefined) return stopped;
  }
  const brought = await bringPipelines(context, promotion, options.force);
  if (!brought.ok) return endedBy(brought.failure);
  switch (brought.value.kind) {
    case 'brought':
      return undefined;
    case 'unknown':
      return answer(unknownPipelines(brought.value.unknown, phrase`${promotion.source}`));
    case 'ahead':
      return answer(promotionRefusals.ahead(promotion, brought.value));
    case 'moved':
      return answer(promotionRefusals.moved(promotion));
  }
}

/** Pushes, and tells why it goes no further; undefined when everything was pushed. */
async function pushed(
  context: CommandContext,
  target: Parameters<typeof push>[1],
  pipelines: readonly string[],
): Promise<Ended | undefined> {
  const done = await push(context, target, { pipelines, prune: false });
  if (done.kind !== 'pushed') return done;
  const failed = done.items.filter(({ kind }) => kind === 'failed').map(({ pipeline }) => pipeline);
  return failed.length === 0 ? undefined : answer(promotionRefusals.unread(done.report, failed));
}

/** What a promotion's branch brings, and the pipelines that its target changed as well since. */
interface Bringing {
  readonly brought: readonly Brought[];
  readonly clashes: readonly string[];
}

/** The pipelines in which the promotion's branch differs from where it parted from its target; none where there is no such branch. */
async function broughtBy(
  { ports, project }: CommandContext,
  { branch, target }: Promotion,
): Promise<Result<Bringing, Reason>> {
  const { gitlab } = ports;
  const [head, into] = [
    asReason(await gitlab.head(project.id, branch)),
    asReason(await gitlab.head(project.id, target)),
  ];
  if (!head.ok) return head;
  if (!into.ok) return into;
  if (head.value === undefined) return ok({ brought: [], clashes: [] });
  if (into.value === undefined) return fail({ kind: 'no-branch', branch: target });
  const base = asReason(await gitlab.mergeBase(project.id, into.value, head.value));
  if (!base.ok) return base;
  const files = async (at: CommitSha) => asReason(await gitlab.files(project.id, at, ['config', 'code']));
  const parted = base.value ?? into.value;
  const trees = await allOk([files(parted), files(head.value), files(into.value)]);
  if (!trees.ok) return trees;
  const [before = new Map(), branchTree = new Map(), targetTree = new Map()] = trees.value;
  return ok({
    brought: broughtBetween(before, branchTree),
    clashes: clashesOf(before, { branch: branchTree, target: targetTree }),
  });
}

async function openRequest(
  { ports, project, asker }: CommandContext,
  promotion: Promotion,
  { title, brought, clashes }: PromotionOptions & Bringing,
): Promise<Ended> {
  const by = asker.username;
  const put = await openForOnly(ports, project, promotion, async () =>
    asReason(
      await ports.gitlab.putMergeRequest(project.id, {
        source: promotion.branch,
        target: promotion.target,
        title: title === undefined ? undefined : inert(title),
        usualTitle: usualTitle(promotion),
        section: toComment(promotionSection(project, promotion, { brought, by })),
        assignee: asker.id,
      }),
    ),
  );
  if (!put.ok) return endedBy(put.failure);
  await ports.store.saveAskers(project.id, put.value.iid, [asker]);
  return answer(promotedReport(project, promotion, { brought, clashes, request: put.value, by }), true);
}
