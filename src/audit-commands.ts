import { InvalidArgumentError, type Command } from 'commander';

import { openAudit, type AuditReader } from './adapters/store/audit-reader.ts';
import type { Terminal } from './adapters/terminal.ts';
import { readSettings } from './config.ts';
import { verifyAudit } from './domain/audit.ts';
import { unreadAudit, verifiedPrintout } from './domain/audit-report.ts';

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
      const log = await open(desk, json);
      const verified = await verifyAudit(log.rows(0), expect);
      log.close();
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
    .action(async ({ since = 0 }: { readonly since?: number }) => {
      const log = await open(desk, true);
      for (const { id, entry, previous, hash } of log.rows(since))
        await desk.terminal.printLine({ id, ...JSON.parse(entry), previous, hash });
      log.close();
      return desk.exit(0);
    });
}

async function open({ terminal, variables, exit }: AuditDesk, json: true | undefined): Promise<AuditReader> {
  const url = readSettings(variables).settings.DATABASE_URL ?? '';
  const opened = openAudit(url);
  if (opened.ok) return opened.value;
  await terminal.print(unreadAudit(url, opened.failure), json === true ? 'json' : 'text');
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
