import { load } from 'js-yaml';
import type { Mapping } from './mapping.ts';
import { fail, ok, type Result } from './result.ts';
export interface Mistake { readonly line: number; readonly problem: string; readonly remedy: string }
export function parseMapping(text: string): Result<Mapping, readonly Mistake[]> {
  try { const raw = load(text) as any; return ok({ raw, directPush: raw.direct_push ?? 'report' }); } catch (e) { return fail([{ line: 1, problem: String(e), remedy: 'x' }]); }
}
