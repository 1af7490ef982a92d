import { refusal } from '../commands/refusals.ts';
import type { DatasetFailure } from './find-dataset.ts';
import type { DriveFailure } from './find-drive.ts';
import { names, phrase, words, type Phrase } from '../report/phrase.ts';
import type { Report } from '../report/report.ts';

/** The answer to a command about a drive or a dataset that can't be told. */
export function namingRefusal(failure: DriveFailure | DatasetFailure, workspace: string): Report {
  switch (failure.kind) {
    case 'unknown-drive':
      return refusal({
        what: phrase`Nothing was backed up: ${workspace} has no drive ${failure.wanted}.`,
        remedy: [
          ...meant(failure.nearest, 'drive'),
          ...phrase` Name another one with ${'drive="NAME"'}, or create it in AIC.`,
        ],
      });
    case 'ambiguous-drive':
      return refusal({
        what: [
          ...phrase`Nothing was backed up: ${workspace} has several drives that ${failure.wanted} may mean: `,
          ...names(failure.drives),
          '.',
        ],
        remedy: phrase`Write the name of one exactly, as in ${'drive="NAME"'}; if their names are the same, rename one in AIC.`,
      });
    case 'unknown-dataset':
      return refusal({
        what: phrase`Nothing was listed: ${workspace} has no dataset ${failure.wanted}.`,
        remedy: [
          ...meant(failure.nearest, 'dataset'),
          ...phrase` ${'/aic datasets'} lists them. Upper and lower case count.`,
        ],
      });
    case 'ambiguous-dataset':
      return refusal({
        what: phrase`Nothing was listed: ${workspace} has several datasets ${failure.wanted}.`,
        remedy: [...words('Write the id of one instead of the name: '), ...names(failure.ids), '.'],
      });
  }
}

function meant(nearest: readonly string[], what: string): Phrase {
  return nearest.length === 0
    ? [`No ${what} has a name that is near it.`]
    : ['Did you mean ', ...names(nearest), '?'];
}
