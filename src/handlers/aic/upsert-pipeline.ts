import type { Pipelines } from '../../domain/aic/aic.ts';
import type { PipelineId } from '../../domain/shared/ids.ts';
import type { Content } from '../../domain/pipeline/config.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';

/** What became of a pipeline, and its id in this workspace. */
export interface Upserted {
  readonly kind: 'created' | 'updated';
  readonly id: PipelineId;
}

/** Why a pipeline was neither created nor updated. */
export type UpsertFailure =
  | { readonly kind: 'ambiguous-title'; readonly count: number }
  | { readonly kind: 'upstream'; readonly failure: UpstreamFailure };

/**
 * Creates the pipeline of this title, or replaces the content of the one that the workspace has, by its own id there. One that appears
 * between the look and the creation, which may be this call's own doing, is updated. Overwrites without asking; fails where several
 * pipelines have the title.
 */
export async function upsertPipeline(
  workspace: Pipelines,
  title: string,
  content: Content,
): Promise<Result<Upserted, UpsertFailure>> {
  const there = await idOf(workspace, title);
  if (!there.ok) return there;
  if (there.value !== undefined) return update(workspace, there.value, { title, content });
  const created = await workspace.create(title, content);
  if (created.ok) return ok({ kind: 'created', id: created.value });
  if (created.failure.reason !== 'conflict') return fail({ kind: 'upstream', failure: created.failure });
  const now = await idOf(workspace, title);
  if (!now.ok) return now;
  return now.value === undefined
    ? fail({ kind: 'upstream', failure: created.failure })
    : update(workspace, now.value, { title, content });
}

async function idOf(
  workspace: Pipelines,
  title: string,
): Promise<Result<PipelineId | undefined, UpsertFailure>> {
  const listed = await workspace.pipelines();
  if (!listed.ok) return fail({ kind: 'upstream', failure: listed.failure });
  const ids = listed.value.filter((pipeline) => pipeline.title === title).map(({ id }) => id);
  return ids.length > 1 ? fail({ kind: 'ambiguous-title', count: ids.length }) : ok(ids[0]);
}

async function update(
  workspace: Pipelines,
  id: PipelineId,
  { title, content }: { readonly title: string; readonly content: Content },
): Promise<Result<Upserted, UpsertFailure>> {
  const updated = await workspace.update(id, title, content);
  return updated.ok ? ok({ kind: 'updated', id }) : fail({ kind: 'upstream', failure: updated.failure });
}
