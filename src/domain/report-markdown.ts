import type { BlockContent, PhrasingContent, RootContent, TableRow } from 'mdast';
import { gfmTableToMarkdown } from 'mdast-util-gfm-table';
import { toMarkdown } from 'mdast-util-to-markdown';

import type { Phrase } from './phrase.ts';
import { detailsLeftOut, foldRows, iconOf, leftOut, type Block, type Report } from './report.ts';

/** GitLab takes 1,000,000 characters, but a browser has to show them. */
const mostCharacters = 400_000;
const mostComments = 4;

/** The report as one GitLab comment; details for which there is no room are left out, and it says so. */
export function toComment(report: Report): string {
  return toComments(report, 1)[0] ?? '';
}

/**
 * The report as GitLab comments, at least one: what does not fit into the first is continued in the next. Data stands in code spans and code blocks
 * only, where GitLab knows no mentions, references, quick actions or HTML; the serializer chooses fences that the data cannot close and escapes what would
 * end a table cell.
 */
export function toComments(report: Report, most = mostComments): readonly string[] {
  const start = markdown(blocks(report));
  const end = markdown(facts(report.facts));
  const pages = [[start]];
  let room = mostCharacters - start.length - end.length;
  const all = report.details ?? [];
  let left = all.length;
  for (const detail of all) {
    const folded = markdown(fold(summaryHtml(detail.summary), detail.blocks.flatMap(blocksOf)));
    if (folded.length > room) {
      if (pages.length === most) break;
      pages.push([]);
      room = mostCharacters;
    }
    pages.at(-1)?.push(folded);
    room -= folded.length;
    left -= 1;
  }
  if (left > 0) pages.at(-1)?.push(markdown([text(detailsLeftOut(left))]));
  if (end !== '') pages[0]?.push(end);
  return pages.map((page, index) => {
    const begin = `${iconOf(report.mood)} continued (${index + 1} of ${pages.length})\n`;
    return (index === 0 ? page : [begin, ...page]).join('\n');
  });
}

function markdown(children: RootContent[]): string {
  return toMarkdown(
    { type: 'root', children },
    // Cells padded to the width of the longest would multiply the size of the comment, which GitLab limits.
    { extensions: [gfmTableToMarkdown({ tablePipeAlign: false })], bullet: '-' },
  );
}

function blocks(report: Report): RootContent[] {
  return [
    ...(report.warnings ?? []).map((warning): RootContent => ({
      type: 'paragraph',
      children: [{ type: 'strong', children: inline(warning) }],
    })),
    {
      type: 'paragraph',
      children: [
        { type: 'text', value: `${iconOf(report.mood)} ` },
        { type: 'strong', children: inline(report.outcome) },
      ],
    },
    ...tables(report.table),
    ...remedies(report.remedies),
  ];
}

function blocksOf(block: Block): RootContent[] {
  switch (block.kind) {
    case 'text':
      return [{ type: 'paragraph', children: inline(block.text) }];
    case 'list':
      return [bullets(block.items)];
    case 'diff':
      return [{ type: 'code', lang: 'diff', value: block.text }];
  }
}

/** A summary is HTML to Markdown: what is data stands between tags of code, with everything escaped that could end them. */
function summaryHtml(summary: Phrase): string {
  return summary
    .map((part) => {
      if (typeof part === 'string') return escapeHtml(part);
      return `<code>${escapeHtml('code' in part ? part.code : part.link)}</code>`;
    })
    .join('');
}

function escapeHtml(data: string): string {
  return data
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
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
    ...(folded.length === 0 ? [] : fold(`${folded.length} more`, [grid(table.head, folded)])),
    ...(left === 0 ? [] : [text(leftOut(left))]),
  ];
}

function remedies(all: readonly Phrase[]): RootContent[] {
  if (all.length === 0) return [];
  return [text('What to do:'), bullets(all)];
}

function bullets(items: readonly Phrase[]): RootContent {
  return {
    type: 'list',
    spread: false,
    children: items.map((item) => ({
      type: 'listItem',
      spread: false,
      children: [{ type: 'paragraph', children: inline(item) }],
    })),
  };
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

/** @param summary HTML */
function fold(summary: string, children: RootContent[]): RootContent[] {
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
