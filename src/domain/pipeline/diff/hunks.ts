import { hidden, hiddenChanged } from '../../secrets/secret-value.ts';

/** A line of one version. */
export interface Line {
  /** As it may be shown. */
  readonly shown: string;
  /** As it is, with its line break only where it is the last one of a text and has none: so that differs, too. */
  readonly raw: string;
}

/** The mark of a last line without a line break. */
export const openEnd = '\n';
const noEnd = '\\ No newline at end of file';

/** A line in both versions, or in one of them. Both count as the same line where they are shown alike. */
export interface Row {
  readonly old: Line | undefined;
  readonly now: Line | undefined;
}

/**
 * The hunks of a unified diff. Of a line of which only what is hidden changed, it says so.
 * @param around lines of context
 * @param first the number of the first row's line
 */
export function hunksOf(rows: readonly Row[], around: number, first: number): readonly string[] {
  const changed = rows.flatMap((row, index) => (isChanged(row) ? [index] : []));
  const [lines, numbers]: [string[], [number, number]] = [[], [first, first]];
  let done = 0;
  for (let at = 0; at < changed.length;) {
    const begin = Math.max(done, (changed[at] ?? 0) - around);
    let end = begin;
    while (at < changed.length && (changed[at] ?? 0) - around <= Math.max(end, begin + around)) {
      end = Math.min(rows.length, (changed[at] ?? 0) + around + 1);
      at += 1;
    }
    for (const row of rows.slice(done, begin)) count(numbers, row);
    const start = [...numbers];
    const its = rows.slice(begin, end);
    for (const row of its) count(numbers, row);
    const [old = 0, now = 0] = start;
    lines.push(`@@ -${old},${numbers[0] - old} +${now},${numbers[1] - now} @@`, ...signed(its));
    done = end;
  }
  return lines;
}

function isChanged({ old, now }: Row): boolean {
  return old?.raw !== now?.raw;
}

function count(numbers: [number, number], { old, now }: Row): void {
  if (old !== undefined) numbers[0] += 1;
  if (now !== undefined) numbers[1] += 1;
}

/** Lines with their signs; of several that changed, those that are gone come first. */
function signed(rows: readonly Row[]): readonly string[] {
  const lines: string[] = [];
  let come: string[] = [];
  for (const row of rows) {
    const { old, now } = row;
    if (!isChanged(row)) {
      lines.push(...come, ...written(' ', now));
      come = [];
      continue;
    }
    lines.push(...written('-', old));
    const isHidden = old?.shown === now?.shown;
    come.push(
      ...written('+', isHidden && now ? { ...now, shown: now.shown.replaceAll(hidden, hiddenChanged) } : now),
    );
  }
  return [...lines, ...come];
}

function written(sign: string, line: Line | undefined): readonly string[] {
  if (line === undefined) return [];
  return [sign + line.shown, ...(line.raw.endsWith(openEnd) ? [noEnd] : [])];
}
