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
  const files = new Map<string, CodeFile>();
  for (const { id, suffix, text } of [...tasksIn({ ...content })].flatMap(codeOf)) {
    const path = `${folder}${pathPart(pipeline)}/${pathPart(id + suffix)}`;
    files.set(path, { path, libraryPath: `${folder}${pipeline}/${id}${suffix}`, text });
  }
  return [...files.values()];
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

interface Code {
  readonly id: string;
  readonly suffix: string;
  readonly text: string;
}

function codeOf(task: JsonObject): readonly Code[] {
  const config = isJsonObject(task['config']) ? task['config'] : {};
  const id = textIn(task, 'id') ?? 'unknown_id';
  switch ((textIn(task, 'type') ?? '').toUpperCase()) {
    case 'PYSPARK': {
      const script = textIn(config, 'script');
      if (script === undefined) return [];
      const blocks = blocksIn(script).flatMap((text, index) =>
        isSql(text) ? [{ id, suffix: `_${index + 1}.sql`, text }] : [],
      );
      return [{ id, suffix: '.py', text: script }, ...blocks];
    }
    case 'SQL': {
      const text = textIn(config, 'query') ?? textIn(config, 'script') ?? textIn(config, 'sql');
      return text === undefined ? [] : [{ id, suffix: '.sql', text: trimmed(text) }];
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
function blocksIn(script: string): readonly string[] {
  const blocks: string[] = [];
  // Where each kind of quotation mark comes next; found anew only when passed, so that this stays linear.
  const next = new Map(quotes.map((quote) => [quote, script.indexOf(quote)]));
  for (let from = 0; ;) {
    for (const [quote, at] of next) {
      if (at !== -1 && at < from) next.set(quote, script.indexOf(quote, from));
    }
    const [quote, begin] = [...next]
      .filter(([, at]) => at !== -1)
      .toSorted(([, one], [, other]) => one - other)[0] ?? ['', -1];
    if (begin === -1) return blocks;
    const end = script.indexOf(quote, begin + quote.length);
    if (end === -1) next.set(quote, -1);
    else {
      blocks.push(trimmed(script.slice(begin + quote.length, end)));
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

function trimmed(text: string): string {
  const begun = text.replace(leading, '');
  let end = begun.length;
  while (end > 0 && anySpace.test(begun.charAt(end - 1))) end -= 1;
  return begun.slice(0, end);
}
