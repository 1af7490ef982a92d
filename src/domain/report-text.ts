import type { Phrase } from './phrase.ts';
import { foldRows, iconOf, leftOut, type Report } from './report.ts';

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
    [plain(report.outcome)],
    [...lines, ...(left === 0 ? [] : [leftOut(left)])],
    report.remedies.length === 0
      ? []
      : ['What to do:', ...report.remedies.map((remedy) => `- ${plain(remedy)}`)],
    report.facts.map(plain),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
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
