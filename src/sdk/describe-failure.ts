import type { UnknownPipelines } from '../domain/aic/select-pipelines.ts';
import type { DatasetFailure } from '../domain/aic/find-dataset.ts';
import type { DriveFailure } from '../domain/aic/find-drive.ts';
import { names, phrase, type Phrase } from '../domain/report/phrase.ts';
import { explain, type Reason } from '../domain/report/reason.ts';
import { plain } from '../domain/report/text.ts';
import type { UpstreamFailure } from '../domain/shared/upstream-failure.ts';

/** Whatever a call to a workspace or to AIC fails with. */
export type Failure = Reason | UnknownPipelines | DriveFailure | DatasetFailure | UpstreamFailure;

/** What happened, in a sentence or two for people, without secrets. */
export function describe(failure: Failure): string {
  return plain(sentenceOf(failure));
}

function sentenceOf(failure: Failure): Phrase {
  if (!('kind' in failure)) return explain({ kind: 'upstream', failure }).what;
  if (failure.kind === 'unknown-pipelines') {
    return failure.unknown.flatMap(({ name, nearest }, index) => [
      ...(index === 0 ? [] : [' ']),
      ...phrase`The workspace has no pipeline ${name}.`,
      ...meant(nearest),
    ]);
  }
  if (failure.kind === 'unknown-drive') {
    return [...phrase`The workspace has no drive ${failure.wanted}.`, ...meant(failure.nearest)];
  }
  if (failure.kind === 'ambiguous-drive') {
    const several = phrase`The workspace has several drives that ${failure.wanted} may mean: `;
    return [...several, ...names(failure.drives), '.'];
  }
  if (failure.kind === 'unknown-dataset') {
    return [...phrase`The workspace has no dataset ${failure.wanted}.`, ...meant(failure.nearest)];
  }
  if (failure.kind === 'ambiguous-dataset') {
    return [...phrase`Several datasets are named ${failure.wanted}: `, ...names(failure.ids), '.'];
  }
  return explain(failure).what;
}

function meant(nearest: readonly string[]): Phrase {
  return nearest.length === 0 ? [] : [' Did you mean ', ...names(nearest), '?'];
}
