import type { Difference } from './differences.ts';
import { canonicalOf } from './fingerprint.ts';
import { hidden, hiddenChanged, jsonDiff } from './json-diff.ts';
import { isJsonObject, writeJson, type Json, type JsonObject } from './json.ts';
import type { Content } from './pipeline-config.ts';
import { createMask, isSecretKey } from './secrets.ts';

const mask = createMask([]);

type Variables = Content['variables'];

/** What differs in the variables, by their ids; as JSON where they have none or share one. */
export function variableDifferences(before: Variables, after: Variables): readonly Difference[] {
  if (canonicalOf(before) === canonicalOf(after)) return [];
  const [old, now] = [byId(before), byId(after)];
  if (old === undefined || now === undefined || Array.isArray(before) !== Array.isArray(after))
    return [{ kind: 'json', where: 'variables', diff: jsonDiff(before, after) }];
  const ids = new Set([...old.keys(), ...now.keys()]);
  return [...ids].flatMap((id) => between(id, old.get(id), now.get(id)));
}

function byId(variables: Variables): ReadonlyMap<string, Json> | undefined {
  if (isJsonObject(variables)) return new Map(Object.entries(variables));
  const found = new Map<string, Json>();
  for (const variable of variables) {
    const id = isJsonObject(variable) ? variable['id'] : undefined;
    if (typeof id !== 'string' || found.has(id)) return undefined;
    found.set(id, variable);
  }
  return found;
}

function between(id: string, before: Json | undefined, after: Json | undefined): readonly Difference[] {
  if (before !== undefined && after !== undefined && canonicalOf(before) === canonicalOf(after)) return [];
  const [old, now] = [valueOf(before), valueOf(after)];
  if (before === undefined || after === undefined || old !== now) {
    const found: Difference = {
      kind: 'variable',
      id,
      before: old === undefined ? undefined : shown(id, old, false),
      after: now === undefined ? undefined : shown(id, now, old !== undefined),
    };
    if (before === undefined || after === undefined) return [found];
    const rest = [before, after].map((variable) => (isJsonObject(variable) ? withoutValue(variable) : null));
    return canonicalOf(rest[0] ?? null) === canonicalOf(rest[1] ?? null)
      ? [found]
      : [found, { kind: 'json', where: `variable ${id}`, diff: jsonDiff(rest[0] ?? null, rest[1] ?? null) }];
  }
  return [{ kind: 'json', where: `variable ${id}`, diff: jsonDiff(before, after) }];
}

function valueOf(variable: Json | undefined): string | undefined {
  if (variable === undefined) return undefined;
  const value =
    isJsonObject(variable) && Object.hasOwn(variable, 'value') ? (variable['value'] ?? null) : variable;
  return typeof value === 'string' ? value : writeJson(value);
}

/** A value as it may be shown: of a variable that looks secret nothing but that it changed, and of any other without what looks like one in it. */
function shown(id: string, value: string, isChanged: boolean): string {
  if (isSecretKey(id)) return isChanged ? hiddenChanged : hidden;
  return mask(value);
}

function withoutValue(variable: JsonObject): JsonObject {
  return { ...variable, value: null };
}
