import type { AuditEntry } from '../../domain/audit/audit-log.ts';
import { refusal, unknownPipelines } from '../../domain/commands/refusals.ts';
import type { UserId } from '../../domain/shared/ids.ts';
import { phrase } from '../../domain/report/phrase.ts';
import type { PushItem } from '../../domain/push/push-plan.ts';
import { isOwnBranch, type PushTarget } from '../../domain/push/push-target.ts';
import { pushedMail, pushedReport } from '../../domain/push/push-report.ts';
import { isStop } from '../../domain/report/reason.ts';
import type { Report } from '../../domain/report/report.ts';
import { stateAfterPush } from '../../domain/push/branch-state-after-push.ts';
import { claimWorkspace } from '../shared/claim-workspace.ts';
import { answer, endedBy, type CommandContext, type Ended } from '../commands/command-context.ts';
import { readConfigs } from '../aic/read-configs.ts';
import { keyOfWorkspace } from '../shared/workspace-key.ts';
import { writePush, type PushWish, type WrittenPush } from './commit-push.ts';

/** So often a push begins anew because somebody committed meanwhile. */
const mostTries = 5;

/** What a push wrote, or how else it ended. */
export type Pushed =
  | {
      readonly kind: 'pushed';
      readonly items: readonly PushItem[];
      readonly report: Report;
    }
  | Ended;

type Wish = Pick<PushWish, 'pipelines' | 'prune'>;

/** Writes what a workspace holds to its branch, and answers with a report. */
export async function pushWorkspace(context: CommandContext, target: PushTarget, wish: Wish): Promise<Ended> {
  const pushed = await push(context, target, wish);
  if (pushed.kind !== 'pushed') return pushed;
  return answer(pushed.report, !pushed.items.some(({ kind }) => kind === 'failed'));
}

/** Writes what a workspace holds to its branch. A branch that moves meanwhile is read again. */
export async function push(context: CommandContext, target: PushTarget, wish: Wish): Promise<Pushed> {
  const { ports, project, request } = context;
  const earlier = await ports.store.pushed(request, target.branch);
  if (earlier !== undefined) return { kind: 'pushed', ...earlier };
  const claimed = await claimWorkspace(ports, project, target.workspace);
  if (!claimed.ok) return endedBy(claimed.failure);
  const workspace = await ports.aic.workspace(claimed.value);
  if (!workspace.ok) return endedBy(workspace.failure);
  const pulled = await readConfigs(workspace.value, wish.pipelines);
  if (!pulled.ok) {
    return pulled.failure.kind === 'unknown-pipelines'
      ? answer(unknownPipelines(pulled.failure.unknown, phrase`${target.workspace.name}`))
      : endedBy(pulled.failure);
  }
  const stopped = pulled.value.failed.find(({ reason }) => isStop(reason));
  if (stopped !== undefined) return { kind: 'stopped' };
  for (let tries = 1; tries <= mostTries; tries += 1) {
    const written = await writePush(context, { ...wish, target, pulled: pulled.value });
    if (!written.ok) return endedBy(written.failure);
    if (written.value !== 'moved') return finish(context, target, written.value);
  }
  return answer(
    refusal({
      what: phrase`Nothing more was pushed: ${target.branch} changed again and again while the push was under way.`,
      remedy: phrase`Write the command again when nobody else commits to ${target.branch}.`,
    }),
  );
}

/**
 * Remembers what was pushed, so that the webhook of the push finds nothing to deploy, and tells. What went to a hotfix branch is no record of the
 * workspace: only once it is merged is it what a deployment may overwrite.
 */
async function finish(context: CommandContext, target: PushTarget, written: WrittenPush): Promise<Pushed> {
  const { ports, project, asker, mapping } = context;
  const { plan, commits } = written;
  const key = { projectId: project.id, branch: target.branch };
  const [state, waiting] = [await ports.store.branch(key), await ports.store.waiting(key)];
  const isOwn = isOwnBranch(mapping, target);
  const next = isOwn ? stateAfterPush(written, { state, waiting }) : undefined;
  const facts = { project, target, items: plan.items, commits, by: asker.username, isNew: written.isNew };
  const report = pushedReport(facts);
  if (commits.length > 0) await rememberAsker(context, target);
  const last = commits.at(-1);
  const mailTo = [...new Set([...ports.settings.mailTo, ...target.workspace.notify])];
  const mail =
    last === undefined
      ? []
      : pushedMail(`push-${project.id}-${last}`, target.branch, report, { ...ports.settings, mailTo });
  await ports.store.savePush({
    workspace: keyOfWorkspace(ports, project.id, target.workspace),
    baselines: isOwn ? plan.baselines : new Map(),
    branch: next === undefined ? undefined : { key, state: next },
    jobs: mail.map((job) => ({ job, dueAt: ports.clock.now() })),
    request: context.request,
    to: target.branch,
    outcome: { items: plan.items, report },
    audit: commits.length === 0 ? [] : [await auditOf(context, target, written)],
  });
  return { kind: 'pushed', items: plan.items, report };
}

/**
 * Whoever has their workspace pushed to the merge request that they write on does not approve it, whatever they are called later. One of the bot's own
 * needs its first asker on record: without that nobody approves it, and a later one changes nothing.
 */
async function rememberAsker(
  { ports, project, asker, on }: CommandContext,
  target: PushTarget,
): Promise<void> {
  if (on === undefined || on.fromFork || on.source !== target.branch) return;
  const isBots = on.author === undefined || (await isBot(ports, on.author.id));
  if (isBots && (await ports.store.askersOf(project.id, on.iid)).length === 0) return;
  await ports.store.saveAskers(project.id, on.iid, [asker]);
}

/** Also where GitLab does not tell who the bot is. */
async function isBot({ gitlab }: CommandContext['ports'], user: UserId): Promise<boolean> {
  const self = await gitlab.self();
  return !self.ok || self.value === user;
}

async function auditOf(
  { ports, project, asker, request, deliveries }: CommandContext,
  { branch, workspace }: PushTarget,
  { plan, commits }: WrittenPush,
): Promise<AuditEntry> {
  const known = await ports.store.baselines(keyOfWorkspace(ports, project.id, workspace), [
    ...plan.baselines.keys(),
  ]);
  const written = plan.items.filter(({ kind }) => kind !== 'unchanged' && kind !== 'gone');
  return {
    key: `push:${request}:${branch}:${commits.at(-1)}`,
    kind: 'push',
    project: project.id,
    who: [{ id: asker.id, name: asker.username }],
    what: `push of ${workspace.name}`,
    where: branch,
    reason: undefined,
    result: `written as ${commits.join(', ')}`,
    items: written.map(({ pipeline, kind }) => ({
      pipeline,
      before: known.get(pipeline)?.fingerprint,
      after: plan.baselines.get(pipeline)?.fingerprint,
      result: kind,
    })),
    deliveries,
  };
}
