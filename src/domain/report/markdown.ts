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
export function toComments(
  report: Report,
  most = mostComments,
  characters = mostCharacters,
): readonly string[] {
  const start = markdown(blocks(report, characters));
  const end = markdown(facts(report.facts));
  const pages = [[start]];
  let room = characters - start.length - end.length;
  const all = report.details ?? [];
  let left = all.length;
  for (const detail of all) {
    const folded = markdown(fold(summaryHtml(detail.summary), detail.blocks.flatMap(blocksOf)));
    if (folded.length > room) {
      if (pages.length === most) break;
      pages.push([]);
      room = characters;
    }
    pages.at(-1)?.push(folded);
    room -= folded.length;
    left -= 1;
  }
  if (left > 0) pages.at(-1)?.push(markdown([text(detailsLeftOut(left))]));
  if (end !== '') pages[0]?.push(end);
  return pages.map((page, index) =>
    (index === 0 ? page : [continued(iconOf(report.mood), index, pages.length), ...page]).join('\n'),
  );
}

function continued(icon: string, index: number, count: number): string {
  return `${icon} continued (${index + 1} of ${count})\n`;
}

/** Sections, each below its heading, in as few comments as hold them. */
export function sectionsAsComments(
  sections: readonly { readonly heading: Phrase; readonly text: string }[],
): readonly string[] {
  const pages: string[][] = [];
  let room = 0;
  for (const { heading, text: body } of sections) {
    const section = [markdown([{ type: 'heading', depth: 4, children: inline(heading) }]), body];
    const size = section.reduce((sum, part) => sum + part.length, 0);
    const page = pages.at(-1);
    if (page === undefined || size > room) {
      pages.push(section);
      room = mostCharacters;
    } else {
      page.push(...section);
    }
    room -= size;
  }
  return pages.map((page, index) =>
    (index === 0 ? page : [continued(iconOf('note'), index, pages.length), ...page]).join('\n'),
  );
}

/** One paragraph, to stand before a comment. */
export function paragraph(line: Phrase): string {
  return markdown([{ type: 'paragraph', children: inline(line) }]);
}

function markdown(children: RootContent[]): string {
  return toMarkdown(
    { type: 'root', children },
    // Cells padded to the width of the longest would multiply the size of the comment, which GitLab limits.
    { extensions: [gfmTableToMarkdown({ tablePipeAlign: false })], bullet: '-' },
  );
}

function blocks(report: Report, characters: number): RootContent[] {
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
    ...tables(report.table, characters),
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

function tables(table: Report['table'], characters: number): RootContent[] {
  if (table === undefined || table.rows.length === 0) return [];
  const { shown, folded, left } = foldRows(table.rows, characters);
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
