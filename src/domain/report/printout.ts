import type { Phrase } from './phrase.ts';
import type { Explanation } from './reason.ts';
import { plain } from './text.ts';

/** `well` is a success, `plain` a fact that is neither good nor bad. */
export type Mark = 'well' | 'warning' | 'failed' | 'plain';

/** One step or one check. */
export interface PrintedLine {
  readonly mark: Mark;
  /** A word or two of ours: what it is about. */
  readonly label: string;
  readonly text: Phrase;
  /** What to do about it. */
  readonly remedy: Phrase | undefined;
}

/** What a command of the command line tells: the outcome first, then one line for each step or check. */
export interface Printout {
  /** False when something failed or was refused: the exit code is 1. */
  readonly isWell: boolean;
  readonly outcome: Phrase;
  readonly sections: readonly {
    readonly title: Phrase | undefined;
    readonly lines: readonly PrintedLine[];
  }[];
  /** The same for machines: what `--json` prints beside `ok` and `outcome`. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a command tells that does not begin: every obstacle at once. */
export function refusalPrintout(outcome: Phrase, obstacles: readonly Explanation[]): Printout {
  return {
    isWell: false,
    outcome,
    sections: [
      {
        title: undefined,
        lines: obstacles.map(({ what, remedy }) => ({ mark: 'failed', label: '', text: what, remedy })),
      },
    ],
    data: {
      obstacles: obstacles.map(({ what, remedy }) => ({ text: plain(what), remedy: plain(remedy) })),
    },
  };
}
