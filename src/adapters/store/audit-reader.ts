import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import type { AuditRow } from '../../domain/audit.ts';
import { fail, ok, type Result } from '../../domain/result.ts';

const row = z.object({ id: z.number(), entry: z.string(), previous: z.string(), hash: z.string() });

/** The rows of an audit log, oldest first. They are read as they are asked for. */
export interface AuditReader {
  rows(since: number): Iterable<AuditRow>;
  close(): void;
}

/** Opens the log for reading, beside whatever runs. Nothing is migrated. Fails with what is wrong with the file. */
export function openAudit(url: string): Result<AuditReader, string> {
  const path = url.replace(/^file:/, '');
  if (!existsSync(path)) return fail('there is no such file');
  try {
    const file = new DatabaseSync(path, { readOnly: true });
    try {
      const statement = file.prepare('select id, entry, previous, hash from audit where at >= ? order by id');
      return ok({
        rows: function* (since) {
          for (const each of statement.iterate(since)) yield row.parse(each);
        },
        close: () => file.close(),
      });
    } catch (error) {
      file.close();
      const said = wordsOf(error);
      return fail(
        /no such table/.test(said)
          ? 'it has no audit log yet: the bot adds one when this version of it is started'
          : said,
      );
    }
  } catch (error) {
    return fail(wordsOf(error));
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
