import { diffArrays } from 'diff';

/** The time that it takes grows with the square of the edits. */
const mostEdits = 1_000;
const mostLines = 20_000;

/** What stands in place of the lines from `from` to before `to`. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

/**
 * What two texts make together that both came from a third, line by line as git merges. Undefined where they are in conflict, and where merging would
 * take long, or one is not known. Git also takes edits for a conflict that touch each other; here both are made, as it depends on how one aligns the lines.
 */
export function threeWayMerge(
  base: string | undefined,
  one: string | undefined,
  other: string | undefined,
): string | undefined {
  if (base === undefined || one === undefined || other === undefined) return undefined;
  if (one === other || base === other) return one;
  if (base === one) return other;
  const [lines, ones, others] = [base.split('\n'), one.split('\n'), other.split('\n')];
  if (lines.length + ones.length + others.length > 3 * mostLines) return undefined;
  const [first, second] = [editsOf(lines, ones), editsOf(lines, others)];
  if (first === undefined || second === undefined) return undefined;
  const merged: string[] = [];
  let at = 0;
  let last: Edit | undefined;
  for (const edit of [...first, ...second].toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    if (last !== undefined && isSame(last, edit)) continue;
    // Two that insert at the same place could stand in either order.
    if (edit.from < at || (last?.from === edit.from && last.to === edit.to)) return undefined;
    merged.push(...lines.slice(at, edit.from), ...edit.lines);
    at = edit.to;
    last = edit;
  }
  return [...merged, ...lines.slice(at)].join('\n');
}

function editsOf(base: readonly string[], text: readonly string[]): readonly Edit[] | undefined {
  const parts = diffArrays([...base], [...text], { maxEditLength: mostEdits });
  if (parts === undefined) return undefined;
  const edits: Edit[] = [];
  let at = 0;
  let open: Edit | undefined;
  for (const { added, removed, value } of parts) {
    if (!added && !removed) {
      if (open !== undefined) edits.push(open);
      open = undefined;
      at += value.length;
      continue;
    }
    open ??= { from: at, to: at, lines: [] };
    if (removed) at += value.length;
    open = { ...open, to: at, lines: added ? [...open.lines, ...value] : open.lines };
  }
  return open === undefined ? edits : [...edits, open];
}

function isSame(one: Edit, other: Edit): boolean {
  return one.from === other.from && one.to === other.to && one.lines.join('\n') === other.lines.join('\n');
}
