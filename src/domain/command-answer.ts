import { link, phrase, type Phrase } from './phrase.ts';
import type { Project } from './gitlab.ts';
import type { CommitSha } from './ids.ts';
import type { Unknown } from './order.ts';
import { names } from './phrase.ts';
import { explain, type Explanation, type Reason } from './reason.ts';
import type { Report } from './report.ts';

/** The answer to a command that was not carried out. */
export function refusal({ what, remedy }: Explanation): Report {
  return { mood: 'failed', outcome: what, table: undefined, remedies: [remedy], facts: [] };
}

/** The answer to a command that another system kept from being carried out. Nobody repeats a command but its author. */
export function failure(reason: Reason): Report {
  return refusal({ what: explain(reason).what, remedy: remedyFor(reason) });
}

function remedyFor(reason: Reason): Phrase {
  if (reason.kind !== 'upstream') return explain(reason).remedy;
  const { reason: why, system } = reason.failure;
  if (why === 'passing') return phrase`Write the command again in some minutes.`;
  if (system === 'AIC' || (why !== 'denied' && why !== 'refused')) return explain(reason).remedy;
  return phrase`Check that the bot's GitLab token is valid, and that the branch's protection and push rules let the bot commit; then write the command again.`;
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
    remedies: unknown.map(({ name, nearest }) =>
      nearest.length === 0
        ? phrase`Correct ${name}: no name is near it. Upper and lower case count.`
        : [...phrase`Instead of ${name}: did you mean `, ...names(nearest), '?'],
    ),
    facts: [],
  };
}

/** A commit with its address. */
export function commitLink(project: Project, commit: CommitSha): Phrase {
  return link(commit.slice(0, 8), `${project.webUrl}/-/commit/${commit}`);
}
