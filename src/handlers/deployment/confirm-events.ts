import { commitOf, lagMs, type MergeRequest } from '../../domain/gitlab/merge-request.ts';
import type { GitLabResult, Project } from '../../domain/gitlab/project.ts';
import type { CommitSha, MergeRequestIid } from '../../domain/shared/ids.ts';
import { confirmedPush, isNews, landedAt, type Move } from '../../domain/deployment/commit-range.ts';
import { ok } from '../../domain/shared/result.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';
import type { BranchPorts } from '../shared/ports.ts';
import type { Trace } from './gate/trace-branch.ts';
import type { WaitingDelivery } from '../../domain/store/state.ts';

/** What a range is looked for in. */
export interface Known {
  readonly project: Project;
  readonly branch: string;
  readonly waiting: readonly WaitingDelivery[];
  readonly head: CommitSha;
  /** Whether it matters who reviewed what: then it is looked at what merges hold. */
  readonly isGated: boolean;
}

/** What deliveries said was merged into the branch, as GitLab has it now. */
export interface Announced {
  readonly merged: readonly MergeRequest[];
  /** Those that are not merged, or not yet. */
  readonly others: readonly MergeRequest[];
  /** When the newest delivery about each came. */
  readonly receivedAt: ReadonlyMap<MergeRequestIid, number>;
  /** When the oldest delivery about each came that is not dealt with. */
  readonly waitsSince: ReadonlyMap<MergeRequestIid, number>;
}

export async function announcedMerges(
  { gitlab }: BranchPorts,
  { project, branch, waiting }: Known,
): Promise<GitLabResult<Announced>> {
  const receivedAt = new Map<MergeRequestIid, number>();
  const waitsSince = new Map<MergeRequestIid, number>();
  for (const { event, receivedAt: at } of waiting) {
    if (event.kind !== 'merged') continue;
    const iid = event.mergeRequest;
    receivedAt.set(iid, Math.max(at, receivedAt.get(iid) ?? at));
    waitsSince.set(iid, Math.min(at, waitsSince.get(iid) ?? at));
  }
  const requests: MergeRequest[] = [];
  for (const iid of receivedAt.keys()) {
    const shown = await gitlab.mergeRequest(project.id, iid);
    if (!shown.ok) return shown;
    if (shown.value?.target === branch) requests.push(shown.value);
  }
  const isMerged = ({ state }: MergeRequest) => state === 'merged';
  return ok({
    merged: requests.filter(isMerged),
    others: requests.filter((request) => !isMerged(request)),
    receivedAt,
    waitsSince,
  });
}

/** The moves of the branch that deliveries told of and GitLab confirms, but for those to a commit in `recent`. */
export async function confirmedMoves(
  { gitlab }: BranchPorts,
  { project, branch, waiting }: Known,
  { merged, receivedAt }: Announced,
  recent: ReadonlySet<CommitSha>,
): Promise<GitLabResult<readonly Move[]>> {
  const moves: Move[] = [];
  for (const request of merged) {
    const { iid, mergedAt } = request;
    const after = landedAt(request);
    if (after === undefined || mergedAt === undefined || recent.has(after)) continue;
    if (!isNews(mergedAt, receivedAt.get(iid) ?? 0)) continue;
    const parent =
      commitOf(request) === undefined ? ok(request.base) : await gitlab.firstParent(project.id, after);
    if (!parent.ok) return parent;
    if (parent.value !== undefined) moves.push({ before: parent.value, after, at: mergedAt });
  }
  const pushes = waiting.flatMap(({ event, receivedAt: at }) =>
    event.kind === 'pushed' && event.after !== undefined && !recent.has(event.after)
      ? [{ ...event, receivedAt: at }]
      : [],
  );
  if (pushes.every((push) => moves.some(({ after }) => after === push.after))) return ok(moves);
  const recorded = await gitlab.pushesTo(project.id, branch);
  if (!recorded.ok) return recorded;
  for (const push of pushes) {
    const move = confirmedPush(push, recorded.value);
    if (move !== undefined && isNews(move.at, push.receivedAt)) moves.push(move);
  }
  return ok(moves);
}

/**
 * What a delivery told of and GitLab does not show yet, while something on the branch seems to be pushed without a merge request. After two minutes
 * it is believed that there is nothing to come: whoever knows the webhook's secret may tell of merges that never were, one after the other.
 */
export function stillToCome(
  { merged, others, waitsSince }: Announced,
  { steps, requests }: Trace,
  now: number,
): UpstreamFailure | undefined {
  if (steps.every(({ broughtBy }) => broughtBy.length > 0)) return undefined;
  const found = new Set(requests.map(({ iid }) => iid));
  const late = [
    ...others.filter(({ state }) => state === 'opened' || state === 'locked'),
    // Only where GitLab rebased it, it does not say itself what it became.
    ...merged.filter((request) => !found.has(request.iid) && commitOf(request) === undefined),
  ].map(({ iid }) => ({ iid, since: waitsSince.get(iid) ?? 0 }));
  const [oldest] = late.toSorted((one, other) => one.since - other.since);
  if (oldest === undefined || now - oldest.since >= lagMs) return undefined;
  const said = `what !${oldest.iid} brought is not known yet`;
  return { system: 'GitLab', reason: 'passing', status: undefined, asked: 'GET', said };
}
