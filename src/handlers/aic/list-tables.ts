import type { Dataset, Datasets, Table } from '../../domain/aic/datasets.ts';
import { findDataset, type DatasetFailure } from '../../domain/aic/find-dataset.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';

/** The tables of the dataset of this name or id. */
export async function listTables(
  workspace: Datasets,
  wanted: string,
): Promise<
  Result<
    { readonly dataset: Dataset; readonly tables: readonly Table[] },
    DatasetFailure | { readonly kind: 'upstream'; readonly failure: UpstreamFailure }
  >
> {
  const datasets = await workspace.datasets();
  if (!datasets.ok) return fail({ kind: 'upstream', failure: datasets.failure });
  const dataset = findDataset(datasets.value, wanted);
  if (!dataset.ok) return dataset;
  const tables = await workspace.tables(dataset.value.id);
  if (!tables.ok) return fail({ kind: 'upstream', failure: tables.failure });
  return ok({ dataset: dataset.value, tables: tables.value });
}
