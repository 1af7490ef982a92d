import type { Phrase } from './phrase.ts';
import { detailsLeftOut, foldDetails, foldRows, iconOf, leftOut, type Block, type Report } from './report.ts';

/** The report as plain text, for the text part of a mail. */
export function toMailText(report: Report): string {
  const rows = report.table?.rows ?? [];
  const { shown, folded, left } = foldRows(rows);
  const lines = [...shown, ...folded].map(
    (cells) =>
      `- ${cells
        .map(plain)
        .filter((cell) => cell !== '')
        .join(' – ')}`,
  );
  const blocks = [
    (report.warnings ?? []).map(plain),
    [plain(report.outcome)],
    [...lines, ...(left === 0 ? [] : [leftOut(left)])],
    report.remedies.length === 0
      ? []
      : ['What to do:', ...report.remedies.map((remedy) => `- ${plain(remedy)}`)],
    ...detailsIn(report),
    report.facts.map(plain),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

/** The details, each as a block of lines. */
function detailsIn({ details = [] }: Report): readonly (readonly string[])[] {
  const { shown, left } = foldDetails(details);
  const told = shown.map(({ summary, blocks }) => [plain(summary), ...blocks.flatMap(linesOf)]);
  return left === 0 ? told : [...told, [detailsLeftOut(left)]];
}

/** A block as lines, set in. */
export function linesOf(block: Block): readonly string[] {
  switch (block.kind) {
    case 'text':
      return [`  ${plain(block.text)}`];
    case 'list':
      return block.items.map((item) => `  - ${plain(item)}`);
    case 'diff':
      return block.text.split('\n').map((line) => `    ${line}`);
  }
}

/** The report for a terminal. */
export function toTerminalText(report: Report): string {
  return `${iconOf(report.mood)} ${toMailText(report)}`;
}

/** A phrase without mark-up: within a sentence, data stands in quotation marks. */
export function plain(phrase: Phrase): string {
  const quote = phrase.length > 1 ? '"' : '';
  return phrase
    .map((part) => {
      if (typeof part === 'string') return part;
      return 'code' in part ? `${quote}${part.code}${quote}` : `${part.link} (${part.url})`;
    })
    .join('');
}
