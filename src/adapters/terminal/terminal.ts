import { styleText } from 'node:util';

import type { Mark, PrintedLine, Printout } from '../../domain/report/printout.ts';
import { reportData } from '../../domain/report/json.ts';
import { plain, toTerminalText } from '../../domain/report/text.ts';
import type { Report } from '../../domain/report/report.ts';

/** A stream of the process; `isTTY` where a person watches. */
type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

export interface TerminalDeps {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Hides the values of secrets. */
  readonly mask: (text: string) => string;
}

/** Where the operator reads: the result on standard output, progress on standard error. */
export interface Terminal {
  /** Shows what is being done at the moment, if somebody watches. */
  progress(what: string): void;
  /** Tells something beside the result, whether or not somebody watches. */
  tell(what: string): void;
  /** Prints the result and nothing else; resolves when it is written. */
  print(printout: Printout, format: 'text' | 'json'): Promise<void>;
  /** Prints one JSON object as a line of its own, among others. */
  printLine(data: Readonly<Record<string, unknown>>): Promise<void>;
  /** The same for a report as it is given in comments and mails. */
  printReport(report: Report, isWell: boolean, format: 'text' | 'json'): Promise<void>;
}

const symbols: Readonly<Record<Mark, string>> = { well: '✓', warning: '!', failed: '✗', plain: '·' };
const colors = { well: 'green', warning: 'yellow', failed: 'red', plain: 'dim' } as const;

export function createTerminal({ stdout, stderr, mask }: TerminalDeps): Terminal {
  const paint = (mark: Mark, text: string) => styleText(colors[mark], text, { stream: stdout });
  const clear = () => {
    if (stderr.isTTY) stderr.write('\r\u001B[K');
  };
  const write = async (text: string) => {
    clear();
    await new Promise<void>((resolve) => {
      stdout.write(`${text}\n`, () => resolve());
    });
  };
  return {
    progress: (what) => {
      if (stderr.isTTY) stderr.write(`\r\u001B[K${styleText('dim', mask(what), { stream: stderr })}`);
    },
    tell: (what) => {
      clear();
      stderr.write(`${mask(what)}\n`);
    },
    print: async (printout, format) => {
      const { isWell, outcome, data } = printout;
      const all = { ok: isWell, outcome: plain(outcome), ...data };
      await write(format === 'json' ? asJson(all, mask) : mask(asText(printout, paint)));
    },
    printLine: (data) => write(asJson(data, mask, 0)),
    printReport: (report, isWell, format) =>
      write(
        format === 'json'
          ? asJson({ ok: isWell, ...reportData(report) }, mask)
          : mask(toTerminalText(report).trimEnd()),
      ),
  };
}

function asText(printout: Printout, paint: (mark: Mark, text: string) => string): string {
  const mark = printout.isWell ? 'well' : 'failed';
  const width = Math.max(
    0,
    ...printout.sections.flatMap(({ lines }) => lines.map(({ label }) => label.length)),
  );
  const blocks = printout.sections.map(({ title, lines }) =>
    [
      ...(title === undefined ? [] : [plain(title)]),
      ...lines.flatMap((line) => linesOf(line, width, paint)),
    ].join('\n'),
  );
  return [`${paint(mark, symbols[mark])} ${plain(printout.outcome)}`, ...blocks.filter(Boolean)].join('\n\n');
}

/** The remedy stands below what it is for. */
function linesOf(
  { mark, label, text, remedy }: PrintedLine,
  width: number,
  paint: (mark: Mark, text: string) => string,
): readonly string[] {
  const labelled = width === 0 ? '' : `${label.padEnd(width)}  `;
  const first = `${paint(mark, symbols[mark])} ${labelled}${plain(text)}`;
  return remedy === undefined ? [first] : [first, `${' '.repeat(labelled.length + 2)}→ ${plain(remedy)}`];
}

/** Masked value by value: a mask over the whole could break the JSON. */
function asJson(all: object, mask: (text: string) => string, indent = 2): string {
  const masked = (_key: string, value: unknown) => (typeof value === 'string' ? mask(value) : value);
  return JSON.stringify(all, masked, indent);
}
