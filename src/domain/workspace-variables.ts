import type { Content } from './pipeline-config.ts';
export function withVariables(content: Content, values: ReadonlyMap<string, string>): Content {
  if (!Array.isArray(content.variables)) return content;
  return { ...content, variables: content.variables.map((v) => (values.has(v.id) ? { ...v, value: values.get(v.id) } : v)) };
}
