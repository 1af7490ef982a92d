import type { Phrase } from './phrase.ts';

/** How a report begins: good, bad, in between, or still going on. */
export type Mood = 'done' | 'failed' | 'partly' | 'held' | 'running' | 'note';

/** What people are told: the outcome first, then a table, then what to do, and last the circumstances. */
export interface Report {
  readonly mood: Mood;
  readonly outcome: Phrase;
  readonly table: { readonly head: readonly string[]; readonly rows: Rows } | undefined;
  /** What the reader can do, most pressing first. */
  readonly remedies: readonly Phrase[];
  readonly facts: readonly Phrase[];
}

type Rows = readonly (readonly Phrase[])[];

const icons: Readonly<Record<Mood, string>> = {
  done: '✅',
  failed: '❌',
  partly: '⚠️',
  held: '✋',
  running: '⏳',
  note: 'ℹ️',
};

export function iconOf(mood: Mood): string {
  return icons[mood];
}

const rowsInSight = 100;
const mostRows = 2_000;
/** GitLab takes comments of up to 1,000,000 characters; escaping may double what is counted here. */
const mostCharacters = 400_000;

/** Rows in plain sight, rows folded away, and the number of those that are left out to keep the report readable. */
export function foldRows(rows: Rows): { readonly shown: Rows; readonly folded: Rows; readonly left: number } {
  let room = mostCharacters;
  const tooMuch = rows.findIndex((row, index) => {
    room -= lengthOf(row);
    return index === mostRows || room < 0;
  });
  const fitting = tooMuch === -1 ? rows : rows.slice(0, tooMuch);
  return {
    shown: fitting.slice(0, rowsInSight),
    folded: fitting.slice(rowsInSight),
    left: rows.length - fitting.length,
  };
}

/** What is said of the rows that are left out. */
export function leftOut(count: number): string {
  return count === 1 ? '1 further row is not shown.' : `${count} further rows are not shown.`;
}

function lengthOf(row: readonly Phrase[]): number {
  return row
    .flat()
    .map((part) => (typeof part === 'string' ? part : 'code' in part ? part.code : part.url))
    .reduce((sum, text) => sum + text.length, 0);
}
