import type { MergeRequest } from './gitlab.ts';
import { link, names, phrase, words, type Phrase } from './phrase.ts';
import { explain, type Reason } from './reason.ts';
import type { Report } from './report.ts';

/** What became of bringing a hotfix to one branch. */
export type BackMerged = { readonly target: string } & (
  | {
      readonly kind: 'opened';
      readonly request: MergeRequest;
      /** Files that both the hotfix and the branch changed. */
      readonly both: readonly string[];
    }
  | { readonly kind: 'not-needed' | 'no-branch' }
  | { readonly kind: 'failed'; readonly reason: Reason }
);

/** What stands in the description of a back-merge request. */
export function backMergeSection(back: {
  readonly hotfix: MergeRequest;
  readonly production: string;
  readonly target: string;
  readonly files: readonly string[];
  readonly both: readonly string[];
}): Report {
  const { hotfix, production, target, files, both } = back;
  const isBoth = new Set(both);
  return {
    mood: both.length === 0 ? 'note' : 'held',
    outcome: phrase`Brings ${hotfix.source} (${referenceTo(hotfix)}) from ${production} to ${target} as well`,
    table: {
      head: ['File', 'On the branch'],
      rows: files.map((path) => [
        phrase`${path}`,
        isBoth.has(path)
          ? words('changed on both sides: may conflict')
          : words('as production had it before'),
      ]),
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

/** The comment on the hotfix's merge request: where it goes on. */
export function backMergeReport(hotfix: MergeRequest, outcomes: readonly BackMerged[]): Report {
  const opened = outcomes.filter(({ kind }) => kind === 'opened').length;
  const isStuck = outcomes.some(
    (one) => one.kind === 'failed' || (one.kind === 'opened' && one.both.length > 0),
  );
  const bring = opened === 1 ? '1 merge request brings' : `${opened} merge requests bring`;
  return {
    mood: isStuck ? 'held' : 'done',
    outcome:
      opened === 0
        ? phrase`${hotfix.source} needs no back-merge`
        : phrase`${words(bring)} ${hotfix.source} to the other branches as well`,
    table: {
      head: ['Branch', 'Merge request', 'Details'],
      rows: outcomes.map((one) => [
        phrase`${one.target}`,
        one.kind === 'opened' ? referenceTo(one.request) : words('none'),
        detailsOf(one),
      ]),
    },
    remedies: [
      ...(opened === 0
        ? []
        : [words('Review and merge them, so that the next release does not undo the fix.')]),
      ...outcomes.flatMap((one) =>
        one.kind === 'failed'
          ? [
              phrase`${one.target}: ${explain(one.reason).remedy} Then bring the fix there by a merge request of your own.`,
            ]
          : [],
      ),
    ],
    facts: [],
  };
}

function detailsOf(one: BackMerged): Phrase {
  switch (one.kind) {
    case 'opened':
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
