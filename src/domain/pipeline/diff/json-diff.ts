import { counted } from '../../report/count.ts';
import { isExactNumber, isJsonObject, writeJson, type Json, type JsonObject } from '../../shared/json.ts';
import { isSameJson } from '../../shared/same-json.ts';
import { isSecretKey, mentionsSecret } from '../../secrets/secret-names.ts';
import { hidden, hiddenChanged } from '../../secrets/secret-value.ts';
import { textDiff } from './text-diff.ts';

const linesAround = 2;
/** Settings with more fields and entries are not written out. */
const mostValues = 20_000;
const longestText = 10_000;

/**
 * A unified diff of two values as indented JSON, with fields in the order of their names. Values of fields that look secret are hidden. What is too large to be
 * compared is left out, and it says so.
 */
export function* jsonDiff(before: Json, after: Json): Generator<undefined, string> {
  if (sizeOf(before, mostValues) > mostValues || sizeOf(after, mostValues) > mostValues)
    return `@@ more than ${mostValues} values: too many to be shown @@`;
  yield;
  const old = writeJson(shownOf(before, after, false), 2);
  yield;
  const now = writeJson(shownOf(after, before, true), 2);
  yield;
  return yield* textDiff(old, now, linesAround);
}

/** How many values a value holds, itself among them; counting ends past the limit. */
function sizeOf(value: Json, limit: number): number {
  if (isExactNumber(value) || typeof value !== 'object' || value === null) return 1;
  let size = 1;
  for (const inner of Object.values(value)) {
    size += sizeOf(inner, limit - size);
    if (size > limit) break;
  }
  return size;
}

/**
 * The value as it may be shown beside another version of it: what either of them names a secret is hidden in both.
 * @param tells whether what is hidden or left out says that it changed
 */
function shownOf(value: Json, other: Json, tells: boolean): Json {
  if (typeof value === 'string' && value.length > longestText) {
    const changed = tells && other !== value ? ', changed' : '';
    return `… (a text of ${counted(value.length, 'character')} is not shown${changed})`;
  }
  if (Array.isArray(value)) {
    const others = Array.isArray(other) ? other : [];
    return value.map((each, index) => shownOf(each, others[index] ?? null, tells));
  }
  if (!isJsonObject(value) || isExactNumber(value)) return value;
  const names = Object.keys(value).toSorted();
  return Object.fromEntries(names.map((name) => [name, shownField(value, name, other, tells)]));
}

function shownField(object: JsonObject, name: string, other: Json, tells: boolean): Json {
  const value = object[name] ?? null;
  const others = isJsonObject(other) && Object.hasOwn(other, name) ? (other[name] ?? null) : null;
  const isHidden = isSecret(object, name) || (isJsonObject(other) && isSecret(other, name));
  if (!isHidden) return shownOf(value, others, tells);
  return tells && !isSameJson(value, others) ? hiddenChanged : hidden;
}

const namingFields = ['id', 'name', 'key', 'title', 'label', 'variable', 'parameter', 'property'];
const valueFields = /^(?:(?:default|initial|current|new)[-_]?)?(?:values?|val|content|text|data)$/i;

/** Whether a field holds a secret by its name, or by what stands beside it, as in `{ id, value }`. A `key` beside a value is the name of it. */
function isSecret(object: JsonObject, name: string): boolean {
  if (/^keys?$/i.test(name)) return !Object.keys(object).some((other) => valueFields.test(other));
  if (isSecretKey(name)) return true;
  if (!valueFields.test(name)) return false;
  if (namingFields.some((field) => isText(object[field]) && isSecretKey(object[field]))) return true;
  return isText(object['description']) && mentionsSecret(object['description']);
}

function isText(value: Json | undefined): value is string {
  return typeof value === 'string';
}
