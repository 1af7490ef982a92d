import { nameInPath, pathPart } from './config-path.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import type { Content } from './pipeline-config.ts';

const folder = 'code/';

/** A file with code of a pipeline. */
export interface CodeFile {
  /** Where it belongs. */
  readonly path: string;
  /** Where the Python library put it, which encodes nothing. The same for ordinary names. */
  readonly libraryPath: string;
  readonly text: string;
}

/**
 * The SQL and PySpark of a pipeline as files, the same as the Python library wrote:
 * - for a PYSPARK task its script as `<task id>.py`, and each triple-quoted block in it that begins with an SQL verb, trimmed, as
 *   `<task id>_<n>.sql`; n counts every such block from 1, SQL or not
 * - for an SQL task its `query`, else `script`, else `sql`, trimmed, as `<task id>.sql`
 *
 * Tasks are the entries of a list named `tasks` at any depth, their type is compared without case. Of two files with one name the
 * later wins.
 */
export function codeFiles(pipeline: string, content: Content): readonly CodeFile[] {
  return codePieces(pipeline, content).map(({ path, libraryPath, text }) => ({ path, libraryPath, text }));
}

/** A code file with the place in the config that it comes from. */
export interface CodePiece extends CodeFile {
  /** The `config` of its task. */
  readonly holder: JsonObject;
  /** The field of it that holds the text. */
  readonly field: string;
  /** The part of the field's text that is the file, in UTF-16 units; of a block, what is between its quotation marks without white space around it. */
  readonly part: { readonly start: number; readonly end: number };
}

/** The same as `codeFiles`, with the places. */
export function codePieces(pipeline: string, content: Content): readonly CodePiece[] {
  const pieces = new Map<string, CodePiece>();
  for (const { id, suffix, ...piece } of [...tasksIn({ ...content })].flatMap(codeOf)) {
    const path = `${folder}${pathPart(pipeline)}/${pathPart(id + suffix)}`;
    pieces.set(path, { ...piece, path, libraryPath: `${folder}${pipeline}/${id}${suffix}` });
  }
  return [...pieces.values()];
}

/** The pipeline that a file under `code/` belongs to; undefined for any other path. */
export function pipelineOfCodePath(path: string): string | undefined {
  const end = path.lastIndexOf('/');
  return path.startsWith(folder) && end > folder.length
    ? nameInPath(path.slice(folder.length, end))
    : undefined;
}

/** The folder of a pipeline's code, without a slash at the end. */
export function codeFolder(pipeline: string): string {
  return folder + pathPart(pipeline);
}

/** Whether a file looks like one that was extracted from a config. */
export function isExtracted(path: string): boolean {
  return path.startsWith(folder) && /\.(?:py|sql)$/.test(path);
}

function* tasksIn(value: Json): Generator<JsonObject> {
  if (isJsonObject(value)) {
    const tasks = value['tasks'] ?? null;
    if (Array.isArray(tasks)) yield* tasks.filter(isJsonObject);
    for (const inner of Object.values(value)) yield* tasksIn(inner);
  } else if (Array.isArray(value)) {
    for (const inner of value) yield* tasksIn(inner);
  }
}

interface Code extends Pick<CodePiece, 'holder' | 'field' | 'part' | 'text'> {
  readonly id: string;
  readonly suffix: string;
}

function codeOf(task: JsonObject): readonly Code[] {
  const holder = isJsonObject(task['config']) ? task['config'] : {};
  const id = textIn(task, 'id') ?? 'unknown_id';
  switch ((textIn(task, 'type') ?? '').toUpperCase()) {
    case 'PYSPARK': {
      const script = textIn(holder, 'script');
      if (script === undefined) return [];
      const place = { id, holder, field: 'script' };
      const blocks = blocksIn(script).flatMap(({ text, part }, index) =>
        isSql(text) ? [{ ...place, suffix: `_${index + 1}.sql`, text, part }] : [],
      );
      return [{ ...place, suffix: '.py', text: script, part: { start: 0, end: script.length } }, ...blocks];
    }
    case 'SQL': {
      const field = ['query', 'script', 'sql'].find((name) => textIn(holder, name) !== undefined);
      const whole = field === undefined ? undefined : textIn(holder, field);
      if (field === undefined || whole === undefined) return [];
      return [{ id, holder, field, suffix: '.sql', ...withoutSpace(whole, 0, whole.length) }];
    }
    default:
      return [];
  }
}

/** Undefined for what is missing, empty or no text; a number counts as its digits, as ids may be. */
function textIn(object: JsonObject, field: string): string | undefined {
  const value = object[field];
  if (typeof value === 'number' && field === 'id') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const quotes = ["'''", '"""'];

/** The triple-quoted blocks in the order of their beginning, trimmed. What Python makes of comments or other strings plays no part. */
function blocksIn(script: string): readonly Pick<CodePiece, 'text' | 'part'>[] {
  const blocks: Pick<CodePiece, 'text' | 'part'>[] = [];
  // Where each kind of quotation mark comes next; found anew only when passed, so that this stays linear.
  const next = new Map(quotes.map((quote) => [quote, script.indexOf(quote)]));
  for (let from = 0; ;) {
    for (const [quote, at] of next) {
      if (at !== -1 && at < from) next.set(quote, script.indexOf(quote, from));
    }
    let [quote, begin] = ['', -1];
    for (const [each, at] of next) if (at !== -1 && (begin === -1 || at < begin)) [quote, begin] = [each, at];
    if (begin === -1) return blocks;
    const end = script.indexOf(quote, begin + quote.length);
    if (end === -1) next.set(quote, -1);
    else {
      blocks.push(withoutSpace(script, begin + quote.length, end));
      from = end + quote.length;
    }
  }
}

const verbs = new Set(['select', 'insert', 'update', 'delete', 'with', 'create', 'drop', 'alter', 'merge']);

/** What Python counts as white space; JavaScript's own idea differs in some characters. */
const space = String.raw`[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]`;
const leading = new RegExp(`^${space}+`);
const anySpace = new RegExp(space);

function isSql(text: string): boolean {
  const end = text.slice(0, 20).search(anySpace);
  return verbs.has((end === -1 ? text : text.slice(0, end)).toLowerCase());
}

/** A text without white space around it, as Python sees it. */
export function trimmed(text: string): string {
  return withoutSpace(text, 0, text.length).text;
}

function withoutSpace(whole: string, from: number, to: number): Pick<CodePiece, 'text' | 'part'> {
  const begun = whole.slice(from, to).replace(leading, '');
  const start = to - begun.length;
  let end = to;
  while (end > start && anySpace.test(whole.charAt(end - 1))) end -= 1;
  return { text: whole.slice(start, end), part: { start, end } };
}
