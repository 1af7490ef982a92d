import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { InvalidArgumentError, type Command } from 'commander';

import { isPostgres } from '../adapters/store/engines/database-url.ts';
import { moveStore } from '../adapters/store/tools/move-store.ts';
import type { Terminal } from '../adapters/terminal/terminal.ts';
import { secretsIn } from '../config.ts';
import { movedPrintout, notMovedPrintout } from './migrate-store-report.ts';
import { createMask } from '../domain/secrets/mask.ts';

/** What these commands work with. */
export interface StoreDesk {
  readonly terminal: Terminal;
  readonly exit: (code: number) => never;
}

interface MoveOptions {
  readonly from: string;
  readonly to: string;
  readonly json?: true;
}

/** Adds `migrate-store`. */
export function addStoreCommands(program: Command, { terminal, exit }: StoreDesk): void {
  program
    .command('migrate-store')
    .description('moves what a bot remembers from its SQLite file to an empty PostgreSQL database')
    .requiredOption('--from <file>', 'file:…, the DATABASE_URL up to now; the bot must be stopped', parseFile)
    .requiredOption('--to <address>', 'postgres://…, the DATABASE_URL from now on', parsePostgres)
    .option('--json', 'print the result as JSON')
    .action(async ({ from, to, json }: MoveOptions) => {
      const mask = createMask(secretsIn({ DATABASE_URL: to }));
      const moved = await moveStore(from, to, (table) => terminal.progress(`Moving ${table}`));
      const printout = moved.ok ? movedPrintout(moved.value) : notMovedPrintout(mask(moved.failure));
      await terminal.print(printout, json === true ? 'json' : 'text');
      return exit(printout.isWell ? 0 : 1);
    });
}

function parseFile(text: string): string {
  if (!/^file:.+/.test(text)) throw new InvalidArgumentError('Write it as file:./data/aic-bot.db.');
  const path = text.replace(/^file:/, '');
  if (!existsSync(path)) throw new InvalidArgumentError(`There is no file ${resolve(path)}.`);
  return text;
}

function parsePostgres(text: string): string {
  if (!isPostgres(text) || !URL.canParse(text))
    throw new InvalidArgumentError('Write it as postgres://user:password@host/database.');
  return text;
}
