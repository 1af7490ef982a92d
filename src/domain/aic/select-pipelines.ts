import type { ListedPipeline, ReadFailure } from './aic.ts';
import type { PipelineId } from '../shared/ids.ts';
import { unknownNames, type Unknown } from '../shared/suggest-names.ts';
import { fail, ok, type Result } from '../shared/result.ts';

/** Pipelines that a workspace does not have. */
export interface UnknownPipelines {
  readonly kind: 'unknown-pipelines';
  readonly unknown: Unknown;
}

/** Why nothing can be done with one pipeline of a workspace. */
export type PipelineFailure = { readonly kind: 'ambiguous-title'; readonly count: number } | ReadFailure;

/** A pipeline that something failed for. */
export interface FailedPipeline {
  readonly name: string;
  readonly reason: PipelineFailure;
}

/** Which pipelines of a workspace are meant, by name. */
export interface Choice {
  readonly chosen: readonly { readonly name: string; readonly id: PipelineId }[];
  /** Those whose title several pipelines have: nobody knows which one is meant. */
  readonly failed: readonly FailedPipeline[];
  /** All titles of the workspace. */
  readonly titles: ReadonlySet<string>;
}

/**
 * The pipelines of these names; all where none is named. A pipeline without any title is never meant: no file could hold it. Fails
 * for a name that the workspace does not have, with the nearest that it has.
 */
export function choosePipelines(
  listed: readonly ListedPipeline[],
  wanted: readonly string[],
): Result<Choice, UnknownPipelines> {
  const ids = new Map<string, PipelineId[]>();
  for (const { id, title } of listed) {
    const known = ids.get(title);
    if (known === undefined) ids.set(title, [id]);
    else known.push(id);
  }
  const titles = new Set(ids.keys());
  const unknown = unknownNames(wanted, [...titles]);
  if (unknown.length > 0) return fail({ kind: 'unknown-pipelines', unknown });
  const names = new Set(wanted);
  const meant = [...ids]
    .filter(([name]) => name !== '' && (names.size === 0 || names.has(name)))
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  return ok({
    titles,
    chosen: meant.flatMap(([name, [id, ...others]]) =>
      id === undefined || others.length > 0 ? [] : [{ name, id }],
    ),
    failed: meant.flatMap(([name, all]) =>
      all.length > 1 ? [{ name, reason: { kind: 'ambiguous-title', count: all.length } }] : [],
    ),
  });
}
