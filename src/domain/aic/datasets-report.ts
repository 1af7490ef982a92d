import { counted } from '../report/count.ts';
import type { Dataset, Table } from './datasets.ts';
import { phrase } from '../report/phrase.ts';
import type { Report } from '../report/report.ts';

/** The datasets of a workspace. */
export function datasetsReport(workspace: string, datasets: readonly Dataset[]): Report {
  return {
    mood: 'note',
    outcome: [...phrase`${workspace} has `, count(datasets.length, 'dataset')],
    table: { head: ['Dataset', 'Id'], rows: rowsOf(datasets) },
    remedies:
      datasets.length === 0 ? [] : [phrase`${'/aic tables DATASET'} lists the tables of one of them.`],
    facts: [phrase`workspace ${workspace}`],
  };
}

/** The tables of a dataset. */
export function tablesReport(
  { workspace, dataset }: { readonly workspace: string; readonly dataset: string },
  tables: readonly Table[],
): Report {
  return {
    mood: 'note',
    outcome: [...phrase`${dataset} has `, count(tables.length, 'table')],
    table: { head: ['Table', 'Id'], rows: rowsOf(tables) },
    remedies: [],
    facts: [phrase`workspace ${workspace}`, phrase`dataset ${dataset}`],
  };
}

function rowsOf(entries: readonly { readonly id: string; readonly name: string }[]) {
  return entries
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ id, name }) => [phrase`${name}`, phrase`${id}`]);
}

function count(number: number, what: string): string {
  return number === 0 ? `no ${what}` : counted(number, what);
}
