import { diffArrays } from 'diff';

import { changedPart, endOfLines, linesIn, type Part } from './changed-part.ts';
import { counted } from '../../report/count.ts';
import { hunksOf, openEnd, type Line, type Row } from './hunks.ts';
import { hidden } from '../../secrets/secret-value.ts';
import { mask } from '../../secrets/mask.ts';

/** What a text is written in. */
export type Language = 'sql' | 'python' | 'text';

const linesAround = 3;
/** Texts that differ in more lines than this are not compared line by line: that would take too long. */
const mostEdits = 400;
/** Nor are larger ones, whatever they have in common between their first change and their last. */
const mostCompared = { lines: 5_000, characters: 250_000 };
const mostLines = 400;
const longestLine = 500;
/** A longer line is not even looked at. */
const longestRead = 10_000;

/**
 * A unified diff of two texts without a head: hunks of lines that begin with a space, `-` or `+`. What looks like a secret is hidden, wherever in
 * the text its name stands, and where only that changed, the diff says so. Long lines and long diffs are cut, and say so; texts that have little in common are shown as
 * one replaced by the other. Its work is bounded, however long the texts are; at each `yield` others may have their turn.
 * @param around lines of context
 */
export function* textDiff(before: string, after: string, around = linesAround): Generator<undefined, string> {
  const [old, now] = changedPart(...ended(before, after), around);
  yield;
  const isLarge = [old, now].some(({ text }) => isTooLarge(text));
  const half = isLarge ? mostLines / 2 - 1 : Infinity;
  yield;
  const olds = linesOf(old, half);
  yield;
  const news = linesOf(now, half);
  yield;
  const [ones, others] = [alsoHidden(olds, news), alsoHidden(news, olds)];
  const lead = Math.min(around, ones.lead.length);
  const first = old.skipped + ones.lead.length - lead + 1;
  const context = {
    before: ones.lead
      .slice(ones.lead.length - lead)
      .map((line, index) => ({ old: line, now: others.lead[ones.lead.length - lead + index] })),
    after: ones.tail.map((line, index) => ({ old: line, now: others.tail[index] })),
  };
  const rows = isLarge ? undefined : aligned(ones.part, others.part);
  yield;
  const lines =
    rows === undefined
      ? replaced(ones, others, old.skipped + ones.lead.length + 1)
      : hunksOf([...context.before, ...rows, ...context.after], around, first);
  const shown = lines.slice(0, mostLines);
  const left = lines.length - shown.length;
  return (left === 0 ? shown : [...shown, `@@ ${left} more lines @@`]).join('\n');
}

/** Lines that are not read do not count. */
function isTooLarge(text: string): boolean {
  let [lines, characters] = [0, 0];
  for (let at = 0; at < text.length; lines += 1) {
    const next = text.indexOf('\n', at);
    const length = (next === -1 ? text.length : next) - at;
    if (length <= longestRead) characters += length;
    if (lines >= mostCompared.lines || characters > mostCompared.characters) return true;
    at += length + 1;
  }
  return false;
}

/** Where neither text ends with a line break, as SQL never does, nothing is said of that. */
function ended(before: string, after: string): readonly [string, string] {
  if ([before, after].some((text) => text.endsWith('\n'))) return [before, after];
  return [before === '' ? '' : `${before}\n`, after === '' ? '' : `${after}\n`];
}

interface Lines {
  readonly lead: readonly Line[];
  readonly part: readonly Line[];
  readonly tail: readonly Line[];
  /** Lines of the part that are not among them. */
  readonly left: number;
}

/** The lines of a part as they may be shown. They are masked together, for a name may stand some lines before its value. */
function linesOf({ lead, text, tail }: Part, most: number): Lines {
  const end = most === Infinity ? text.length : endOfLines(text, 0, most);
  const left = end === text.length ? 0 : linesIn(text, end) + (text.endsWith('\n') ? 0 : 1);
  const [first, own, last] = [lead, text.slice(0, end), left === 0 ? tail : ''].map(split);
  const raws = [...(first ?? []), ...(own ?? []), ...(last ?? [])];
  const read = raws.map((raw) =>
    raw.length > longestRead ? unread(raw) : raw.replace(openEnd, '').toWellFormed(),
  );
  const masked = mask(read.join('\n')).split('\n');
  const lines = raws.map((raw, index): Line => ({ raw, shown: shownLine(masked[index] ?? '') }));
  const [begin, rest] = [first?.length ?? 0, (first?.length ?? 0) + (own?.length ?? 0)];
  return { lead: lines.slice(0, begin), part: lines.slice(begin, rest), tail: lines.slice(rest), left };
}

/** What is a secret in one version is none for everybody in the other, though its name is gone. */
function alsoHidden(lines: Lines, others: Lines): Lines {
  const secrets = new Map<string, Line>();
  for (const line of [...others.lead, ...others.part, ...others.tail])
    if (line.shown.includes(hidden) && line.raw.trim().length > 3) secrets.set(line.raw, line);
  const hide = (line: Line) => (line.shown.includes(hidden) ? line : (secrets.get(line.raw) ?? line));
  const { lead, part, tail, left } = lines;
  return { lead: lead.map(hide), part: part.map(hide), tail: tail.map(hide), left };
}

function split(text: string): readonly string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  return last === '' ? lines : [...lines, last + openEnd];
}

function unread(line: string): string {
  return `… (a line of ${counted(line.length, 'character')} is not shown)`;
}

/** Both versions side by side; undefined where they differ in too much. */
function aligned(ones: readonly Line[], others: readonly Line[]): readonly Row[] | undefined {
  const changes = diffArrays(
    ones.map(({ shown }) => shown),
    others.map(({ shown }) => shown),
    { maxEditLength: mostEdits },
  );
  if (changes === undefined) return undefined;
  const rows: Row[] = [];
  let [old, now] = [0, 0];
  for (const { value, added, removed } of changes) {
    for (const _ of value) {
      rows.push({ old: added ? undefined : ones[old], now: removed ? undefined : others[now] });
      if (!added) old += 1;
      if (!removed) now += 1;
    }
  }
  return rows;
}

function replaced(ones: Lines, others: Lines, first: number): readonly string[] {
  const [gone, come] = [some(ones), some(others)];
  return [
    `@@ -${first},${ones.part.length + ones.left} +${first},${others.part.length + others.left} @@`,
    ...gone.map((line) => `-${line}`),
    ...come.map((line) => `+${line}`),
  ];
}

function some({ part, left }: Lines): readonly string[] {
  const most = mostLines / 2 - 2;
  const shown = part.slice(0, most).map((line) => line.shown);
  const more = part.length + left - shown.length;
  return more === 0 ? shown : [...shown, `… ${counted(more, 'more line')}`];
}

/** One line, whatever stands in it: what editors and terminals take for the end of a line becomes visible. */
function shownLine(line: string): string {
  const clean = line.replace(/\r$/, '').replaceAll(/[^\P{Cc}\t]|[\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{FFFD}');
  if (clean.length <= longestLine) return clean;
  return `${clean.slice(0, longestLine).toWellFormed()}… (${counted(clean.length - longestLine, 'more character')})`;
}
