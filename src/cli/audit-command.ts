import { InvalidArgumentError, type Command } from 'commander';

import { readAudit } from '../adapters/store/tools/audit-reader.ts';
import type { Terminal } from '../adapters/terminal/terminal.ts';
import { readSettings } from '../config.ts';
import { verifyAudit, type AuditRow } from '../domain/audit/audit-log.ts';
import { exportedRow, unreadAudit, verifiedPrintout } from '../domain/audit/audit-report.ts';

/** What these commands work with. */
export interface AuditDesk {
  readonly terminal: Terminal;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly exit: (code: number) => never;
}

interface VerifyOptions {
  readonly expect?: string;
  readonly json?: true;
}

/** Adds `audit verify` and `audit export`. Both only read the database, beside a running bot or without one. */
export function addAuditCommands(program: Command, desk: AuditDesk): void {
  const audit = program.command('audit').description('checks the audit log, or prints it');

  audit
    .command('verify')
    .description('tells whether the audit log is as it was written')
    .option('--expect <hash>', 'a hash that was kept: a row must have it', parseHash)
    .option('--json', 'print the result as JSON')
    .action(async ({ expect, json }: VerifyOptions) => {
      const verified = await read(desk, { since: noMoment, json }, (rows) => verifyAudit(rows, expect));
      const printout = verifiedPrintout(verified, expect);
      await desk.terminal.print(printout, json === true ? 'json' : 'text');
      return desk.exit(printout.isWell ? 0 : 1);
    });

  audit
    .command('export')
    .description('prints the audit log, one JSON object a line')
    .option(
      '--since <moment>',
      'only what happened from then on: 2026-11-01 or 2026-11-01T12:00:00Z',
      parseMoment,
    )
    .action(async ({ since = noMoment }: { readonly since?: number }) => {
      await read(desk, { since, json: true }, async (rows) => {
        for await (const row of rows) await desk.terminal.printLine(exportedRow(row));
      });
      return desk.exit(0);
    });
}

/** Before all others: a row that somebody gave a moment before 1970 is read, too. */
const noMoment = Number.MIN_SAFE_INTEGER;

async function read<Read>(
  { terminal, variables, exit }: AuditDesk,
  { since, json }: { readonly since: number; readonly json: true | undefined },
  use: (rows: Iterable<AuditRow> | AsyncIterable<AuditRow>) => Promise<Read>,
): Promise<Read> {
  const url = readSettings(variables).settings.DATABASE_URL ?? '';
  const done = await readAudit(url, since, use);
  if (done.ok) return done.value;
  await terminal.print(unreadAudit(url, done.failure), json === true ? 'json' : 'text');
  return exit(1);
}

function parseHash(text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new InvalidArgumentError('Write the 64 hex digits that audit verify printed.');
  return text;
}

/** A day begins at midnight UTC. */
function parseMoment(text: string): number {
  const moment = /^\d{4}-\d{2}-\d{2}(T.*)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(moment)) throw new InvalidArgumentError('Write it as 2026-11-01 or 2026-11-01T12:00:00Z.');
  return moment;
}
