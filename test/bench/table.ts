/** What a benchmark found. */
export interface Finding {
  readonly title: string;
  /** A column for each name; the same in each row. */
  readonly rows: readonly Readonly<Record<string, string>>[];
  /** Whether each goal is reached, in words. */
  readonly goals: readonly { readonly text: string; readonly isReached: boolean }[];
}

/** As Markdown. */
export function printed({ title, rows, goals }: Finding): string {
  const head = Object.keys(rows[0] ?? {});
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = line(head.map((_, index) => (index === 0 ? '---' : '---:')));
  const table = [line(head), rule, ...rows.map((row) => line(Object.values(row)))];
  const verdicts = goals.map(({ text, isReached }) => `- ${isReached ? '✓' : '✗'} ${text}`);
  return [`### ${title}`, '', ...table, '', ...verdicts, ''].join('\n');
}

/** The middle one; of an even number, the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const [below, above] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((below ?? Number.NaN) + (above ?? Number.NaN)) / 2;
}

export function whole(number: number): string {
  return Math.round(number).toLocaleString('en');
}

export function fixed(number: number, digits = 1): string {
  return number.toFixed(digits);
}
