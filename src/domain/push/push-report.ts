import { commitLink } from '../commands/refusals.ts';
import { remediesFor } from '../commands/remedies.ts';
import type { Project } from '../gitlab/project.ts';
import type { CommitSha } from '../shared/ids.ts';
import type { Job } from '../jobs/job.ts';
import { joined, phrase, words, type Phrase } from '../report/phrase.ts';
import type { PushItem } from './push-plan.ts';
import type { PushTarget } from './push-target.ts';
import { explain } from '../report/reason.ts';
import { summaryMail, type MailSettings } from '../report/mail.ts';
import type { Report } from '../report/report.ts';

const order = ['failed', 'new', 'changed', 'pruned', 'gone', 'undeployed', 'unchanged'] as const;

/** What a push wrote. Pipelines that did not change are counted, not listed. */
export function pushedReport(push: {
  readonly project: Project;
  readonly target: PushTarget;
  readonly items: readonly PushItem[];
  readonly commits: readonly CommitSha[];
  readonly by: string;
  readonly isNew: boolean;
}): Report {
  const { project, target, items, commits, by } = push;
  const counts = order
    .map((kind) => ({ kind, count: items.filter((item) => item.kind === kind).length }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => `${count} ${resultOf[kind]}`)
    .join(', ');
  const hasFailed = items.some(({ kind }) => kind === 'failed');
  const outcome =
    commits.length === 0
      ? phrase`${target.branch} needed no change from ${target.workspace.name}`
      : phrase`Pushed ${target.workspace.name} to ${target.branch}`;
  return {
    mood: !hasFailed ? 'done' : commits.length === 0 ? 'failed' : 'partly',
    outcome: counts === '' ? [...outcome, ': the workspace has no pipeline'] : [...outcome, `: ${counts}`],
    table: {
      head: ['Pipeline', 'Result', 'Details'],
      rows: items
        .filter(({ kind }) => kind !== 'unchanged')
        .toSorted((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind))
        .map((item) => [phrase`${item.pipeline}`, words(resultOf[item.kind]), detailsOf(item)]),
    },
    remedies: [
      ...remediesFor(items.flatMap((item) => (item.kind === 'failed' ? [item] : []))),
      ...(items.some(({ kind }) => kind === 'gone')
        ? [
            phrase`To delete the configs of pipelines that are gone from the workspace, write ${`/aic push branch=${target.branch} prune${target.forced ? ' force' : ''}`}.`,
          ]
        : []),
    ],
    facts: [
      [...phrase`branch ${target.branch}`, ...(push.isNew && commits.length > 0 ? [' (new)'] : [])],
      ...(commits.length === 0
        ? []
        : [
            [
              commits.length === 1 ? 'commit ' : 'commits ',
              ...joined(
                commits.map((sha) => commitLink(project, sha)),
                ', ',
              ),
            ],
          ]),
      phrase`workspace ${target.workspace.name}`,
      phrase`by ${by}`,
    ],
  };
}

/** The mail of a push. */
export function pushedMail(id: string, branch: string, report: Report, mail: MailSettings): readonly Job[] {
  return summaryMail(id, `[Push] GitLab Sync Results for ${branch}`, report, mail);
}

const resultOf: Readonly<Record<PushItem['kind'], string>> = {
  failed: 'failed',
  new: 'new',
  changed: 'changed',
  pruned: 'deleted',
  gone: 'gone from the workspace',
  undeployed: 'not deployed yet',
  unchanged: 'unchanged',
};

function detailsOf(item: PushItem): Phrase {
  switch (item.kind) {
    case 'failed':
      return explain(item.reason).what;
    case 'gone':
      return words('Its config stays in Git.');
    case 'undeployed':
      return words('The workspace does not have it yet; its config stays in Git.');
    case 'new':
    case 'changed':
      return words(
        [
          ...(item.code === 0 ? [] : [item.code === 1 ? '1 code file' : `${item.code} code files`]),
          ...(item.replacesUndeployed ? ['replaces a change in Git that was never deployed'] : []),
        ].join('; '),
      );
    case 'pruned':
    case 'unchanged':
      return [];
  }
}
