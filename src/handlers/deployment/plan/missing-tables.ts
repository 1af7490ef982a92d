import type { Workspace } from '../../../domain/aic/aic.ts';
import type { Dataset } from '../../../domain/aic/datasets.ts';
import type { Content } from '../../../domain/pipeline/config.ts';
import { placeholdersIn, type Placeholder } from '../../../domain/pipeline/table-placeholders.ts';

/** In more datasets a table that is named without its dataset is not looked for. */
const mostDatasets = 50;

/**
 * The placeholders of each pipeline for which the workspace has no table, by the pipeline's name. Upper and lower case count as the same, since nothing
 * says that AIC tells them apart. Asks AIC only where there are placeholders, and only for the datasets that they name, or for all where one
 * names none; what AIC does not tell counts as there.
 */
export async function missingTables(
  workspace: Workspace,
  pipelines: readonly { readonly name: string; readonly content: Content }[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const missing = new Map<string, readonly string[]>();
  const wanted = pipelines
    .map(({ name, content }) => ({ name, placeholders: placeholdersIn(name, content) }))
    .filter(({ placeholders }) => placeholders.length > 0);
  if (wanted.length === 0) return missing;
  const datasets = await workspace.datasets();
  if (!datasets.ok) return missing;
  const all = wanted.flatMap(({ placeholders }) => placeholders);
  const named = new Set(all.flatMap(({ dataset }) => (dataset === undefined ? [] : [folded(dataset)])));
  const isAnyWanted = all.some(({ dataset }) => dataset === undefined);
  const looked = datasets.value.filter(({ name }) => isAnyWanted || named.has(folded(name)));
  if (looked.length > mostDatasets) return missing;
  const tables = await tablesOf(workspace, looked);
  if (tables === undefined) return missing;
  const isMissing = ({ dataset, table }: Placeholder) =>
    dataset === undefined
      ? ![...tables.values()].some((its) => its.has(folded(table)))
      : tables.get(folded(dataset))?.has(folded(table)) !== true;
  for (const { name, placeholders } of wanted) {
    const its = placeholders.filter(isMissing).map(({ written }) => written);
    if (its.length > 0) missing.set(name, its);
  }
  return missing;
}

async function tablesOf(
  workspace: Workspace,
  datasets: readonly Dataset[],
): Promise<ReadonlyMap<string, ReadonlySet<string>> | undefined> {
  const tables = new Map<string, Set<string>>();
  const listed = await Promise.all(
    datasets.map(async ({ id, name }) => ({ name, tables: await workspace.tables(id) })),
  );
  for (const { name, tables: its } of listed) {
    if (!its.ok) return undefined;
    const known = tables.get(folded(name)) ?? new Set();
    for (const { name: table } of its.value) known.add(folded(table));
    tables.set(folded(name), known);
  }
  return tables;
}

function folded(name: string): string {
  return name.toLowerCase();
}
