import { codeFiles } from './code-files.ts';
import { isJsonObject } from '../shared/json.ts';
import type { Content } from './config.ts';

/** A table that SQL names by a placeholder. */
export interface Placeholder {
  /** As it stands between the braces. */
  readonly written: string;
  /** Undefined where the placeholder names only the table. */
  readonly dataset: string | undefined;
  readonly table: string;
}

const placeholder = /\$\{\s*([^${}\s]{1,300})\s*\}/g;

/**
 * The tables that a pipeline's SQL names as `${table}` or `${dataset.table}`, each once. A name that one of its variables has is the
 * variable's, not a table's.
 */
export function placeholdersIn(pipeline: string, content: Content): readonly Placeholder[] {
  const variables = new Set(idsOf(content.variables));
  const found = new Map<string, Placeholder>();
  for (const { path, text } of codeFiles(pipeline, content)) {
    if (!path.endsWith('.sql')) continue;
    for (const [, written = ''] of text.matchAll(placeholder)) {
      if (variables.has(written) || found.has(written)) continue;
      const dot = written.lastIndexOf('.');
      found.set(written, {
        written,
        dataset: dot === -1 ? undefined : written.slice(0, dot),
        table: written.slice(dot + 1),
      });
    }
  }
  return [...found.values()];
}

function idsOf(variables: Content['variables']): readonly string[] {
  if (isJsonObject(variables)) return Object.keys(variables);
  return variables.flatMap((each) =>
    isJsonObject(each) && typeof each['id'] === 'string' ? [each['id']] : [],
  );
}
