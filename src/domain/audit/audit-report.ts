import type { AuditRow, Verified } from './audit-log.ts';
import { isJsonObject, parseJson } from '../shared/json.ts';
import { phrase, words } from '../report/phrase.ts';
import type { Printout } from '../report/printout.ts';

const sections = { sections: [] } as const;

/** What `audit verify` tells. */
export function verifiedPrintout(verified: Verified, expected: string | undefined): Printout {
  if (verified.kind === 'broken') {
    const { id, why } = verified;
    const what =
      why === 'changed'
        ? `Row ${id} of the audit log was changed after it was written.`
        : `Row ${id} of the audit log does not follow the row before it: rows were removed, added or moved.`;
    return {
      isWell: false,
      outcome: words(`${what} Compare the database with a backup from before.`),
      ...sections,
      data: { row: id, why },
    };
  }
  const { rows, last } = verified;
  const data = { rows, last };
  if (!verified.expected)
    return {
      isWell: false,
      outcome: phrase`No row of the audit log has the hash ${expected ?? ''}: rows were cut off at its end, or the hash is of another log.`,
      ...sections,
      data,
    };
  return {
    isWell: true,
    outcome: [
      `The audit log is whole: ${rows === 1 ? '1 row' : `${rows} rows`}, the last with the hash `,
      ...phrase`${last}.`,
      ' Keep that hash elsewhere: a later check with it also finds rows that were cut off at the end.',
    ],
    ...sections,
    data,
  };
}

/** A row as `audit export` prints it. An entry that somebody made into something else is printed as it stands. */
export function exportedRow({ id, entry, previous, hash }: AuditRow): Readonly<Record<string, unknown>> {
  const facts = parseJson(entry);
  const shown = facts.ok && isJsonObject(facts.value) ? facts.value : { unreadable: entry };
  return { id, ...shown, previous, hash };
}

/** What is told where the log can't be read. */
export function unreadAudit(url: string, problem: string): Printout {
  return {
    isWell: false,
    outcome: phrase`The audit log in ${url} can't be read: ${words(problem)}. Set ${'DATABASE_URL'} to the database of the bot.`,
    ...sections,
    data: { problem },
  };
}
