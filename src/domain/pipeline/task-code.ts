import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';

/** Code of a task, with its place. */
export interface Code {
  /** The id of the task. */
  readonly id: string;
  /** What is added to the id for a file's name. */
  readonly suffix: string;
  readonly text: string;
  /** The `config` of its task. */
  readonly holder: JsonObject;
  /** The field of it that holds the text. */
  readonly field: string;
  /** The part of the field's text that is the code, in UTF-16 units; of a block, what is between its quotation marks without white space around it. */
  readonly part: Part;
}

interface Part {
  readonly start: number;
  readonly end: number;
}

/** The code of all tasks at any depth, in their order. Takes time in proportion to the text, whatever its shape. */
export function* codeIn(content: JsonObject): Generator<Code> {
  const tasks: JsonObject[] = [];
  collectTasks(content, tasks);
  for (const task of tasks) yield* codeOf(task);
}

/** A text without white space around it, as Python sees it. */
export function trimmed(text: string): string {
  const { start, end } = withoutSpace(text, { start: 0, end: text.length });
  return text.slice(start, end);
}

function collectTasks(value: Json, tasks: JsonObject[]): void {
  if (isJsonObject(value)) {
    const own = value['tasks'] ?? null;
    if (Array.isArray(own)) for (const task of own) if (isJsonObject(task)) tasks.push(task);
    for (const inner of Object.values(value)) collectTasks(inner, tasks);
  } else if (Array.isArray(value)) {
    for (const inner of value) collectTasks(inner, tasks);
  }
}

function* codeOf(task: JsonObject): Generator<Code> {
  const holder = isJsonObject(task['config']) ? task['config'] : {};
  const id = textIn(task, 'id') ?? 'unknown_id';
  switch ((textIn(task, 'type') ?? '').toUpperCase()) {
    case 'PYSPARK': {
      const text = textIn(holder, 'script');
      if (text === undefined) return;
      const place = { id, holder, field: 'script' };
      yield { ...place, suffix: '.py', text, part: { start: 0, end: text.length } };
      let count = 0;
      for (const block of blocksIn(text)) {
        count += 1;
        const part = withoutSpace(text, block);
        if (isSql(text, part))
          yield { ...place, suffix: `_${count}.sql`, text: text.slice(part.start, part.end), part };
      }
      return;
    }
    case 'SQL': {
      const field = ['query', 'script', 'sql'].find((name) => textIn(holder, name) !== undefined);
      const whole = field === undefined ? undefined : textIn(holder, field);
      if (field === undefined || whole === undefined) return;
      const part = withoutSpace(whole, { start: 0, end: whole.length });
      yield { id, holder, field, suffix: '.sql', text: whole.slice(part.start, part.end), part };
    }
  }
}

/** Undefined for what is missing, empty or no text; a number counts as its digits, as ids may be. */
function textIn(object: JsonObject, field: string): string | undefined {
  const value = object[field];
  if (typeof value === 'number' && field === 'id') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const quotes = ["'''", '"""'];

/** What is between triple quotation marks, in the order of their beginning. What Python makes of comments or other strings plays no part. */
function* blocksIn(script: string): Generator<Part> {
  // Where each kind of quotation mark comes next; found anew only when passed, so that this stays linear.
  const next = new Map(quotes.map((quote) => [quote, script.indexOf(quote)]));
  for (let from = 0; ;) {
    for (const [quote, at] of next) {
      if (at !== -1 && at < from) next.set(quote, script.indexOf(quote, from));
    }
    let [quote, begin] = ['', -1];
    for (const [each, at] of next) if (at !== -1 && (begin === -1 || at < begin)) [quote, begin] = [each, at];
    if (begin === -1) return;
    const end = script.indexOf(quote, begin + quote.length);
    if (end === -1) next.set(quote, -1);
    else {
      yield { start: begin + quote.length, end };
      from = end + quote.length;
    }
  }
}

const verbs = new Set(['select', 'insert', 'update', 'delete', 'with', 'create', 'drop', 'alter', 'merge']);

/** What Python counts as white space; JavaScript's own idea differs in some characters. */
const space = new RegExp(
  String.raw`[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]`,
);

function isSql(text: string, { start, end }: Part): boolean {
  const [word = ''] = text.slice(start, Math.min(end, start + 20)).split(space, 1);
  return verbs.has(word.toLowerCase());
}

function withoutSpace(text: string, { start: from, end: to }: Part): Part {
  let [start, end] = [from, to];
  while (start < end && space.test(text.charAt(start))) start += 1;
  while (end > start && space.test(text.charAt(end - 1))) end -= 1;
  return { start, end };
}
