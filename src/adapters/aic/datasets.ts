import type { DatasetId, Datasets } from '../../domain/aic/datasets.ts';
import type { Calls } from './calls.ts';
import { namedIn } from './named-list.ts';

/** The datasets of the workspace at the path. */
export function datasetsAt(calls: Calls, path: string): Datasets {
  return {
    datasets: () =>
      calls.ask({ method: 'GET', path: `${path}/datasets` }, (body) =>
        namedIn(body).map(({ id, name }) => ({ id: id as DatasetId, name })),
      ),
    tables: (dataset) =>
      calls.ask({ method: 'GET', path: `${path}/datasets/${encodeURIComponent(dataset)}/tables` }, namedIn),
  };
}
