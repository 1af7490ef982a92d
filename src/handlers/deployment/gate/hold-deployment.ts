import { branchAudit } from '../../../domain/audit/deployment-entry.ts';
import type { BranchView, Candidate } from '../../../domain/deployment/decide-deployment.ts';
import type { Pending } from '../../../domain/store/state.ts';
import { heldComments, releasedComments, requestsOf } from '../../../domain/deployment/gate/gate-report.ts';
import { pendingHeld, type Held } from '../../../domain/deployment/gate/held.ts';
import type { DueJob, JobOutcome } from '../../../domain/jobs/job.ts';
import type { WorkspaceTarget } from '../../../domain/mapping/mapping.ts';
import { isAgreed, planStep } from '../../../domain/deployment/plan/plan-step.ts';
import { noProvenance, type Provenance } from '../../../domain/deployment/gate/provenance.ts';
import { pushReport } from '../../../domain/deployment/reports/direct-push-report.ts';
import { backMergeJobs } from '../../promotion/back-merge.ts';
import type { BranchPorts } from '../../shared/ports.ts';
import { readVersions } from '../read-versions.ts';
import { retryJob } from '../../../domain/jobs/backoff.ts';
import { isKept, type Run } from '../deployment-run.ts';
import type { Sorted } from './sort-candidates.ts';

/** Who is told that something waits, and who that it does no longer. */
export function heldJobs(
  ports: BranchPorts,
  view: BranchView,
  target: WorkspaceTarget,
  { held, lacking }: Pick<Extract<Sorted, { kind: 'sorted' }>, 'held' | 'lacking'>,
): readonly DueJob[] {
  const waiting = new Set(requestsOf(held));
  const waited = [
    ...view.pending.flatMap(({ held: was, provenance }) => (was ? provenance.mergeRequests : [])),
    ...(view.state?.gated === true ? view.mergeRequests.map(({ iid }) => iid) : []),
  ];
  const released = [...new Set(waited)].filter((iid) => !waiting.has(iid));
  const unknown = cameBy(view, held, isUntold);
  const pushed = cameBy(view, held, isPushed).filter((name) => !unknown.includes(name));
  const jobs = [
    ...heldComments(view, target, { held, lacking }),
    ...releasedComments(view, target, released),
    ...(pushed.length + unknown.length === 0
      ? []
      : pushReport(view, { pushed, unknown }, ports.settings, 'force')),
  ];
  return jobs.map((job) => ({ job, dueAt: ports.clock.now() }));
}

/** Tells the merge requests of which nothing waits any more, since an order deploys what was held. */
export function releasedJobs(
  ports: BranchPorts,
  view: BranchView,
  target: WorkspaceTarget,
  deployed: readonly Candidate[],
): readonly DueJob[] {
  const names = new Set(deployed.map(({ name }) => name));
  const held = view.pending.filter((one) => one.held);
  const iids = (its: readonly Pending[]) => its.flatMap(({ provenance }) => provenance.mergeRequests);
  const waiting = new Set(iids(held.filter(({ pipeline }) => !names.has(pipeline))));
  const released = [...new Set(iids(held))].filter((iid) => !waiting.has(iid));
  return releasedComments(view, target, released).map((job) => ({ job, dueAt: ports.clock.now() }));
}

/** The held pipelines of which something just came in such a way, unless the mapping file wants pushes ignored. */
function cameBy(
  view: BranchView,
  held: readonly Held[],
  fits: (provenance: Provenance) => boolean,
): readonly string[] {
  if (!view.mapping.ok || view.mapping.value.directPush === 'ignore') return [];
  const isNew = (path: string) => fits(view.provenance.get(path) ?? noProvenance);
  return held
    .filter(({ candidate }) => candidate.paths.some((path) => isNew(path)))
    .map(({ candidate }) => candidate.name);
}

function isPushed({ directPushes }: Provenance): boolean {
  return directPushes.length > 0;
}

/** Whether there is no merge request to say it on. */
function isUntold({ isUnknown, mergeRequests }: Provenance): boolean {
  return isUnknown && mergeRequests.length === 0;
}

/** Whether each held pipeline would bring something new to AIC: one that it has already, or that the bot brought there before, waits for nothing. */
export async function isAllToWrite(
  ports: BranchPorts,
  { view, decision, held }: Pick<Run, 'view' | 'decision' | 'held'>,
): Promise<boolean> {
  const { target, at } = decision;
  const read = await readVersions(ports, {
    project: view.project,
    candidates: held.map(({ candidate }) => candidate),
    at,
    from: view.from,
    target,
  });
  if (read === 'stopped') return true;
  return read.versions.every(
    (versions) => isKept(planStep(versions, target.drift).kind) && !isAgreed(versions),
  );
}

/**
 * Ends a look at a branch of which all that is new is held: it is kept as pending, and looked at again at the usual pauses. The deliveries are done with,
 * since what they told of stands in the branch.
 */
export async function holdBack(
  ports: BranchPorts,
  { view, decision, held, alsoJobs }: Pick<Run, 'view' | 'decision' | 'held' | 'alsoJobs'>,
): Promise<JobOutcome> {
  const { key, state, deliveries } = view;
  const tries = deliveries.length > 0 ? 1 : (state?.tries ?? 0) + 1;
  ports.log.info('deployment waits', { branch: key.branch, gate: 'held' });
  const names = new Set(decision.candidates.map(({ name }) => name));
  await ports.store.close({
    key,
    deliveries,
    state: { ...decision.state, tries, gated: true },
    pending: [
      ...view.pending.filter(({ pipeline }) => !names.has(pipeline)),
      ...pendingHeld(
        held.map(({ candidate }) => candidate),
        view.from,
      ),
    ],
    deployment: undefined,
    jobs: [retryJob(ports, key, tries), ...alsoJobs, ...backMergeJobs(ports, view)],
    audit: state?.gated === true ? [] : [branchAudit(view, 'refusal', 'waits: held')],
  });
  return { kind: 'done' };
}
