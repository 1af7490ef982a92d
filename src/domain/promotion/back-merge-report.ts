import type { MergeRequest } from '../gitlab/merge-request.ts';
import { link, names, phrase, words, type Phrase } from '../report/phrase.ts';
import type { Arrival, FixedFileState } from './back-merge.ts';
import { explain, type Reason } from '../report/reason.ts';
import type { Report } from '../report/report.ts';

/** What became of bringing a hotfix to one branch. */
export type BackMerged = { readonly target: string } & (
  | {
      readonly kind: 'requested';
      /** Open, or ended by people since. */
      readonly request: MergeRequest;
      /** Files that both the hotfix and the branch changed. */
      readonly both: readonly string[];
    }
  | { readonly kind: 'not-needed' | 'no-branch' }
  | { readonly kind: 'failed'; readonly reason: Reason }
);

/** What stands in the description of a back-merge request. */
export function backMergeSection(back: {
  readonly arrival: Arrival;
  readonly target: string;
  readonly files: readonly { readonly path: string; readonly state: FixedFileState }[];
}): Report {
  const { arrival, target, files } = back;
  const both = files.filter(({ state }) => state === 'both').map(({ path }) => path);
  return {
    mood: both.length === 0 ? 'note' : 'held',
    outcome: phrase`Brings ${arrival.source} (${arrival.reference}) from ${arrival.production} to ${target} as well`,
    table: {
      head: ['File', 'On the branch'],
      rows: files.map(({ path, state }) => [phrase`${path}`, words(stateWords[state])]),
    },
    remedies:
      both.length === 0
        ? []
        : [
            phrase`Look at ${names(both)}: ${target} changed there too. Where the same lines changed, GitLab shows a conflict; resolve it here.`,
          ],
    facts: [],
  };
}

const stateWords: Readonly<Record<FixedFileState, string>> = {
  there: 'has it already',
  clean: 'as production had it before',
  absent: 'not there: the file is added',
  both: 'changed on both sides: may conflict',
};

/** The comment on what came into production: where it goes on. */
export function backMergeReport({ source }: Arrival, outcomes: readonly BackMerged[]): Report {
  const opened = outcomes.filter((one) => one.kind === 'requested' && one.request.state === 'opened').length;
  const isStuck = outcomes.some(
    (one) => one.kind === 'failed' || (one.kind === 'requested' && one.both.length > 0),
  );
  const bring = opened === 1 ? '1 merge request brings' : `${opened} merge requests bring`;
  return {
    mood: isStuck ? 'held' : 'done',
    outcome:
      opened === 0
        ? phrase`${source} needs no back-merge`
        : phrase`${words(bring)} ${source} to the other branches as well`,
    table: {
      head: ['Branch', 'Merge request', 'Details'],
      rows: outcomes.map((one) => [
        phrase`${one.target}`,
        one.kind === 'requested' ? referenceTo(one.request) : words('none'),
        detailsOf(one),
      ]),
    },
    remedies: [
      ...(opened === 0 ? [] : [words('Review and merge them, so that the next release does not undo it.')]),
      ...outcomes.flatMap((one) =>
        one.kind === 'failed'
          ? [
              phrase`${one.target}: ${explain(one.reason).remedy} Then bring it there by a merge request of your own.`,
            ]
          : [],
      ),
    ],
    facts: [],
  };
}

function detailsOf(one: BackMerged): Phrase {
  switch (one.kind) {
    case 'requested':
      if (one.request.state === 'merged') return words('It is merged.');
      if (one.request.state === 'closed') return words('Somebody closed it.');
      return one.both.length === 0 ? [] : [...words('changed on both sides: '), ...names(one.both)];
    case 'not-needed':
      return words('The branch has it already.');
    case 'no-branch':
      return words('The branch does not exist.');
    case 'failed':
      return explain(one.reason).what;
  }
}

function referenceTo({ iid, webUrl }: MergeRequest): Phrase {
  return link(`!${iid}`, webUrl);
}
