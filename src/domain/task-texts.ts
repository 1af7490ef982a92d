import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { isSecretKey } from './secrets.ts';
import type { Language } from './text-diff.ts';

/** A text of a task in two versions; empty where one has none. */
interface TaskText {
  /** Where it stands, such as `script`. */
  readonly field: string;
  readonly language: Language;
  readonly before: string;
  readonly after: string;
}

/** A task in two versions: its texts, and all the rest. */
export interface SplitTask {
  readonly texts: readonly TaskText[];
  readonly before: JsonObject;
  readonly after: JsonObject;
}

const languages: ReadonlyMap<string, Language> = new Map([
  ['query', 'sql'],
  ['sql', 'sql'],
  ['script', 'python'],
  ['documentationText', 'text'],
]);
const between = '\u0000';
const mostDepth = 20;

/** Takes the texts out of a task: fields that hold code, and whatever has more than one line. */
export function splitTexts(before: JsonObject, after: JsonObject): SplitTask {
  const [old, now] = [new Map(stringsIn(before, [])), new Map(stringsIn(after, []))];
  const isSql = [before, after].some(({ type }) => typeof type === 'string' && type.toUpperCase() === 'SQL');
  const paths = [...new Set([...old.keys(), ...now.keys()])].filter((path) =>
    [old.get(path), now.get(path)].some((text) => text !== undefined && isText(path, text)),
  );
  const taken = new Set(paths);
  return {
    texts: paths.map((path) => ({
      field: nameOf(path),
      language: isSql && path.endsWith('script') ? 'sql' : (languages.get(lastOf(path)) ?? 'text'),
      before: old.get(path) ?? '',
      after: now.get(path) ?? '',
    })),
    before: without(before, taken, []),
    after: without(after, taken, []),
  };
}

function isText(path: string, text: string): boolean {
  const name = lastOf(path);
  return text !== '' && !isSecretKey(name) && (languages.has(name) || text.includes('\n'));
}

function* stringsIn(value: Json, at: readonly string[]): Generator<readonly [string, string]> {
  if (typeof value === 'string') yield [at.join(between), value];
  if (at.length >= mostDepth) return;
  if (Array.isArray(value))
    for (const [index, inner] of value.entries()) yield* stringsIn(inner, [...at, String(index)]);
  else if (isJsonObject(value))
    for (const [name, inner] of Object.entries(value)) yield* stringsIn(inner, [...at, name]);
}

function without(object: JsonObject, taken: ReadonlySet<string>, at: readonly string[]): JsonObject {
  return Object.fromEntries(
    Object.entries(object).flatMap(([name, value]) => {
      const path = [...at, name];
      return taken.has(path.join(between)) ? [] : [[name, rest(value, taken, path)]];
    }),
  );
}

function rest(value: Json, taken: ReadonlySet<string>, at: readonly string[]): Json {
  if (isJsonObject(value)) return without(value, taken, at);
  if (!Array.isArray(value)) return value;
  return value.map((inner, index) => {
    const path = [...at, String(index)];
    return taken.has(path.join(between)) ? '' : rest(inner, taken, path);
  });
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf(between) + 1);
}

/** `config` holds nearly everything, so it is not said. */
function nameOf(path: string): string {
  const parts = path.split(between);
  return (parts[0] === 'config' && parts.length > 1 ? parts.slice(1) : parts).join('.');
}
