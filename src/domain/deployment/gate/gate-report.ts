import type { BranchView } from '../decide-deployment.ts';
import { freezeName, momentIn } from '../../mapping/freeze-window.ts';
import type { Lacking, Standstill } from './gate.ts';
import type { MergeRequest } from '../../gitlab/merge-request.ts';
import { missingText, waitsRemedy, waitsText } from './explain-waits.ts';
import type { Held, Wait } from './held.ts';
import type { MergeRequestIid } from '../../shared/ids.ts';
import type { Job } from '../../jobs/job.ts';
import type { WorkspaceTarget } from '../../mapping/mapping.ts';
import { names, phrase, words, type Phrase } from '../../report/phrase.ts';
import type { Explanation } from '../../report/reason.ts';
import { toComment } from '../../report/markdown.ts';
import type { Report } from '../../report/report.ts';

/** What each merge request of a branch is told while nothing of it is deployed. The same again changes nothing. */
export function standstillComments(
  view: BranchView,
  target: WorkspaceTarget,
  gate: Standstill,
): readonly Job[] {
  const report = standstillReport(target, gate);
  return view.mergeRequests.map(({ iid }) => commentOn(view, iid, report));
}

/** What each merge request is told whose pipelines are held: what it lacks itself, or what it shares them with. */
export function heldComments(
  view: BranchView,
  target: WorkspaceTarget,
  { held, lacking }: { readonly held: readonly Held[]; readonly lacking: readonly Lacking[] },
): readonly Job[] {
  return requestsOf(held).map((iid) => {
    const own = lacking.find(({ request }) => request.iid === iid);
    return commentOn(view, iid, heldReport(target, its(held, iid), own));
  });
}

/** What merge requests are told once their deployment goes on. */
export function releasedComments(
  view: BranchView,
  target: WorkspaceTarget,
  requests: readonly MergeRequestIid[],
): readonly Job[] {
  const report: Report = {
    mood: 'done',
    outcome: phrase`Nothing keeps the deployment to ${target.name} any more`,
    table: undefined,
    remedies: [],
    facts: [],
  };
  return requests.map((iid) => commentOn(view, iid, report));
}

/** The merge requests that held pipelines came from. */
export function requestsOf(held: readonly Held[]): readonly MergeRequestIid[] {
  return [...new Set(held.flatMap(({ candidate }) => candidate.provenance?.mergeRequests ?? []))];
}

function its(held: readonly Held[], iid: MergeRequestIid): readonly Held[] {
  return held.filter(({ candidate }) => candidate.provenance?.mergeRequests.includes(iid) === true);
}

function commentOn({ project }: BranchView, iid: MergeRequest['iid'], report: Report): Job {
  return {
    kind: 'comment',
    projectId: project.id,
    place: { kind: 'merge-request', iid },
    marker: 'aic-bot:gate',
    body: toComment(report),
  };
}

function standstillReport(target: WorkspaceTarget, gate: Standstill): Report {
  switch (gate.kind) {
    case 'frozen':
      return {
        mood: 'held',
        outcome: [
          ...phrase`Merged, and deployed to ${target.name} by itself after `,
          ...momentIn(gate.frozen),
          ': until then ',
          ...freezeName(gate.frozen.by),
          ' freezes deployments',
        ],
        table: undefined,
        remedies: [
          phrase`To deploy all the same, comment ${'/aic deploy PIPELINE force reason="…"'}: it needs a reason, and overwrites changes made outside Git.`,
        ],
        facts: [],
      };
    case 'unclear':
      return {
        mood: 'held',
        outcome: [
          ...phrase`Merged, but not deployed to ${target.name} yet: it is unclear when `,
          ...freezeName(gate.period),
          ' is in force',
        ],
        table: undefined,
        remedies: [
          unclearRemedy,
          phrase`To deploy all the same, comment ${'/aic deploy PIPELINE force reason="…"'}: it needs a reason, and overwrites changes made outside Git.`,
        ],
        facts: [],
      };
  }
}

function heldReport(target: WorkspaceTarget, held: readonly Held[], own: Lacking | undefined): Report {
  const waits = waitsIn(held);
  const others = waits.filter((wait) => wait.kind !== 'request' || wait.mergeRequest !== own?.request.iid);
  const pipelines = names(
    held.map(({ candidate }) => candidate.name),
    10,
  );
  const shared: Phrase = ['It shares pipelines with what waits: ', ...waitsText(others)];
  return {
    mood: 'held',
    outcome:
      own === undefined
        ? [...phrase`Merged, but not all of it is deployed to ${target.name} yet: `, ...waitsText(others)]
        : [...phrase`Merged, but not deployed to ${target.name} yet: it lacks `, ...missingText(own.missing)],
    table: undefined,
    remedies: [waitsRemedy(waits)],
    facts: [
      [held.length === 1 ? 'waits: ' : `${held.length} pipelines wait: `, ...pipelines],
      ...(own === undefined || others.length === 0 ? [] : [shared]),
    ],
  };
}

/** Why an order is not carried out while nothing of the branch is deployed, and which one would be. */
export function standstillRefusal(
  gate: Standstill,
  branch: string,
  order: { readonly kind: 'deploy' | 'retry'; readonly force: boolean },
): Explanation {
  const forced = phrase`${forcedOrder(branch, order.kind)}`;
  switch (gate.kind) {
    case 'frozen':
      return {
        what: [
          ...phrase`Nothing was deployed from ${branch}: ${freezeName(gate.frozen.by)} freezes deployments until `,
          ...momentIn(gate.frozen),
          '.',
        ],
        remedy: order.force
          ? phrase`In a freeze, force needs a reason: ${forced}.`
          : phrase`Wait until then, when it is deployed by itself; or give a reason for doing it now: ${forced}.`,
      };
    case 'unclear':
      return {
        what: phrase`Nothing was deployed from ${branch}: it is unclear when ${freezeName(gate.period)} is in force.`,
        remedy: phrase`${unclearRemedy} To deploy now: ${forced}.`,
      };
  }
}

const unclearRemedy = words(
  'Write it as five cron fields and a time zone such as America/Toronto, in the project under Settings, CI/CD, Deploy freezes.',
);

/** Why an order without force is not carried out where all of it is held. */
export function heldRefusal(
  held: readonly Held[],
  branch: string,
  { kind }: { readonly kind: 'deploy' | 'retry' },
): Explanation {
  const waits = waitsIn(held);
  const isReviewable = waits.every((wait) => wait.kind === 'request');
  return {
    what: [...phrase`Nothing was deployed from ${branch}: `, ...waitsText(waits), '.'],
    remedy: [
      isReviewable
        ? 'Deployment starts automatically within 15 minutes of these being met. To do without: '
        : 'The mapping file requires a review, which such content cannot get. To deploy it all the same: ',
      ...phrase`${forcedOrder(branch, kind)}.`,
    ],
  };
}

function waitsIn(held: readonly Held[]): readonly Wait[] {
  const all = held.flatMap(({ waits }) => waits);
  return [...new Map(all.map((wait) => [JSON.stringify(wait), wait])).values()];
}

function forcedOrder(branch: string, kind: 'deploy' | 'retry'): string {
  return `/aic deploy PIPELINE force reason="…"${kind === 'retry' ? ` branch=${branch}` : ''}`;
}
