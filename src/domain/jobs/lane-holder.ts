import { phrase, words, type Phrase } from '../report/phrase.ts';

/** Who works in a lane. */
export interface Worker {
  /** For people, such as `the bot`. */
  readonly who: string;
  readonly host: string;
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** Who works in a lane and since when, as a sentence without its full stop. */
export function atWork({ who, host, pid, since }: Worker): Phrase {
  const time = new Date(since).toISOString().slice(0, 19).replace('T', ' ');
  return [
    ...phrase`${who} on ${host}`,
    ` (process ${pid})`,
    ...words(` has worked on this workspace since ${time} UTC`),
  ];
}
