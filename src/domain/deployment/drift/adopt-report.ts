import { counted } from '../../report/count.ts';
import { remediesFor } from '../../commands/remedies.ts';
import type { MergeRequest } from '../../gitlab/merge-request.ts';
import { link, names, phrase, words } from '../../report/phrase.ts';
import type { PushItem } from '../../push/push-plan.ts';
import { explain } from '../../report/reason.ts';
import type { Report } from '../../report/report.ts';

/** What stands in the description of a merge request that a workspace's content comes by. */
export function adoptSection(facts: {
  readonly workspace: string;
  readonly into: string;
  readonly pipelines: readonly string[];
  readonly why: string;
  readonly by: string;
}): Report {
  const { workspace, into, pipelines, why, by } = facts;
  return {
    mood: 'note',
    outcome: phrase`Brings ${words(counted(pipelines.length, 'pipeline'))} from ${workspace} into ${into}`,
    table: { head: ['Pipeline'], rows: pipelines.map((name) => [phrase`${name}`]) },
    remedies: [phrase`Merging it deploys nothing as long as ${workspace} holds the same.`],
    facts: [words(why), phrase`asked for by ${by}`],
  };
}

/** The answer to a command that brought what a workspace holds into a merge request. */
export function adoptedReport(facts: {
  readonly workspace: string;
  readonly into: string;
  readonly items: readonly PushItem[];
  readonly request: MergeRequest | undefined;
}): Report {
  const { workspace, into, items, request } = facts;
  const failed = items.flatMap((item) => (item.kind === 'failed' ? [item] : []));
  const brought = items.filter(({ kind }) => kind === 'new' || kind === 'changed');
  return {
    mood: failed.length === 0 ? 'done' : request === undefined ? 'failed' : 'partly',
    outcome:
      request === undefined
        ? phrase`Nothing to adopt: ${into} has what ${workspace} holds`
        : phrase`${link(`!${request.iid}`, request.webUrl)} brings what ${workspace} holds into ${into}`,
    table: {
      head: ['Pipeline', 'Result', 'Details'],
      rows: [
        ...failed.map((item) => [phrase`${item.pipeline}`, words('failed'), explain(item.reason).what]),
        ...brought.map((item) => [phrase`${item.pipeline}`, words(item.kind), []]),
      ],
    },
    remedies: [
      ...remediesFor(failed),
      ...(request === undefined
        ? []
        : [
            phrase`Review and merge it; until then a deployment of ${names(
              brought.map(({ pipeline }) => pipeline),
              3,
            )} stays blocked.`,
          ]),
    ],
    facts: [phrase`workspace ${workspace}`, phrase`branch ${into}`],
  };
}
