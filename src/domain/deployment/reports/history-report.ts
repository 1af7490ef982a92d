import { commitLink } from '../../commands/refusals.ts';
import { counted } from '../../report/count.ts';
import type { Deployment, Item } from '../deployment.ts';
import type { Project } from '../../gitlab/project.ts';
import { joined, link, phrase, words, type Phrase } from '../../report/phrase.ts';
import { referenceTo } from '../../gitlab/comment-location.ts';
import type { Report } from '../../report/report.ts';
import { timeOf } from '../../shared/timestamps.ts';

/** The last deployments of a branch, or of one pipeline. */
export function historyReport(facts: {
  readonly project: Project;
  readonly branch: string;
  readonly pipeline: string | undefined;
  readonly deployments: readonly { readonly deployment: Deployment; readonly items: readonly Item[] }[];
}): Report {
  const { project, branch, pipeline, deployments } = facts;
  const of = pipeline === undefined ? phrase`${branch}` : phrase`${pipeline} from ${branch}`;
  return {
    mood: 'note',
    outcome:
      deployments.length === 0
        ? phrase`Nothing was deployed of ${of} yet`
        : phrase`The last ${words(counted(deployments.length, 'deployment'))} of ${of}`,
    table: {
      head: ['Number', 'When', 'Result', 'Commit', 'For', 'By'],
      rows: deployments.map(({ deployment, items }) => [
        words(String(deployment.id)),
        words(timeOf(deployment.finishedAt ?? deployment.startedAt)),
        resultOf(deployment, items, pipeline),
        commitLink(project, deployment.head),
        placesOf(project, deployment),
        by(deployment),
      ]),
    },
    remedies:
      deployments.length === 0
        ? []
        : [
            phrase`${'/aic rollback deployment=NUMBER'} brings pipelines back to what a deployment overwrote.`,
          ],
    facts: [],
  };
}

function resultOf(
  { status, rollsBack }: Deployment,
  items: readonly Item[],
  pipeline: string | undefined,
): Phrase {
  const own = items.find((item) => item.pipeline === pipeline);
  const what = pipeline === undefined ? status : (own?.state.kind ?? status);
  const many = pipeline === undefined && items.length > 0 ? `, ${counted(items.length, 'pipeline')}` : '';
  return words(`${what}${many}${rollsBack === undefined ? '' : `, rolled back ${rollsBack}`}`);
}

function placesOf({ webUrl }: Project, { places }: Deployment): Phrase {
  const seen = new Map<string, Phrase>();
  for (const place of places) {
    if (place.kind === 'commit') continue;
    const reference = referenceTo(place);
    const page = place.kind === 'issue' ? 'issues' : 'merge_requests';
    seen.set(reference, link(reference, `${webUrl}/-/${page}/${place.iid}`));
  }
  return joined([...seen.values()], ', ');
}

function by({ by: name, reason }: Deployment): Phrase {
  return [
    ...(name === undefined ? [] : phrase`${name}`),
    ...(reason === undefined ? [] : phrase`: ${reason}`),
  ];
}
