import type { Pipelines } from '../../domain/aic/aic.ts';
import {
  choosePipelines,
  type Choice,
  type FailedPipeline,
  type UnknownPipelines,
} from '../../domain/aic/select-pipelines.ts';
import { fingerprintOf } from '../../domain/pipeline/fingerprint.ts';
import type { Pulled } from '../../domain/push/push-plan.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';

/** Why pipelines could not be looked up at all. */
export type LookUpFailure =
  UnknownPipelines | { readonly kind: 'upstream'; readonly failure: UpstreamFailure };

/** What a workspace holds. Both lists are in the order of their names. */
export interface Configs {
  readonly pulled: readonly Pulled[];
  readonly failed: readonly FailedPipeline[];
  /** The titles of all pipelines of the workspace, also of those that nobody asked for. */
  readonly titles: ReadonlySet<string>;
}

/** The pipelines of these names; all where none is named. */
export async function lookUp(
  workspace: Pipelines,
  wanted: readonly string[],
): Promise<Result<Choice, LookUpFailure>> {
  const listed = await workspace.pipelines();
  if (!listed.ok) return fail({ kind: 'upstream', failure: listed.failure });
  return choosePipelines(listed.value, wanted);
}

/**
 * The configs of these pipelines, of all where none is named, read in parallel: the AIC adapter bounds the calls. A pipeline that can't be
 * read fails alone; a name that the workspace does not have fails all, with the nearest names.
 */
export async function readConfigs(
  workspace: Pipelines,
  wanted: readonly string[],
): Promise<Result<Configs, LookUpFailure>> {
  const choice = await lookUp(workspace, wanted);
  if (!choice.ok) return choice;
  const { chosen, failed, titles } = choice.value;
  const read = await Promise.all(
    chosen.map(async ({ name, id }): Promise<Result<Pulled, FailedPipeline>> => {
      const config = await workspace.read(id);
      if (!config.ok) return fail({ name, reason: config.failure });
      return ok({ name, content: config.value, fingerprint: await fingerprintOf(config.value) });
    }),
  );
  const unread = read.flatMap((one) => (one.ok ? [] : [one.failure]));
  return ok({
    pulled: read.flatMap((one) => (one.ok ? [one.value] : [])),
    failed: [...failed, ...unread].toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    titles,
  });
}
