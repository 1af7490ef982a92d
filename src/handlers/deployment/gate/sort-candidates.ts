import type { BranchView, Candidate } from '../../../domain/deployment/decide-deployment.ts';
import type { Lacking, Standstill } from '../../../domain/deployment/gate/gate.ts';
import type { MergeRequest } from '../../../domain/gitlab/merge-request.ts';
import type { GitLabResult } from '../../../domain/gitlab/project.ts';
import { heldAmong, type Held } from '../../../domain/deployment/gate/held.ts';
import type { MergeRequestIid } from '../../../domain/shared/ids.ts';
import type { WorkspaceTarget } from '../../../domain/mapping/mapping.ts';
import { ok } from '../../../domain/shared/result.ts';
import { checkGate } from './check-gate.ts';
import type { BranchPorts } from '../../shared/ports.ts';

/** What of a deployment may begin now. */
export type Sorted =
  | Standstill
  | {
      readonly kind: 'sorted';
      readonly open: readonly Candidate[];
      readonly held: readonly Held[];
      /** The merge requests that it came from, as far as they are known. */
      readonly requests: readonly MergeRequest[];
      readonly lacking: readonly Lacking[];
    };

/**
 * Asks the gate about every pipeline of a deployment, also those that wait since an earlier one. GitLab is asked about merge requests only where the
 * mapping file requires something of them.
 */
export async function sortCandidates(
  ports: Pick<BranchPorts, 'gitlab' | 'store' | 'clock'>,
  view: BranchView,
  target: WorkspaceTarget,
  candidates: readonly Candidate[],
): Promise<GitLabResult<Sorted>> {
  const requests = await requestsOf(ports, view, target, candidates);
  if (!requests.ok) return requests;
  const gate = await checkGate(ports, view.project.id, target, requests.value);
  if (!gate.ok) return gate;
  if (gate.value.kind === 'frozen' || gate.value.kind === 'unclear') return ok(gate.value);
  const everything = {
    kind: 'sorted',
    open: candidates,
    held: [],
    requests: requests.value,
    lacking: [],
  } as const;
  if (target.require.length === 0) return ok(everything);
  const lacking = gate.value.kind === 'held' ? gate.value.lacking : [];
  const missing = new Map(lacking.map((one) => [one.request.iid, one.missing]));
  // One that GitLab does not show any more can't be asked what it has.
  const shown = new Set(requests.value.map(({ iid }) => iid));
  for (const iid of iidsOf(candidates))
    if (!shown.has(iid))
      missing.set(
        iid,
        target.require.map((requirement) => ({ requirement, discounted: [] })),
      );
  return ok({ ...everything, ...heldAmong(candidates, missing), lacking });
}

async function requestsOf(
  { gitlab }: Pick<BranchPorts, 'gitlab'>,
  view: BranchView,
  target: WorkspaceTarget,
  candidates: readonly Candidate[],
): Promise<GitLabResult<readonly MergeRequest[]>> {
  if (target.require.length === 0) return ok(view.mergeRequests);
  const known = new Map(view.mergeRequests.map((request) => [request.iid, request]));
  const found: MergeRequest[] = [];
  for (const iid of iidsOf(candidates)) {
    const shown = known.has(iid) ? ok(known.get(iid)) : await gitlab.merged(view.project.id, iid);
    if (!shown.ok) return shown;
    if (shown.value !== undefined) found.push(shown.value);
  }
  return ok(found);
}

function iidsOf(candidates: readonly Candidate[]): readonly MergeRequestIid[] {
  const all = candidates.flatMap(({ provenance }) => provenance?.mergeRequests ?? []);
  return [...new Set(all)].toSorted((one, other) => one - other);
}
