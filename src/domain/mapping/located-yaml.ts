import { getScalarValue, parseEvents, YAMLException } from 'js-yaml';

import { phrase, words, type Phrase } from '../report/phrase.ts';
import { fail, ok, type Result } from '../shared/result.ts';

/** A mistake in a file: where, what, and what to do about it. */
export interface Mistake {
  /** From 1. */
  readonly line: number;
  readonly problem: Phrase;
  readonly remedy: Phrase;
}

/** YAML with lines. Scalars are text as it was typed: `True` and `1.0` stay what they are. */
export type Located = LocatedText | LocatedMap | LocatedList | Unread;

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

/** Something that a mistake was already told of; what it should have been is not known. */
interface Unread {
  readonly kind: 'unread';
  readonly line: number;
}

interface LocatedFile {
  /** Undefined for an empty file. */
  readonly root: Located | undefined;
  /** What can make a file mean more than it shows: aliases, tags, doubled keys, several documents. */
  readonly mistakes: readonly Mistake[];
}

/** The largest file that is read, in bytes: thousands of branches fit in, and it is read in a moment, which nothing else of the bot works in. */
export const largestYaml = 128 * 1024;

export const tooLarge: Mistake = {
  line: 1,
  problem: words('The file is larger than 128 KiB.'),
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
 * Reads one YAML document of maps, lists and text. Fails where nothing can be read: the file is too large, or no YAML, or nested more than 20
 * deep. All other mistakes come with what was read, so that they can be told together with those in its meaning. Never throws.
 */
export function locateYaml(text: string): Result<LocatedFile, readonly Mistake[]> {
  if (text.length > largestYaml || new TextEncoder().encode(text).length > largestYaml) {
    return fail([tooLarge]);
  }
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
  return ok({ root: reader.document(), mistakes: reader.mistakes });
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
    const first = this.#next();
    if (first?.type !== documentEvent) return undefined;
    this.#at += 1;
    const found = this.#node();
    if (this.#events.some((event, index) => index > 0 && event.type === documentEvent)) {
      this.mistakes.push({
        line: secondDocumentIn(this.#text, first.explicitStart),
        problem: words('The file holds several documents.'),
        remedy: phrase`Keep one, and remove the line ${'---'} or ${'...'} between them.`,
      });
    }
    return found.kind === 'text' && found.text === '' ? undefined : found;
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
      case textEvent: {
        const line = this.#place(event, event.valueStart);
        const text = getScalarValue(this.#text, event);
        if (text.isWellFormed()) return { kind: 'text', line, text };
        // Half of a surrogate pair has no UTF-8: encodeURIComponent throws on it.
        this.mistakes.push({
          line,
          problem: words('The text holds half a character.'),
          remedy: phrase`Write the character itself instead of an escape such as ${String.raw`\uD83D`}.`,
        });
        return { kind: 'unread', line };
      }
      case aliasEvent: {
        const line = this.#lineAt(event.anchorStart);
        this.mistakes.push({
          line,
          problem: words('Aliases are not followed.'),
          remedy: words('Write out what it stands for.'),
        });
        return { kind: 'unread', line };
      }
      case documentEvent:
      case popEvent:
      case undefined:
        return { kind: 'unread', line: this.#lineAt(-1) };
    }
  }

  #fields(): LocatedMap['fields'] {
    const fields: { readonly key: string; readonly line: number; readonly value: Located }[] = [];
    const seen = new Map<string, number>();
    while (this.#next() !== undefined && this.#next()?.type !== popEvent) {
      const key = this.#node();
      const value = this.#node();
      if (key.kind === 'unread') continue;
      if (key.kind !== 'text') {
        this.mistakes.push({
          line: key.line,
          problem: words('A key must be a text.'),
          remedy: phrase`Put it in quotes, such as ${'"[main]"'}, or remove it.`,
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

/** The line on which a second document begins: that of the first marker that does not open the first document. */
function secondDocumentIn(text: string, firstHasMarker: boolean): number {
  const markers = [...text.split(/\r\n?|\n/).entries()].filter(([, content]) =>
    /^\uFEFF?(?:---|\.\.\.)(?:[ \t]|$)/.test(content),
  );
  const own = firstHasMarker ? markers.findIndex(([, content]) => content.includes('---')) : -1;
  return (markers[own + 1]?.[0] ?? 0) + 1;
}

/** The offset of each line break. */
function lineEndsOf(text: string): readonly number[] {
  return [...text.matchAll(/\r\n?|\n/g)].map((found) => found.index);
}
