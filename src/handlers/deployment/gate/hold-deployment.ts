import type { MergeRequestIid } from '../../../domain/shared/ids.ts';
import { branchAudit } from '../../../domain/audit/deployment-entry.ts';
import type { BranchView } from '../../../domain/deployment/decide-deployment.ts';
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

/**
 * Who is told that something waits, and who that it does no longer: by what is pending once the branch was looked at, whatever looked.
 * @param held what the gate keeps back now; nothing of it where an order or a resumed run tells it in its own report
 */
export function gateJobs(
  { settings, clock }: Pick<BranchPorts, 'settings' | 'clock'>,
  view: BranchView,
  target: WorkspaceTarget,
  {
    held,
    lacking,
    pending,
  }: Pick<Extract<Sorted, { kind: 'sorted' }>, 'held' | 'lacking'> & { readonly pending: readonly Pending[] },
): readonly DueJob[] {
  const waiting = new Set([...requestsOf(held), ...heldRequests(pending)]);
  const waited = [
    ...heldRequests(view.pending),
    ...(view.state?.gated === true ? view.mergeRequests.map(({ iid }) => iid) : []),
  ];
  const released = [...new Set(waited)].filter((iid) => !waiting.has(iid));
  const unknown = cameBy(view, held, isUntold);
  const pushed = cameBy(view, held, isPushed).filter((name) => !unknown.includes(name));
  const jobs = [
    ...heldComments(view, target, { held, lacking }),
    ...releasedComments(view, target, released),
    ...(pushed.length + unknown.length === 0 ? [] : pushReport(view, { pushed, unknown }, settings, 'force')),
  ];
  return jobs.map((job) => ({ job, dueAt: clock.now() }));
}

function heldRequests(pending: readonly Pending[]): readonly MergeRequestIid[] {
  return pending.flatMap(({ held, provenance }) => (held ? provenance.mergeRequests : []));
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
  {
    view,
    decision,
    held,
    lacking = [],
    alsoJobs,
  }: Pick<Run, 'view' | 'decision' | 'held' | 'lacking' | 'alsoJobs'>,
): Promise<JobOutcome> {
  const { key, state, deliveries } = view;
  const tries = deliveries.length > 0 ? 1 : (state?.tries ?? 0) + 1;
  ports.log.info('deployment waits', { branch: key.branch, gate: 'held' });
  const names = new Set(decision.candidates.map(({ name }) => name));
  const pending = [
    ...view.pending.filter(({ pipeline }) => !names.has(pipeline)),
    ...pendingHeld(
      held.map(({ candidate }) => candidate),
      view.from,
    ),
  ];
  await ports.store.close({
    key,
    deliveries,
    state: { ...decision.state, tries, gated: true },
    pending,
    deployment: undefined,
    jobs: [
      retryJob(ports, key, tries),
      ...gateJobs(ports, view, decision.target, { held, lacking, pending }),
      ...alsoJobs,
      ...backMergeJobs(ports, view),
    ],
    audit: state?.gated === true ? [] : [branchAudit(view, 'refusal', 'waits: held')],
  });
  return { kind: 'done' };
}
