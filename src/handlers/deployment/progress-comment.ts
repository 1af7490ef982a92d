import { deploymentComment } from '../../domain/deployment/reports/deployment-report.ts';
import type { Deployment, Item } from '../../domain/deployment/deployment.ts';
import type { Project } from '../../domain/gitlab/project.ts';
import { deploymentMarker } from '../../domain/jobs/job.ts';
import type { BranchPorts } from '../shared/ports.ts';

/** The comment of a deployment while it runs. */
export interface Progress {
  show(items: readonly Item[]): void;
  /** Resolves when nothing is being sent any more and nothing will be. */
  ended(): Promise<void>;
}

const betweenEdits = 4_000;

export const silent: Progress = { show: () => {}, ended: async () => {} };

/**
 * Posts the comment at once and edits it at most every few seconds, one sending at a time; what came meanwhile is sent when the time is up.
 * What can't be sent is logged and forgotten: the report at the end goes its own, lasting way.
 */
export function startProgress(
  { gitlab, log }: BranchPorts,
  project: Project,
  deployment: Deployment,
  fresh: boolean,
): Progress {
  let latest: readonly Item[] = [];
  let isNews = false;
  let hasEnded = false;
  let isSending = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sending = send(fresh);

  async function send(first: boolean): Promise<void> {
    isNews = false;
    isSending = true;
    const body = deploymentComment({ project, deployment, items: latest });
    const comment = { marker: deploymentMarker(deployment.id), body };
    try {
      await Promise.all(
        deployment.places.map(async (place) => {
          const sent = await gitlab.putComment(project.id, place, comment, first);
          if (!sent.ok) log.warn('progress not shown', { said: sent.failure.said });
        }),
      );
    } catch (error) {
      log.error('progress not shown', { error: String(error) });
    }
    isSending = false;
    if (!hasEnded) timer = setTimeout(next, betweenEdits);
  }

  function next(): void {
    timer = undefined;
    if (isNews) sending = send(false);
  }

  return {
    show: (items) => {
      latest = items;
      isNews = true;
      if (timer === undefined && !isSending) sending = send(false);
    },
    ended: async () => {
      hasEnded = true;
      clearTimeout(timer);
      await sending;
    },
  };
}
