import type { ElementContent } from 'hast';
import { h } from 'hastscript';
import { toHtml } from 'hast-util-to-html';

import type { Phrase } from './phrase.ts';
import { detailsLeftOut, foldDetails, foldRows, iconOf, leftOut, type Block, type Report } from './report.ts';

const font =
  'font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif;font-size:14px;color:#1f1e24';
const cell = 'border:1px solid #dcdcde;padding:6px 10px;text-align:left;vertical-align:top';
const code =
  'font-family:Menlo,Consolas,monospace;font-size:13px;background:#f5f5f7;padding:1px 4px;border-radius:3px';

const diff =
  'font-family:Menlo,Consolas,monospace;font-size:13px;background:#f5f5f7;padding:8px;overflow-x:auto';

/** The report as the HTML part of a mail: built as a tree and serialized, so that no data becomes an element. Styles are inline: mail programs drop the rest. */
export function toMailHtml(report: Report): string {
  const body = [
    ...(report.warnings ?? []).map((warning) => h('p', h('strong', inline(warning)))),
    h('p', { style: 'font-size:16px' }, `${iconOf(report.mood)} `, h('strong', inline(report.outcome))),
    ...table(report.table),
    ...remedies(report.remedies),
    ...details(report),
    h(
      'p',
      { style: 'color:#626168' },
      report.facts.flatMap((fact, index) => [...dot(index), ...inline(fact)]),
    ),
  ];
  return `<!doctype html>${toHtml(h('html', h('body', { style: font }, body)))}`;
}

function dot(index: number): ElementContent[] {
  return index === 0 ? [] : [{ type: 'text', value: ' · ' }];
}

function table(given: Report['table']): ElementContent[] {
  if (given === undefined || given.rows.length === 0) return [];
  const { shown, folded, left } = foldRows(given.rows);
  const head = h(
    'tr',
    given.head.map((title) => h('th', { style: `${cell};background:#f5f5f7` }, title)),
  );
  const rows = [...shown, ...folded].map((cells) =>
    h(
      'tr',
      cells.map((each) => h('td', { style: cell }, inline(each))),
    ),
  );
  return [
    h('table', { style: 'border-collapse:collapse' }, h('thead', head), h('tbody', rows)),
    ...(left === 0 ? [] : [h('p', leftOut(left))]),
  ];
}

function remedies(all: readonly Phrase[]): ElementContent[] {
  if (all.length === 0) return [];
  return [
    h('p', 'What to do:'),
    h(
      'ul',
      all.map((remedy) => h('li', inline(remedy))),
    ),
  ];
}

function details({ details: all = [] }: Report): ElementContent[] {
  const { shown, left } = foldDetails(all);
  return [
    ...shown.flatMap(({ summary, blocks }) => [h('p', h('strong', inline(summary))), ...blocks.map(block)]),
    ...(left === 0 ? [] : [h('p', detailsLeftOut(left))]),
  ];
}

function block(given: Block): ElementContent {
  switch (given.kind) {
    case 'text':
      return h('p', inline(given.text));
    case 'list':
      return h(
        'ul',
        given.items.map((item) => h('li', inline(item))),
      );
    case 'diff':
      return h('pre', { style: diff }, given.text.split('\n').map(diffLine));
  }
}

function diffLine(line: string): ElementContent {
  const background = line.startsWith('+') ? '#ecfdf0' : line.startsWith('-') ? '#fbe9eb' : '';
  return background === ''
    ? { type: 'text', value: `${line}\n` }
    : h('span', { style: `background:${background}` }, `${line}\n`);
}

function inline(phrase: Phrase): ElementContent[] {
  return phrase.map((part): ElementContent => {
    if (typeof part === 'string') return { type: 'text', value: part };
    if ('code' in part) return h('code', { style: code }, part.code);
    return h('a', { href: part.url }, h('code', { style: code }, part.link));
  });
}
