import type { Phrase } from './phrase.ts';

/** How a report begins: good, bad, in between, or still going on. */
export type Mood = 'done' | 'failed' | 'partly' | 'held' | 'running' | 'note';

/** What people are told: the outcome first, then a table, then what to do, and last the circumstances. */
export interface Report {
  readonly mood: Mood;
  /** What nobody may overlook, above all else. */
  readonly warnings?: readonly Phrase[];
  readonly outcome: Phrase;
  readonly table: { readonly head: readonly string[]; readonly rows: Rows } | undefined;
  /** What the reader can do, most pressing first. */
  readonly remedies: readonly Phrase[];
  /** What is folded away, or left out where there is no room. */
  readonly details?: readonly Detail[];
  readonly facts: readonly Phrase[];
}

/** Something to look up, below a line that says what it is about. */
export interface Detail {
  readonly summary: Phrase;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'text'; readonly text: Phrase }
  | { readonly kind: 'list'; readonly items: readonly Phrase[] }
  /** A unified diff. */
  | { readonly kind: 'diff'; readonly text: string };

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
export function foldRows(
  rows: Rows,
  characters = mostCharacters,
): { readonly shown: Rows; readonly folded: Rows; readonly left: number } {
  let room = characters;
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

const mostDetailCharacters = 100_000;

/** The details that fit into a mail, and the number of those that do not. */
export function foldDetails(details: readonly Detail[]): {
  readonly shown: readonly Detail[];
  readonly left: number;
} {
  let room = mostDetailCharacters;
  const tooMuch = details.findIndex(({ blocks }) => {
    room -= blocks.reduce((sum, block) => sum + sizeOf(block), 200);
    return room < 0;
  });
  const shown = tooMuch === -1 ? details : details.slice(0, tooMuch);
  return { shown, left: details.length - shown.length };
}

function sizeOf(block: Block): number {
  switch (block.kind) {
    case 'text':
      return lengthOf([block.text]);
    case 'list':
      return lengthOf(block.items);
    case 'diff':
      return block.text.length;
  }
}

/** What is said of details that are left out. */
export function detailsLeftOut(count: number): string {
  const what = count === 1 ? '1 more pipeline is' : `${count} more pipelines are`;
  return `${what} not shown in detail for want of room: name it in the command to see it.`;
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
