import { isJsonObject, type Json, type JsonObject } from './json.ts';
import type { Content } from './pipeline-config.ts';

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
