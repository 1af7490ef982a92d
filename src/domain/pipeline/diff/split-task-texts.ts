import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts';
import { isSecretKey } from '../../secrets/secret-names.ts';
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
  /** Whether it has more texts, which stay among the rest. */
  readonly left: boolean;
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
/** Of more texts in one task, the others are compared as settings. */
const mostTexts = 200;

type Path = readonly string[];

/** Paths by their steps; the end of one has no further steps. */
type Steps = Map<string, Steps>;

/** Takes the texts out of a task: fields that hold code, and whatever has more than one line. */
export function splitTexts(before: JsonObject, after: JsonObject): SplitTask {
  const paths = new Map<string, Path>();
  for (const version of [before, after]) findTexts(version, [], paths);
  const isSql = [before, after].some(({ type }) => typeof type === 'string' && type.toUpperCase() === 'SQL');
  const taken: Steps = new Map();
  for (const path of paths.values()) addSteps(taken, path);
  return {
    left: paths.size >= mostTexts,
    texts: [...paths.values()].map((path) => ({
      field: nameOf(path),
      language: isSql && path.at(-1) === 'script' ? 'sql' : (languages.get(path.at(-1) ?? '') ?? 'text'),
      before: textAt(before, path),
      after: textAt(after, path),
    })),
    before: without(before, taken),
    after: without(after, taken),
  };
}

function isText(name: string, text: string): boolean {
  return text !== '' && !isSecretKey(name) && (languages.has(name) || text.includes('\n'));
}

/** @param at the path to the value; it changes on the way */
function findTexts(value: Json, at: string[], found: Map<string, Path>): void {
  if (found.size >= mostTexts) return;
  if (typeof value === 'string') {
    if (isText(at.at(-1) ?? '', value)) found.set(at.join(between), [...at]);
    return;
  }
  if (at.length >= mostDepth) return;
  if (Array.isArray(value)) {
    // The names of a million entries are not made where none of them is a text.
    for (const [index, inner] of value.entries())
      if (found.size < mostTexts && mayHoldText(inner)) findBelow(String(index), inner, at, found);
  } else if (isJsonObject(value)) {
    for (const name of Object.keys(value)) findBelow(name, value[name] ?? null, at, found);
  }
}

function mayHoldText(value: Json): boolean {
  return typeof value === 'object' || (typeof value === 'string' && value.includes('\n'));
}

function findBelow(name: string, value: Json, at: string[], found: Map<string, Path>): void {
  at.push(name);
  findTexts(value, at, found);
  at.pop();
}

function childOf(value: Json | undefined, name: string): Json | undefined {
  if (Array.isArray(value)) return value[Number(name)];
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function textAt(value: JsonObject, path: Path): string {
  const found = path.reduce<Json | undefined>(childOf, value);
  return typeof found === 'string' ? found : '';
}

function addSteps(steps: Steps, path: Path): void {
  let at = steps;
  for (const name of path) {
    const next: Steps = at.get(name) ?? new Map();
    at.set(name, next);
    at = next;
  }
}

function without(object: JsonObject, taken: Steps): JsonObject {
  return Object.fromEntries(
    Object.entries(object).flatMap(([name, value]) => {
      const steps = taken.get(name);
      if (steps === undefined) return [[name, value]];
      return isTaken(value, steps) ? [] : [[name, rest(value, steps)]];
    }),
  );
}

function rest(value: Json, taken: Steps): Json {
  if (isJsonObject(value)) return without(value, taken);
  if (!Array.isArray(value)) return value;
  const copy = [...value];
  for (const [name, steps] of taken) {
    const inner = value[Number(name)];
    if (inner !== undefined) copy[Number(name)] = isTaken(inner, steps) ? '' : rest(inner, steps);
  }
  return copy;
}

function isTaken(value: Json, steps: Steps): boolean {
  return steps.size === 0 && typeof value === 'string';
}

/** `config` holds nearly everything, so it is not said. */
function nameOf(path: Path): string {
  return (path[0] === 'config' && path.length > 1 ? path.slice(1) : path).join('.');
}
