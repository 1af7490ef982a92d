import { linesOf, plain } from './text.ts';
import type { Mood, Report } from './report.ts';

/** A report for programs. Fields may be added; those that are here stay. */
export interface ReportData {
  readonly warnings?: readonly string[];
  readonly outcome: string;
  readonly mood: Mood;
  /** Each row by the names of its columns; empty where the report has no table. */
  readonly rows: readonly Readonly<Record<string, string>>[];
  /** What to do, most pressing first. */
  readonly remedies: readonly string[];
  readonly details: readonly { readonly summary: string; readonly lines: readonly string[] }[];
  readonly facts: readonly string[];
}

/** The whole report, with no row left out. */
export function reportData({
  mood,
  warnings = [],
  outcome,
  table,
  remedies,
  details = [],
  facts,
}: Report): ReportData {
  const rows = table?.rows.map((cells) =>
    Object.fromEntries(cells.map((cell, index) => [nameOf(table.head[index], index), plain(cell)])),
  );
  return {
    ...(warnings.length === 0 ? {} : { warnings: warnings.map(plain) }),
    outcome: plain(outcome),
    mood,
    rows: rows ?? [],
    remedies: remedies.map(plain),
    details: details.map(({ summary, blocks }) => ({
      summary: plain(summary),
      lines: blocks.flatMap(linesOf),
    })),
    facts: facts.map(plain),
  };
}

function nameOf(head: string | undefined, index: number): string {
  const name = head?.trim().toLowerCase();
  return name === undefined || name === '' ? `column ${index + 1}` : name;
}
