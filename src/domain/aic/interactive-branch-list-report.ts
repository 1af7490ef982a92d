import type { BranchesItem } from './interactive-branches-report.ts';
import type { BranchesAction } from '../commands/command-table.ts';
import type { PipelineFailure } from './select-pipelines.ts';
import { remediesFor } from '../commands/remedies.ts';
import { counted } from '../report/count.ts';
import { names, phrase, words, type Phrase } from '../report/phrase.ts';
import { explain } from '../report/reason.ts';
import type { Report } from '../report/report.ts';

/** The interactive branches that were made, found or deleted, pipeline by pipeline. */
export function branchesReport(
  action: BranchesAction,
  items: readonly BranchesItem[],
  { workspace, by }: { readonly workspace: string; readonly by: string },
): Report {
  const failed = items.flatMap(({ pipeline, failure }) =>
    failure === undefined ? [] : [{ pipeline, reason: failure }],
  );
  const count = items.reduce((sum, { branches }) => sum + branches.length, 0);
  return {
    mood: failed.length === 0 ? 'done' : count === 0 ? 'failed' : 'partly',
    outcome: [
      count === 0
        ? none[action]
        : `${action === 'list' && count === 1 ? 'There is' : did[action]} ${counted(count, 'interactive branch', 'interactive branches')}`,
      ...phrase` in ${workspace}`,
      ...(failed.length === 0 ? [] : [`; ${counted(failed.length, 'pipeline')} failed`]),
    ],
    table: {
      head: ['Pipeline', 'Interactive branches', 'Details'],
      rows: items
        .toSorted((one, other) => rank(one) - rank(other))
        .map(({ pipeline, branches, failure }) => [
          phrase`${pipeline}`,
          branches.length === 0 ? words('none') : names(branches),
          failure === undefined ? [] : detailsOf(failure),
        ]),
    },
    remedies: remediesFor(failed),
    facts: [phrase`workspace ${workspace}`, phrase`by ${by}`],
  };
}

function detailsOf(failure: PipelineFailure): Phrase {
  return ['Failed. ', ...explain(failure).what];
}

/** What failed comes first, what has no branch last. */
function rank({ branches, failure }: BranchesItem): number {
  if (failure !== undefined) return 0;
  return branches.length === 0 ? 2 : 1;
}

const did: Readonly<Record<BranchesAction, string>> = {
  create: 'Created',
  list: 'There are',
  delete: 'Deleted',
};

const none: Readonly<Record<BranchesAction, string>> = {
  create: 'Created no interactive branch',
  list: 'There is no interactive branch',
  delete: 'There was no interactive branch to delete',
};
