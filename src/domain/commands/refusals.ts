import { quoted } from './tokenize.ts';
import { link, names, phrase, words, type Phrase } from '../report/phrase.ts';
import { remedyFor } from './remedies.ts';
import type { Project } from '../gitlab/project.ts';
import type { CommitSha } from '../shared/ids.ts';
import type { Unknown } from '../shared/suggest-names.ts';
import { explain, type Explanation, type Reason } from '../report/reason.ts';
import type { Report } from '../report/report.ts';

/** The answer to a command that was not carried out. */
export function refusal({ what, remedy }: Explanation): Report {
  return { mood: 'failed', outcome: what, table: undefined, remedies: [remedy], facts: [] };
}

/** The answer to a command that another system kept from being carried out. */
export function failure(reason: Reason): Report {
  return refusal({ what: explain(reason).what, remedy: remedyFor(reason) });
}

/** The answer to commands that reached the bot too late. */
export function lateReport(): Report {
  return refusal({
    what: words('Nothing was done: this came while I was away, and things may have changed since.'),
    remedy: words('Say it again if you still want it.'),
  });
}

/** The answer to commands in a comment that somebody changed, or may have changed. */
export function changedReport(edited: 'edited' | 'unknown'): Report {
  return refusal({
    what: words(
      edited === 'edited'
        ? 'Nothing was done: the comment was changed after it was written, and nobody would know later what it said.'
        : 'Nothing was done: something happened to the comment after it was written, and this GitLab does not say whether its text was changed.',
    ),
    remedy: words('Write the command in a new comment.'),
  });
}

/** Names that nothing has, with the ones that were most likely meant. */
export function unknownPipelines(unknown: Unknown, where: Phrase): Report {
  return {
    mood: 'failed',
    outcome: [
      'Nothing was done: ',
      ...where,
      ` has no ${unknown.length === 1 ? 'pipeline' : 'pipelines'} `,
      ...names(unknown.map(({ name }) => name)),
      '.',
    ],
    table: undefined,
    remedies: [
      ...unknown.map(({ name, nearest }) =>
        nearest.length === 0
          ? phrase`Correct ${name}: no name is near it. Upper and lower case count.`
          : [...phrase`Instead of ${name}: did you mean `, ...names(nearest), '?'],
      ),
      ...spaced(unknown),
    ],
    facts: [],
  };
}

/** A commit with its address. */
export function commitLink(project: Project, commit: CommitSha): Phrase {
  return link(commit.slice(0, 8), `${project.webUrl}/-/commit/${commit}`);
}

/** The likeliest mistake: a name with spaces whose quotation marks are missing. */
function spaced(unknown: Unknown): readonly Phrase[] {
  const name = unknown.flatMap(({ nearest }) => nearest).find((known) => known.includes(' '));
  return name === undefined ? [] : [phrase`A name with spaces stands in quotation marks: ${quoted(name)}.`];
}
