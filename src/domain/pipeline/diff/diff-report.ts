import { counted } from '../../report/count.ts';
import { detailOf, summaryOf } from './format-differences.ts';
import type { Difference } from './difference.ts';
import { phrase, words, type Phrase } from '../../report/phrase.ts';
import { explain, type Reason } from '../../report/reason.ts';
import type { Report } from '../../report/report.ts';

/** How a pipeline of a workspace compares with its config on the branch. */
export type Comparison = { readonly name: string } & (
  | { readonly kind: 'same' | 'only-branch' | 'only-workspace' }
  /** From the branch to the workspace. */
  | { readonly kind: 'differs'; readonly differences: readonly Difference[] }
  | { readonly kind: 'unreadable'; readonly reason: Reason }
);

/** What a workspace has that its branch does not, and the other way round. */
export function diffReport(facts: {
  readonly branch: string;
  readonly workspace: string;
  readonly comparisons: readonly Comparison[];
}): Report {
  const { branch, workspace, comparisons } = facts;
  const others = comparisons
    .filter(({ kind }) => kind !== 'same')
    .toSorted(
      (one, other) => ranks.indexOf(one.kind) - ranks.indexOf(other.kind) || (one.name < other.name ? -1 : 1),
    );
  const of = counted(comparisons.length, 'pipeline');
  return {
    mood: 'note',
    outcome:
      others.length === 0
        ? phrase`${workspace} is the same as ${branch}: ${words(of)}`
        : phrase`${workspace} differs from ${branch} in ${words(`${others.length} of ${of}`)}`,
    table: {
      head: ['Pipeline', 'Result', 'Details'],
      rows: others.map((one) => [phrase`${one.name}`, words(resultOf[one.kind]), tellOf(one)]),
    },
    remedies:
      others.length === 0
        ? []
        : [
            phrase`${`/aic adopt branch=${branch}`} opens a merge request that brings what AIC has into Git; ${`/aic deploy force branch=${branch}`} overwrites it with what Git has. Both take names of pipelines.`,
          ],
    details: others.flatMap((one) =>
      one.kind === 'differs' ? [detailOf(phrase`${one.name}`, one.differences)] : [],
    ),
    facts: [
      phrase`branch ${branch}`,
      phrase`workspace ${workspace}`,
      ...(others.some(({ kind }) => kind === 'differs') ? [words('− is the branch, + is AIC')] : []),
    ],
  };
}

const ranks: readonly Comparison['kind'][] = [
  'unreadable',
  'differs',
  'only-workspace',
  'only-branch',
  'same',
];

const resultOf: Readonly<Record<Comparison['kind'], string>> = {
  unreadable: 'unreadable',
  differs: 'differs',
  'only-workspace': 'only in AIC',
  'only-branch': 'only in Git',
  same: 'same',
};

function tellOf(one: Comparison): Phrase {
  switch (one.kind) {
    case 'unreadable':
      return explain(one.reason).what;
    case 'differs':
      return summaryOf(one.differences);
    case 'only-workspace':
    case 'only-branch':
    case 'same':
      return [];
  }
}
