import { counted } from '../../report/count.ts';
import type { Difference } from './difference.ts';
import { hidden, hiddenChanged } from '../../secrets/secret-value.ts';
import { jsonDiff } from './json-diff.ts';
import { isJsonObject, writeJson, type Json } from '../../shared/json.ts';
import type { Content } from '../config.ts';
import { isSameJson } from '../../shared/same-json.ts';
import { isSecretKey } from '../../secrets/secret-names.ts';
import { mask } from '../../secrets/mask.ts';

type Variables = Content['variables'];

/** What differs in the variables, by their ids; as JSON where they have none or share one. */
export function* variableDifferences(
  before: Variables,
  after: Variables,
): Generator<Difference | undefined, void> {
  if (isSameJson(before, after)) return;
  const [old, now] = [byId(before), byId(after)];
  if (old === undefined || now === undefined || Array.isArray(before) !== Array.isArray(after)) {
    yield { kind: 'json', where: 'variables', diff: yield* jsonDiff(before, after) };
    return;
  }
  for (const id of new Set([...old.keys(), ...now.keys()])) yield* between(id, old.get(id), now.get(id));
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

function* between(
  id: string,
  before: Json | undefined,
  after: Json | undefined,
): Generator<Difference | undefined, void> {
  if (before !== undefined && after !== undefined && isSameJson(before, after)) return;
  const [old, now] = [valueOf(before), valueOf(after)];
  const isOther = before === undefined || after === undefined || old !== now;
  if (isOther) yield changed(id, old, now);
  if (before === undefined || after === undefined) return;
  const [one, other] = isOther ? [withoutValue(before), withoutValue(after)] : [before, after];
  if (!isSameJson(one, other))
    yield { kind: 'json', where: `variable ${id}`, diff: yield* jsonDiff(one, other) };
}

function changed(id: string, old: string | undefined, now: string | undefined): Difference {
  const before = old === undefined ? undefined : shown(id, old);
  const after = now === undefined ? undefined : shown(id, now);
  // What changed is hidden, or past the part that is shown.
  const isSilent = before !== undefined && before === after;
  const told = before === hidden ? hiddenChanged : `${after} (changed)`;
  return { kind: 'variable', id, before, after: isSilent ? told : after };
}

function valueOf(variable: Json | undefined): string | undefined {
  if (variable === undefined) return undefined;
  const value =
    isJsonObject(variable) && Object.hasOwn(variable, 'value') ? (variable['value'] ?? null) : variable;
  return typeof value === 'string' ? value : writeJson(value);
}

const longestShown = 500;
/** Beyond it nothing is looked for, nor shown. */
const longestRead = 10_000;

/** A value as it may be shown: nothing of a variable that looks secret, and of any other what does not look like a secret in it. */
function shown(id: string, value: string): string {
  if (isSecretKey(id)) return hidden;
  const text = mask(value.slice(0, longestRead));
  return value.length <= longestRead && text.length <= longestShown
    ? text
    : `${text.slice(0, longestShown).toWellFormed()}… (${counted(value.length, 'character')})`;
}

function withoutValue(variable: Json): Json {
  return isJsonObject(variable) ? { ...variable, value: null } : null;
}
