import { parseJson, writeJson, type Json } from './json.ts';
import { fail, ok, type Result } from './result.ts';
export interface Content { readonly variables: Json; readonly sourceStage: Json; readonly stages: Json; readonly sinkStage: Json }
export interface ConfigMistake { readonly line?: number; readonly problem: string }
export const maxConfigBytes = 10 * 1024 * 1024;
export function parseConfig(text: string): Result<Content, ConfigMistake> {
  const j = parseJson(text);
  if (!j.ok) return j;
  return contentOf(j.value);
}
export function contentOf(j: Json): Result<Content, ConfigMistake> {
  if (typeof j !== 'object' || j === null || Array.isArray(j)) return fail({ line: 1, problem: 'not an object' });
  const o = j as Record<string, Json>;
  if (!Array.isArray(o['stages'] ?? [])) return fail({ line: 3, problem: 'stages is not a list' });
  return ok({ variables: o['variables'] ?? [], sourceStage: o['sourceStage'] ?? {}, stages: o['stages'] ?? [], sinkStage: o['sinkStage'] ?? {} });
}
export function writeConfig(title: string, content: Content): string { return `${writeJson({ title, ...content }, 2)}\n`; }
