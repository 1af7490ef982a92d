import type { Phrase } from './phrase.ts';

/** How a report begins: good, bad, in between, or still going on. */
export type Mood = 'done' | 'failed' | 'partly' | 'held' | 'running';

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
};

export function iconOf(mood: Mood): string {
  return icons[mood];
}

/** Rows in plain sight, rows folded away, and the number of those that are left out to keep the report readable. */
export function foldRows(rows: Rows): { readonly shown: Rows; readonly folded: Rows; readonly left: number } {
  const plain = 100;
  const most = 2_000;
  return {
    shown: rows.slice(0, plain),
    folded: rows.slice(plain, most),
    left: Math.max(0, rows.length - most),
  };
}
