import { counted } from '../report/count.ts';
import { commitLink } from '../commands/refusals.ts';
import type { EmbedMistake } from './embed-code.ts';
import type { Project } from '../gitlab/project.ts';
import type { CommitSha } from '../shared/ids.ts';
import { names, phrase, words, type Phrase } from '../report/phrase.ts';
import { explain, type Explanation, type Reason } from '../report/reason.ts';
import type { Report } from '../report/report.ts';

/** What became of the edited code of one pipeline. */
export type EmbedItem = { readonly pipeline: string } & (
  | { readonly kind: 'embedded' | 'same'; readonly paths: readonly string[] }
  | { readonly kind: 'failed'; readonly mistake: EmbedMistake | Reason }
);

/** What was brought from `code/` into configs. */
export function embedReport(facts: {
  readonly project: Project;
  readonly branch: string;
  readonly items: readonly EmbedItem[];
  readonly commits: readonly CommitSha[];
}): Report {
  const { project, branch, items, commits } = facts;
  const done = items.filter(({ kind }) => kind === 'embedded').length;
  const failed = items.filter(({ kind }) => kind === 'failed').length;
  const rest = failed === 0 ? '' : `; ${failed} could not be`;
  return {
    mood: failed === 0 ? 'done' : done > 0 ? 'partly' : 'failed',
    outcome:
      done === 0 && failed === 0
        ? words('Nothing to embed: code and configs agree, or the merge request changes no code')
        : phrase`Embedded the code of ${words(counted(done, 'pipeline') + rest)}, on ${branch}`,
    table: {
      head: ['Pipeline', 'Result', 'Details'],
      rows: items.map((item) => [phrase`${item.pipeline}`, words(resultOf[item.kind]), detailsOf(item)]),
    },
    remedies: items.flatMap((item) =>
      item.kind === 'failed' ? [[...phrase`${item.pipeline}: `, ...explainMistake(item.mistake).remedy]] : [],
    ),
    facts: commits.map((commit) => ['commit ', ...commitLink(project, commit)]),
  };
}

const resultOf: Readonly<Record<EmbedItem['kind'], string>> = {
  embedded: 'embedded',
  same: 'same already',
  failed: 'failed',
};

function detailsOf(item: EmbedItem): Phrase {
  return item.kind === 'failed' ? explainMistake(item.mistake).what : names(item.paths, 5);
}

function explainMistake(mistake: EmbedMistake | Reason): Explanation {
  if (mistake.kind === 'contradiction')
    return {
      what: [
        'The script and its SQL were both edited, and say different things: ',
        ...names(mistake.paths),
        '.',
      ],
      remedy: words('Make the same change in both files, or undo one of the edits.'),
    };
  if (mistake.kind === 'not-a-block')
    return {
      what: phrase`${mistake.path} can't stand between the quotation marks of its script: it ends or escapes them, or does not begin with an SQL verb.`,
      remedy: words("Correct that file, or edit the script's own file instead."),
    };
  if (mistake.kind === 'unreadable-config' && !('path' in mistake))
    return {
      what: phrase`The config can't be read: ${mistake.problem}`,
      remedy: words('Correct the config, and write the command again.'),
    };
  return explain(mistake);
}
