import type { BranchView } from '../../domain/deployment/decide-deployment.ts';
import { deploymentAudit } from '../../domain/audit/deployment-entry.ts';
import { deploymentReport, statusJob } from '../../domain/deployment/reports/deployment-report.ts';
import {
  endedItems,
  isPending,
  outcomeOf,
  statusOf,
  type EndedDeployment,
  type EndedItem,
} from '../../domain/deployment/deployment.ts';
import { pendingHeld } from '../../domain/deployment/gate/held.ts';
import type { Reason } from '../../domain/report/reason.ts';
import type { Scope } from '../../domain/store/store.ts';
import type { LastDeployment } from './deployment-run.ts';
import type { BranchPorts } from '../shared/ports.ts';
import { retryJob } from '../../domain/jobs/backoff.ts';
import { recordJob } from './run-deployment.ts';

/**
 * Ends a deployment that was cut off and whose branch is gone, or has its workspace no longer. What it left unfinished is told, and waits as what was merged does: for the
 * gate, and for the workspace that the branch has then.
 */
export async function endCutOff(
  ports: BranchPorts,
  view: Pick<BranchView, 'key' | 'project' | 'pending'>,
  { deployment, items: known, scope }: LastDeployment & { readonly scope: Scope },
  why: Extract<Reason, { kind: 'moved-on' }>['why'],
): Promise<void> {
  const { store, settings, clock, log } = ports;
  const { workspace } = deployment.workspace;
  const ended = new Map(
    known.flatMap((item) => endedItems([item]) ?? []).map((item) => [item.pipeline, item]),
  );
  const unfinished = [...scope.candidates, ...known.map(({ pipeline }) => ({ name: pipeline }))].filter(
    ({ name }) => !ended.has(name),
  );
  for (const { name } of unfinished)
    ended.set(name, {
      pipeline: name,
      state: { kind: 'failed', reason: { kind: 'moved-on', workspace, why } },
    });
  const items: readonly EndedItem[] = [...ended.values()];
  const finishedAt = clock.now();
  const over: EndedDeployment = { ...deployment, status: statusOf(items), finishedAt };
  const left = pendingHeld(
    scope.candidates.filter(({ name }) => {
      const item = ended.get(name);
      return item !== undefined && isPending(item);
    }),
    scope.from,
  );
  const taken = new Set([...left, ...scope.held].map(({ pipeline }) => pipeline));
  const told = { project: view.project, deployment: over, items };
  const jobs = [...deploymentReport(told, settings), statusJob(told)];
  // A deployment only ends with items that are written down as ended.
  await store.plan(deployment.id, items, []);
  await store.close({
    key: view.key,
    deliveries: [],
    state: { ...scope.state, gated: true },
    deployment: {
      id: deployment.id,
      items,
      finishedAt,
      told: await outcomeOf(items),
      pending: [...view.pending.filter(({ pipeline }) => !taken.has(pipeline)), ...scope.held, ...left],
      released: [],
    },
    jobs: [
      ...jobs.map((job) => ({ job, dueAt: finishedAt })),
      recordJob(ports, deployment),
      retryJob(ports, view.key, 1),
    ],
    audit: deploymentAudit({
      deployment: over,
      items,
      who: deployment.by === undefined ? [] : [{ id: undefined, name: deployment.by }],
      before: await store.overwritten(deployment.id),
      after: new Map(),
      deliveries: [],
    }),
  });
  log.warn('ended what was cut off', { deployment: deployment.id, workspace });
}
