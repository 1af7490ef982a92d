import { phrase, words } from './phrase.ts';
import type { Printout } from './printout.ts';

/** What was moved to another database. */
export interface Moved {
  /** How many rows of each table. */
  readonly rows: ReadonlyMap<string, number>;
  /** The hash of the last row of the audit log, which is the same on both sides; undefined where there is none. */
  readonly lastHash: string | undefined;
}

/** What `migrate-store` tells. */
export function movedPrintout({ rows, lastHash }: Moved): Printout {
  const sum = [...rows.values()].reduce((total, count) => total + count, 0);
  const audit =
    lastHash === undefined ? words('it has no rows') : phrase`it is whole, and ends with ${lastHash}`;
  return {
    isWell: true,
    outcome: [
      `Moved ${sum} rows. The audit log was checked on the other side: `,
      ...audit,
      ...phrase`. Start the bot with the new ${'DATABASE_URL'}, and keep the file until it works.`,
    ],
    sections: [
      {
        title: undefined,
        lines: [...rows].map(([table, count]) => ({
          mark: 'plain',
          label: table,
          text: words(count === 1 ? '1 row' : `${count} rows`),
          remedy: undefined,
        })),
      },
    ],
    data: { rows: Object.fromEntries(rows), lastHash: lastHash ?? null },
  };
}

/** What it tells where nothing was moved. */
export function notMovedPrintout(problem: string): Printout {
  return {
    isWell: false,
    outcome: words(`Nothing was moved: ${problem}.`),
    sections: [],
    data: { problem },
  };
}
