import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import type { Content } from './config.ts';

/**
 * The content with these values, by id, in its variables. Variables that the content does not have are not added. The same object
 * where nothing changes, so that an unchanged pipeline stays recognisable.
 */
export function withVariables(content: Content, values: ReadonlyMap<string, string>): Content {
  const variables = isJsonObject(content.variables)
    ? inObject(content.variables, values)
    : inList(content.variables, values);
  return variables === content.variables ? content : { ...content, variables };
}

function inList(variables: readonly Json[], values: ReadonlyMap<string, string>): readonly Json[] {
  const changed = variables.map((variable) => {
    if (!isJsonObject(variable)) return variable;
    const id = variable['id'];
    const value = typeof id === 'string' ? values.get(id) : undefined;
    return value === undefined || variable['value'] === value ? variable : { ...variable, value };
  });
  return changed.some((variable, index) => variable !== variables[index]) ? changed : variables;
}

function inObject(variables: JsonObject, values: ReadonlyMap<string, string>): JsonObject {
  const changed = Object.entries(variables).map(([id, variable]): [string, Json] => {
    const value = values.get(id);
    if (value === undefined) return [id, variable];
    if (!isJsonObject(variable)) return [id, value];
    return [id, variable['value'] === value ? variable : { ...variable, value }];
  });
  return changed.some(([id, variable]) => variable !== variables[id])
    ? Object.fromEntries(changed)
    : variables;
}

/**
 * The content with the values that Git has for these variables: they are set per workspace, so what a workspace holds of them stays out
 * of Git. A variable that Git does not have keeps its value.
 */
export function withGitValues(content: Content, git: Content, ids: Iterable<string>): Content {
  const values = new Map<string, string>();
  for (const id of ids) {
    const value = valueOf(git.variables, id);
    if (value !== undefined) values.set(id, value);
  }
  return withVariables(content, values);
}

function valueOf(variables: Content['variables'], id: string): string | undefined {
  const variable = isJsonObject(variables)
    ? variables[id]
    : variables.filter(isJsonObject).find((each) => each['id'] === id);
  const value = isJsonObject(variable) ? variable['value'] : variable;
  return typeof value === 'string' ? value : undefined;
}

/** The ids of those variables of the content that are among the given ones. */
export function setVariables({ variables }: Content, values: ReadonlyMap<string, string>): readonly string[] {
  const has = isJsonObject(variables)
    ? (id: string) => Object.hasOwn(variables, id)
    : (id: string) => variables.some((each) => isJsonObject(each) && each['id'] === id);
  return [...values.keys()].filter(has);
}
