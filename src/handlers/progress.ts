import type { BranchView } from '../domain/branch-view.ts';
import { deploymentComment } from '../domain/deployment-report.ts';
import type { Deployment, Item } from '../domain/deployment.ts';
import { deploymentMarker } from '../domain/job.ts';
import type { BranchPorts } from './ports.ts';

/** The comment of a deployment while it runs. */
export interface Progress {
  show(items: readonly Item[]): void;
  /** Resolves when nothing is being sent any more and nothing will be. */
  ended(): Promise<void>;
}

const betweenEdits = 4_000;

export const silent: Progress = { show: () => {}, ended: async () => {} };

/**
 * Posts the comment at once and edits it at most every few seconds, one sending at a time. What can't be sent is logged and
 * forgotten: the report at the end goes its own, lasting way.
 */
export function startProgress(
  { gitlab, clock, log }: BranchPorts,
  view: BranchView,
  deployment: Deployment,
  fresh: boolean,
): Progress {
  const send = async (items: readonly Item[], first: boolean) => {
    const body = deploymentComment({ project: view.project, deployment, items });
    const comment = { marker: deploymentMarker(deployment.id), body };
    await Promise.all(
      deployment.mergeRequests.map(async (iid) => {
        const sent = await gitlab.putMergeRequestComment(view.project.id, iid, comment, first);
        if (!sent.ok) log.warn('progress not shown', { said: sent.failure.said });
      }),
    );
  };
  let sentAt = clock.now();
  let sending: Promise<void> | undefined = send([], fresh);
  const settle = () => {
    sending = undefined;
  };
  void sending.then(settle, settle);
  return {
    show: (items) => {
      if (sending !== undefined || clock.now() - sentAt < betweenEdits) return;
      sentAt = clock.now();
      sending = send(items, false);
      void sending.then(settle, settle);
    },
    ended: async () => {
      await sending;
    },
  };
}
