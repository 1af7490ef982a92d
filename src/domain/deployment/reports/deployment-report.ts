import {
  isPending,
  type Deployment,
  type EndedDeployment,
  type EndedItem,
  type Item,
  type ItemState,
  type Remark,
} from '../deployment.ts';
import type { Project } from '../../gitlab/project.ts';
import { deploymentMarker, type Job, type StatusJob } from '../../jobs/job.ts';
import { link, names, phrase, words, type Phrase } from '../../report/phrase.ts';
import { referenceTo, type Noteable, type Place } from '../../gitlab/comment-location.ts';
import { recordStateOf } from '../../gitlab/deployment-records.ts';
import { explain } from '../../report/reason.ts';
import { deploymentMail, type MailSettings } from '../../report/mail.ts';
import { toComment } from '../../report/markdown.ts';
import { plain } from '../../report/text.ts';
import type { Mood, Report } from '../../report/report.ts';

/** A deployment with what is needed to tell of it. */
export interface DeploymentFacts {
  readonly project: Project;
  readonly deployment: Deployment;
  readonly items: readonly Item[];
}

/** A deployment that ended, with what is needed to tell of it. */
export interface EndedFacts extends DeploymentFacts {
  readonly deployment: EndedDeployment;
  readonly items: readonly EndedItem[];
}

/** The comment of a deployment, as it stands. */
export function deploymentComment(facts: DeploymentFacts): string {
  return toComment(reportOn(facts));
}

/**
 * What is sent when a deployment has ended: the final comment on each merge request that it covers, or on the commit when
 * there is none, and a mail if there is something to tell.
 */
export function deploymentReport(facts: EndedFacts, mail: MailSettings): readonly Job[] {
  const { deployment, project } = facts;
  const report = reportOn(facts);
  const marker = deploymentMarker(deployment.id);
  const body = toComment(report);
  const comments: readonly Job[] =
    deployment.places.length === 0
      ? [
          {
            kind: 'comment',
            projectId: project.id,
            place: { kind: 'commit', commit: deployment.head },
            marker: `${marker}:${deployment.finishedAt}`,
            body,
          },
        ]
      : deployment.places.map((place) => ({ kind: 'comment', projectId: project.id, place, marker, body }));
  const quiet = facts.items.every((item) => item.state.kind === 'unchanged');
  if (quiet) return comments;
  return [
    ...comments,
    ...deploymentMail(
      `deployment-${deployment.id}-${deployment.finishedAt}`,
      deployment.branch,
      report,
      mail,
    ),
  ];
}

/** What the deployed commit says of the deployment from now on. */
export function statusJob({ project, deployment, items }: EndedFacts): StatusJob {
  const { branch, head, places } = deployment;
  const place = places.find((one) => one.kind !== 'commit');
  return {
    kind: 'status',
    projectId: project.id,
    commit: head,
    ref: branch,
    name: 'aic-bot/deploy',
    state: recordStateOf(deployment.status) === 'success' ? 'success' : 'failed',
    description: plain(outcomeOf(deployment, items)),
    targetUrl: place === undefined ? `${project.webUrl}/-/commit/${head}` : urlOf(project, place),
  };
}

/** A deployment, as it stands. */
export function reportOn({ project, deployment, items }: DeploymentFacts): Report {
  const ranked = items.toSorted(
    (one, other) => rank(one) - rank(other) || compare(one.pipeline, other.pipeline),
  );
  return {
    mood: moodOf(deployment),
    outcome: outcomeOf(deployment, items),
    table: {
      head: ['Pipeline', 'Result', 'Details'],
      rows: ranked.map((item) => [
        phrase`${item.pipeline}`,
        words(resultOf(item.state)),
        detailsOf(item.state, deployment),
      ]),
    },
    remedies: remediesOf(ranked),
    facts: factsOf(project, deployment),
  };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : 1;
}

/** What needs somebody comes first, what did not change last. */
function rank({ state }: Item): number {
  const order = ['failed', 'blocked', 'writing', 'planned', 'created', 'updated', 'left', 'unchanged'];
  return order.indexOf(state.kind);
}

function moodOf(deployment: Deployment): Mood {
  switch (deployment.status) {
    case 'running':
      return 'running';
    case 'succeeded':
    case 'unchanged':
      return 'done';
    case 'partly failed':
      return 'partly';
    case 'failed':
      return 'failed';
    case 'blocked':
      return 'held';
  }
}

