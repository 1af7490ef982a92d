import type { Moved } from '../adapters/store/tools/move-store.ts';
import { phrase, words } from '../domain/report/phrase.ts';
import type { Printout } from '../domain/report/printout.ts';

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
