import { isExactNumber, isJsonObject, writeJson, type Json, type JsonObject } from './json.ts';
import { isSecretKey } from './secrets.ts';
import { textDiff } from './text-diff.ts';

const linesAround = 2;
export const hidden = '[hidden]';
export const hiddenChanged = '[hidden, changed]';

/** A unified diff of two values as indented JSON, with fields in the order of their names. Values of fields that look secret are hidden. */
export function jsonDiff(before: Json, after: Json): string {
  const old = writeJson(shownOf(before, undefined), 2);
  return textDiff(old, writeJson(shownOf(after, before), 2), linesAround);
}

/** The value as it may be shown beside another version of it. */
function shownOf(value: Json, other: Json | undefined): Json {
  if (Array.isArray(value)) {
    const others = Array.isArray(other) ? other : [];
    return value.map((each, index) =>
      shownOf(each, other === undefined ? undefined : (others[index] ?? null)),
    );
  }
  if (!isJsonObject(value) || isExactNumber(value)) return value;
  const names = Object.keys(value).toSorted();
  return Object.fromEntries(names.map((name) => [name, shownField(value, name, other)]));
}

function shownField(object: JsonObject, name: string, other: Json | undefined): Json {
  const value = object[name] ?? null;
  const others = isJsonObject(other) && Object.hasOwn(other, name) ? (other[name] ?? null) : null;
  if (!isSecret(object, name)) return shownOf(value, other === undefined ? undefined : others);
  return other === undefined || writeJson(value) === writeJson(others) ? hidden : hiddenChanged;
}

/** Whether a field holds a secret by its name, or by the name that stands beside it, as in `{ id, value }`. */
function isSecret(object: JsonObject, name: string): boolean {
  if (isSecretKey(name)) return true;
  return name === 'value' && ['id', 'name', 'key'].some((field) => isSecretName(object[field]));
}

function isSecretName(value: Json | undefined): boolean {
  return typeof value === 'string' && isSecretKey(value);
}
