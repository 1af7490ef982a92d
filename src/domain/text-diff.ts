import { structuredPatch } from 'diff';

import { createMask } from './secrets.ts';

/** What a text is written in. */
export type Language = 'sql' | 'python' | 'text';

const linesAround = 3;
/** Texts that differ in more lines than this are not compared line by line: that would take too long. */
const mostEdits = 400;
const mostLines = 400;
const longestLine = 500;
const mask = createMask([]);

/**
 * A unified diff of two texts without a head: hunks of lines that begin with a space, `-` or `+`. Long lines and long diffs are cut, and say so; what looks like
 * a secret is hidden. Texts that have little in common are shown as one replaced by the other.
 * @param around lines of context
 */
export function textDiff(before: string, after: string, around = linesAround): string {
  const [old, now] = ended(before, after);
  const patch = structuredPatch('', '', old, now, '', '', { context: around, maxEditLength: mostEdits });
  const lines =
    patch === undefined
      ? replaced(before, after)
      : patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines: its }) => [
          `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
          ...its,
        ]);
  const shown = lines.slice(0, mostLines).map((line) => shownLine(line));
  const left = lines.length - shown.length;
  return (left === 0 ? shown : [...shown, `@@ ${left} more lines @@`]).join('\n');
}

/** Where neither text ends with a line break, as SQL never does, nothing is said of that. */
function ended(before: string, after: string): readonly [string, string] {
  if ([before, after].some((text) => text.endsWith('\n'))) return [before, after];
  return [before === '' ? '' : `${before}\n`, after === '' ? '' : `${after}\n`];
}

function replaced(before: string, after: string): readonly string[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < Math.min(old.length, now.length) && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  const [gone, come] = [old.slice(start, old.length - end), now.slice(start, now.length - end)];
  const half = mostLines / 2 - 1;
  return [
    `@@ -${start + 1},${gone.length} +${start + 1},${come.length} @@`,
    ...some(gone, half).map((line) => `-${line}`),
    ...some(come, half).map((line) => `+${line}`),
  ];
}

function some(lines: readonly string[], most: number): readonly string[] {
  return lines.length <= most
    ? lines
    : [...lines.slice(0, most - 1), `… ${lines.length - most + 1} more lines`];
}

/** One line, whatever stands in it: what editors and terminals take for the end of a line becomes visible. */
function shownLine(line: string): string {
  const [sign, text] = [line.slice(0, 1), line.slice(1)];
  const clean = mask(text.toWellFormed())
    .replaceAll(/\r$/g, '')
    .replaceAll(/[^\P{Cc}\t]|[\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{FFFD}');
  return sign + (clean.length <= longestLine ? clean : `${clean.slice(0, longestLine).toWellFormed()}…`);
}
