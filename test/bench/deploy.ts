import { libraryDeploys } from './library.ts';
import { fixed, median, whole, type Finding } from './table.ts';
import { namesOf, startTeam, type Worked } from './team.ts';

export const latencyMs = 50;
const concurrency = 8;

interface Cell {
  readonly pipelines: number;
  readonly changed: number;
  readonly rounds: number;
}

const usual: readonly Cell[] = [
  { pipelines: 100, changed: 10, rounds: 5 },
  { pipelines: 1_000, changed: 1, rounds: 5 },
  { pipelines: 1_000, changed: 10, rounds: 5 },
  { pipelines: 1_000, changed: 100, rounds: 5 },
];
const others: readonly Cell[] = [
  { pipelines: 100, changed: 1, rounds: 5 },
  { pipelines: 100, changed: 100, rounds: 5 },
  { pipelines: 1_000, changed: 1_000, rounds: 1 },
  { pipelines: 5_000, changed: 1, rounds: 5 },
  { pipelines: 5_000, changed: 10, rounds: 5 },
  { pipelines: 5_000, changed: 100, rounds: 5 },
  { pipelines: 5_000, changed: 5_000, rounds: 1 },
];

/**
 * The rounds of calls that no order of them can do without: head and mapping; the comparison; who brought it, and the list of pipelines; what AIC has of each
 * changed one; writing and reading back; the comment. With so many calls to AIC at once.
 */
function criticalRounds(changed: number): number {
  return 3 + Math.ceil(changed / concurrency) + Math.ceil((2 * changed) / concurrency) + 1;
}

/** From the webhook of a merge to the last comment, beside the limit and the library's sequence of calls. */
export async function deployBench(isWhole: boolean, newDatabase?: () => Promise<string>): Promise<Finding> {
  const cells = (isWhole ? [...usual, ...others] : usual).toSorted(
    (one, other) => one.pipelines - other.pipelines || one.changed - other.changed,
  );
  const rows: Record<string, string>[] = [];
  const goals: Finding['goals'][number][] = [];
  for (const pipelines of new Set(cells.map((cell) => cell.pipelines))) {
    const names = namesOf(pipelines);
    const database = await newDatabase?.();
    const team = await startTeam(names, database === undefined ? {} : { database });
    try {
      const mine = cells.filter((cell) => cell.pipelines === pipelines);
      const worked = new Map<Cell, Worked[]>(mine.map((cell) => [cell, []]));
      // Once without delay, so that code and records are warm.
      const most = Math.max(...mine.filter(({ rounds }) => rounds > 1).map(({ changed }) => changed));
      await team.merge(await team.open(names.slice(0, most)), 0);
      for (let round = 0; round < 5; round += 1)
        for (const cell of mine) {
          if (round >= cell.rounds) continue;
          worked.get(cell)?.push(await team.merge(await team.open(names.slice(0, cell.changed)), latencyMs));
        }
      const isCompared = (cell: Cell) => isWhole || cell.changed === 10;
      for (const [cell, all] of worked) {
        const ms = median(all.map((each) => each.ms));
        const server = median(all.map((each) => each.serverMs));
        const limit = criticalRounds(cell.changed) * (latencyMs + server);
        const library =
          database === undefined && pipelines <= 1_000 && isCompared(cell)
            ? await libraryDeploys(team, names, names.slice(0, cell.changed), latencyMs)
            : undefined;
        const ratio = ms / limit;
        rows.push({
          pipelines: whole(pipelines),
          changed: whole(cell.changed),
          'aic-bot (s)': fixed(ms / 1_000, 2),
          'limit (s)': fixed(limit / 1_000, 2),
          '× limit': fixed(ratio, 2),
          'calls to GitLab': whole(median(all.map((each) => each.gitlab))),
          'calls to AIC': whole(median(all.map((each) => each.aic))),
          'library (s)': library === undefined ? '' : fixed(library.ms / 1_000, 1),
          'library’s calls': library === undefined ? '' : whole(library.gitlab + library.aic),
        });
        if (pipelines === 1_000 && cell.changed === 10) {
          goals.push({
            text: `at most 1.25 × the limit at 1,000 pipelines with 10 changed: ${fixed(ratio, 2)}`,
            isReached: ratio <= 1.25,
          });
          if (library !== undefined)
            goals.push({
              text: `at least 20 × faster than the library’s calls: ${fixed(library.ms / ms)}`,
              isReached: library.ms / ms >= 20,
            });
        }
      }
    } finally {
      await team.close();
    }
  }
  const title = `Deploy: from the webhook to the last comment, each answer ${latencyMs} ms later`;
  return { title: newDatabase === undefined ? title : `${title}, on PostgreSQL`, rows, goals };
}
