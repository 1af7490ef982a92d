import type { Dataset } from './datasets.ts';
import { nearest } from '../shared/suggest-names.ts';
import { fail, ok, type Result } from '../shared/result.ts';

/** Why a dataset can't be told by its name. */
export type DatasetFailure =
  | { readonly kind: 'unknown-dataset'; readonly wanted: string; readonly nearest: readonly string[] }
  | { readonly kind: 'ambiguous-dataset'; readonly wanted: string; readonly ids: readonly string[] };

/** The dataset of exactly this name, or of this id, which tells apart those of one name. */
export function findDataset(datasets: readonly Dataset[], wanted: string): Result<Dataset, DatasetFailure> {
  const own = datasets.find(({ id }) => id === wanted);
  if (own !== undefined) return ok(own);
  const [dataset, ...others] = datasets.filter(({ name }) => name === wanted);
  if (dataset === undefined) {
    const known = datasets.map(({ name }) => name);
    return fail({ kind: 'unknown-dataset', wanted, nearest: nearest(wanted, known) });
  }
  return others.length === 0
    ? ok(dataset)
    : fail({ kind: 'ambiguous-dataset', wanted, ids: [dataset, ...others].map(({ id }) => id) });
}
