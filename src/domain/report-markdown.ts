import type { BlockContent, PhrasingContent, RootContent, TableRow } from 'mdast';
import { gfmTableToMarkdown } from 'mdast-util-gfm-table';
import { toMarkdown } from 'mdast-util-to-markdown';

import type { Phrase } from './phrase.ts';
import { foldRows, iconOf, leftOut, type Report } from './report.ts';

/**
 * The report as a GitLab comment. Data stands in code spans only, where GitLab knows no mentions, references, quick
 * actions or HTML; the serializer chooses fences that the data cannot close and escapes what would end a table cell.
 */
export function toComment(report: Report): string {
  return toMarkdown(
    { type: 'root', children: blocks(report) },
    // Cells padded to the width of the longest would multiply the size of the comment, which GitLab limits.
    { extensions: [gfmTableToMarkdown({ tablePipeAlign: false })], bullet: '-' },
  );
}

function blocks(report: Report): RootContent[] {
  return [
    {
      type: 'paragraph',
      children: [
        { type: 'text', value: `${iconOf(report.mood)} ` },
        { type: 'strong', children: inline(report.outcome) },
      ],
    },
    ...tables(report.table),
    ...remedies(report.remedies),
    ...facts(report.facts),
  ];
}

function facts(all: readonly Phrase[]): RootContent[] {
  if (all.length === 0) return [];
  return [{ type: 'paragraph', children: all.flatMap((fact, index) => [...dot(index), ...inline(fact)]) }];
}

function dot(index: number): PhrasingContent[] {
  return index === 0 ? [] : [{ type: 'text', value: ' · ' }];
}

function tables(table: Report['table']): RootContent[] {
  if (table === undefined || table.rows.length === 0) return [];
  const { shown, folded, left } = foldRows(table.rows);
  return [
    grid(table.head, shown),
    ...(folded.length === 0 ? [] : details(`${folded.length} more`, [grid(table.head, folded)])),
    ...(left === 0 ? [] : [text(leftOut(left))]),
  ];
}

function remedies(all: readonly Phrase[]): RootContent[] {
  if (all.length === 0) return [];
  return [
    text('What to do:'),
    {
      type: 'list',
      spread: false,
      children: all.map((remedy) => ({
        type: 'listItem',
        spread: false,
        children: [{ type: 'paragraph', children: inline(remedy) }],
      })),
    },
  ];
}

function grid(head: readonly string[], rows: readonly (readonly Phrase[])[]): BlockContent {
  const row = (cells: PhrasingContent[][]): TableRow => ({
    type: 'tableRow',
    children: cells.map((children) => ({ type: 'tableCell', children })),
  });
  return {
    type: 'table',
    children: [
      row(head.map((title) => [{ type: 'text', value: title }])),
      ...rows.map((cells) => row(cells.map((cell) => inline(cell)))),
    ],
  };
}

function details(summary: string, children: BlockContent[]): RootContent[] {
  return [
    { type: 'html', value: `<details><summary>${summary}</summary>` },
    ...children,
    { type: 'html', value: '</details>' },
  ];
}

function text(value: string): RootContent {
  return { type: 'paragraph', children: [{ type: 'text', value }] };
}

function inline(phrase: Phrase): PhrasingContent[] {
  return phrase.map((part): PhrasingContent => {
    if (typeof part === 'string') return { type: 'text', value: part };
    if ('code' in part) return { type: 'inlineCode', value: part.code };
    return { type: 'link', url: part.url, children: [{ type: 'inlineCode', value: part.link }] };
  });
}
