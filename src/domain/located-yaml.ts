import { getScalarValue, parseEvents, YAMLException } from 'js-yaml';

import { phrase, words, type Phrase } from './phrase.ts';
import { fail, ok, type Result } from './result.ts';

/** A mistake in a file: where, what, and what to do about it. */
export interface Mistake {
  /** From 1. */
  readonly line: number;
  readonly problem: Phrase;
  readonly remedy: Phrase;
}

/** YAML with lines. Scalars are text as it was typed: `True` and `1.0` stay what they are. */
export type Located = LocatedText | LocatedMap | LocatedList;

interface LocatedText {
  readonly kind: 'text';
  readonly line: number;
  /** Empty where nothing was written. */
  readonly text: string;
}

export interface LocatedMap {
  readonly kind: 'map';
  readonly line: number;
  readonly fields: readonly { readonly key: string; readonly line: number; readonly value: Located }[];
}

interface LocatedList {
  readonly kind: 'list';
  readonly line: number;
  readonly items: readonly Located[];
}

/** The largest file that is read, in bytes. */
export const largestYaml = 1024 * 1024;

export const tooLarge: Mistake = {
  line: 1,
  problem: words('The file is larger than 1 MiB.'),
  remedy: words('Keep only the mapping in it.'),
};

const deepest = 20;

type Events = ReturnType<typeof parseEvents>;
type Event = Events[number];

// js-yaml's EVENT_ID, as types can tell them apart.
const documentEvent = 1;
const listEvent = 2;
const mapEvent = 3;
const textEvent = 4;
const aliasEvent = 5;
const popEvent = 6;

/**
 * Reads one YAML document of maps, lists and text; undefined for an empty one. What can make a file mean more than it shows (aliases, tags, doubled
 * keys, several documents) is a mistake. Never throws.
 */
export function locateYaml(text: string): Result<Located | undefined, readonly Mistake[]> {
  if (text.length > largestYaml) return fail([tooLarge]);
  let events: Events;
  try {
    events = parseEvents(text, { maxDepth: deepest });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const line = (error.mark?.line ?? 0) + 1;
    return fail([
      {
        line,
        problem: phrase`This is not valid YAML: ${error.reason}.`,
        remedy: words('Correct the line or the one before it.'),
      },
    ]);
  }
  const reader = new Reader(text, events);
  const found = reader.document();
  return reader.mistakes.length === 0 ? ok(found) : fail(reader.mistakes);
}

/** Walks the flat events of the parser, in which each map and list ends with a pop. */
class Reader {
  readonly mistakes: Mistake[] = [];
  readonly #text: string;
  readonly #events: Events;
  readonly #lineEnds: readonly number[];
  #at = 0;
  #line = 1;

  constructor(text: string, events: Events) {
    this.#text = text;
    this.#lineEnds = lineEndsOf(text);
    this.#events = events;
  }

  document(): Located | undefined {
    if (this.#events[this.#at]?.type !== documentEvent) return undefined;
    this.#at += 1;
    const found = this.#next()?.type === popEvent ? undefined : this.#node();
    const second = this.#events.findIndex((event, index) => index > 0 && event.type === documentEvent);
    if (second !== -1) {
      const line = this.#lineEnds.length + 1;
      this.mistakes.push({
        line,
        problem: words('The file holds several documents.'),
        remedy: phrase`Keep one and remove the line ${'---'}.`,
      });
    }
    return found;
  }

  #next(): Event | undefined {
    return this.#events[this.#at];
  }

  #node(): Located {
    const event = this.#next();
    this.#at += 1;
    switch (event?.type) {
      case listEvent: {
        const line = this.#place(event, event.start);
        const items: Located[] = [];
        while (this.#next() !== undefined && this.#next()?.type !== popEvent) items.push(this.#node());
        this.#at += 1;
        return { kind: 'list', line, items };
      }
      case mapEvent: {
        const line = this.#place(event, event.start);
        const fields = this.#fields();
        this.#at += 1;
        return { kind: 'map', line, fields };
      }
      case textEvent:
        return {
          kind: 'text',
          line: this.#place(event, event.valueStart),
          text: getScalarValue(this.#text, event),
        };
      case aliasEvent: {
        const line = this.#lineAt(event.anchorStart);
        this.mistakes.push({
          line,
          problem: words('Aliases are not followed.'),
          remedy: words('Write out what it stands for.'),
        });
        return { kind: 'text', line, text: '' };
      }
      case documentEvent:
      case popEvent:
      case undefined:
        return { kind: 'text', line: this.#lineAt(-1), text: '' };
    }
  }

  #fields(): LocatedMap['fields'] {
    const fields: { readonly key: string; readonly line: number; readonly value: Located }[] = [];
    const seen = new Map<string, number>();
    while (this.#next() !== undefined && this.#next()?.type !== popEvent) {
      const key = this.#node();
      const value = this.#node();
      if (key.kind !== 'text') {
        this.mistakes.push({
          line: key.line,
          problem: words('A key must be a plain text.'),
          remedy: words('Put it in quotes.'),
        });
        continue;
      }
      const first = seen.get(key.text);
      if (first !== undefined) {
        const problem = [...phrase`${key.text}`, ` is here a second time; the first is on line ${first}.`];
        this.mistakes.push({ line: key.line, problem, remedy: words('Keep one of them.') });
        continue;
      }
      seen.set(key.text, key.line);
      fields.push({ key: key.text, line: key.line, value });
    }
    return fields;
  }

  /** The line of a node; a tag on it is a mistake. */
  #place(event: { readonly tagStart: number }, start: number): number {
    if (event.tagStart >= 0) {
      const line = this.#lineAt(event.tagStart);
      this.mistakes.push({
        line,
        problem: words('Tags have no meaning here.'),
        remedy: phrase`Remove the word that begins with ${'!'}.`,
      });
    }
    return this.#lineAt(start);
  }

  /** Nodes come in the order of the text; what was left empty has no place of its own and gets that of what came before it. */
  #lineAt(offset: number): number {
    while (this.#lineEnd() < offset) this.#line += 1;
    return this.#line;
  }

  /** Where the present line ends. */
  #lineEnd(): number {
    return this.#lineEnds[this.#line - 1] ?? Infinity;
  }
}

/** The offset of each line break. */
function lineEndsOf(text: string): readonly number[] {
  return [...text.matchAll(/\r\n?|\n/g)].map((found) => found.index);
}
