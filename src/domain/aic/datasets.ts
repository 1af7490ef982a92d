import type { Result } from '../shared/result.ts';
import type { UpstreamFailure } from '../shared/upstream-failure.ts';

/** AIC's opaque id of a dataset in one workspace. */
export type DatasetId = string & { readonly brand: 'DatasetId' };

/** A dataset by its name, which nothing says is the only one of that name. */
export interface Dataset {
  readonly id: DatasetId;
  readonly name: string;
}

/** A table of a dataset. */
export interface Table {
  readonly id: string;
  readonly name: string;
}

/** The datasets of a workspace, which are only looked at. Entries without a name are left out. */
export interface Datasets {
  datasets(): Promise<Result<readonly Dataset[], UpstreamFailure>>;
  tables(dataset: DatasetId): Promise<Result<readonly Table[], UpstreamFailure>>;
}