function outcomeOf({ status, workspace }: Deployment, items: readonly Item[]): Phrase {
  const deployed = items.filter(({ state }) => state.kind === 'created' || state.kind === 'updated').length;
  const counts = countsOf(items);
  const into = phrase` to ${workspace.workspace}`;
  const colon = counts === '' ? '' : `: ${counts}`;
  switch (status) {
    case 'running':
      return [items.length === 0 ? 'Deploying' : `Deploying ${pipelines(items.length)}`, ...into, colon];
    case 'succeeded':
      return [`Deployed ${pipelines(deployed)}`, ...into, colon];
    case 'unchanged':
      return [...phrase`${workspace.workspace} needed no change`, colon];
    case 'partly failed':
      if (deployed === 0) return ['Deployed nothing', ...into, colon];
      return [
        `Deployed ${deployed} of ${pipelines(deployed + items.filter(isPending).length)}`,
        ...into,
        colon,
      ];
    case 'failed':
    case 'blocked':
      return ['Deployed nothing', ...into, colon];
  }
}

function pipelines(count: number): string {
  return count === 1 ? '1 pipeline' : `${count} pipelines`;
}

function countsOf(items: readonly Item[]): string {
  const kinds = ['created', 'updated', 'unchanged', 'left', 'blocked', 'failed'] as const;
  return kinds
    .map((kind) => ({ kind, count: items.filter((item) => item.state.kind === kind).length }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => `${count} ${kind === 'left' ? 'left alone' : kind}`)
    .join(', ');
}

function resultOf(state: ItemState): string {
  switch (state.kind) {
    case 'planned':
      return `to ${state.effect}`;
    case 'writing':
      return state.effect === 'create' ? 'creating' : 'updating';
    case 'left':
      return 'left alone';
    case 'created':
    case 'updated':
    case 'unchanged':
    case 'blocked':
    case 'failed':
      return state.kind;
  }
}

function detailsOf(state: ItemState, { rollsBack }: Deployment): Phrase {
  switch (state.kind) {
    case 'planned':
    case 'writing':
    case 'unchanged':
      return [];
    case 'created':
    case 'updated':
      return state.remark === undefined ? [] : words(remarks[state.remark]);
    case 'left':
      return words(
        rollsBack === undefined
          ? 'The file was removed; pipelines are never deleted in AIC.'
          : `Deployment ${rollsBack} created it; pipelines are never deleted in AIC.`,
      );
    case 'blocked':
    case 'failed':
      return explain(state.reason).what;
  }
}

const remarks: Readonly<Record<Remark, string>> = {
  'overwrote-drift': 'A change made by hand in AIC was overwritten; what was there is kept as a snapshot.',
  'stored-differently': 'AIC stored it in a slightly different form than it was sent.',
  'not-read-back': 'It was written, but could not be read back to check.',
};

/** What to do, once for all the pipelines that need the same. */
function remediesOf(items: readonly Item[]): readonly Phrase[] {
  const same = new Map<string, { readonly remedy: Phrase; readonly pipelines: string[] }>();
  for (const { pipeline, state } of items) {
    if (state.kind !== 'blocked' && state.kind !== 'failed') continue;
    const { remedy } = explain(state.reason);
    const known = same.get(plain(remedy));
    if (known === undefined) same.set(plain(remedy), { remedy, pipelines: [pipeline] });
    else known.pipelines.push(pipeline);
  }
  return [...same.values()].map(({ remedy, pipelines: stuck }) => [...names(stuck, 5), ': ', ...remedy]);
}

function factsOf(project: Project, deployment: Deployment): readonly Phrase[] {
  const { branch, head, finishedAt, startedAt, workspace, places, by, reason } = deployment;
  return [
    phrase`branch ${branch}`,
    ['commit ', ...link(head.slice(0, 8), `${project.webUrl}/-/commit/${head}`)],
    [...phrase`workspace ${workspace.workspace}`, ...(workspace.environment === 'qa' ? [' (AIC QA)'] : [])],
    ...noteablesIn(places).map((noteable) => linkTo(project, noteable)),
    ...(by === undefined ? [] : [phrase`by ${by}`]),
    ...(reason === undefined ? [] : [phrase`reason: ${reason}`]),
    words(`deployment ${deployment.id}`),
    ...(finishedAt === undefined ? [] : [words(`took ${duration(finishedAt - startedAt)}`)]),
  ];
}

/** What the places are on, each once: an answer in a thread is on the same merge request as a comment beside it. */
function noteablesIn(places: readonly Place[]): readonly Noteable[] {
  const all = places.flatMap((place) => (place.kind === 'commit' ? [] : [place]));
  return [...new Map(all.map((place) => [referenceTo(place), place])).values()];
}

/** `merge request !5` with its address. */
function linkTo(project: Project, noteable: Noteable): Phrase {
  const what = noteable.kind === 'issue' ? 'issue ' : 'merge request ';
  return [what, ...link(referenceTo(noteable), urlOf(project, noteable))];
}

function urlOf({ webUrl }: Project, { kind, iid }: Noteable): string {
  return `${webUrl}/-/${kind === 'issue' ? 'issues' : 'merge_requests'}/${iid}`;
}

function duration(ms: number): string {
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
