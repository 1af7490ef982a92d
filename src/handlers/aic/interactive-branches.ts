import type { Pipelines } from '../../domain/aic/aic.ts';
import { interactiveBranchName, type BranchesItem } from '../../domain/aic/interactive-branches-report.ts';
import type { PipelineFailure } from '../../domain/aic/select-pipelines.ts';
import type { PipelineId } from '../../domain/shared/ids.ts';
import type { InteractiveBranches } from '../../domain/aic/interactive-branches.ts';
import { ok, type Result } from '../../domain/shared/result.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';
import { lookUp, type LookUpFailure } from './read-configs.ts';

type Place = Pipelines & InteractiveBranches;
type Done = Result<readonly BranchesItem[], LookUpFailure>;

/**
 * Makes an interactive branch `PUSH_YYYYMMDDHHMMSS` of each named pipeline, which holds its config as it is now. Nothing happens where none
 * is named. One that is cut off and done again at another second leaves a second branch.
 * @param at milliseconds since 1970
 */
export async function createBranches(
  workspace: Place,
  { pipelines, at }: { readonly pipelines: readonly string[]; readonly at: number },
): Promise<Done> {
  if (pipelines.length === 0) return ok([]);
  const name = interactiveBranchName(at);
  return forEach(workspace, pipelines, async (pipeline, title) => {
    const read = await workspace.read(pipeline);
    if (!read.ok) return { branches: [], failure: read.failure };
    const made = await workspace.createBranch(pipeline, { name, title, content: read.value });
    return made.ok
      ? { branches: [name], failure: undefined }
      : { branches: [], failure: trouble(made.failure) };
  });
}

/** The interactive branches of these pipelines; of all where none is named. */
export async function listBranches(workspace: Place, pipelines: readonly string[]): Promise<Done> {
  return forEach(workspace, pipelines, async (pipeline) => {
    const listed = await workspace.branches(pipeline);
    return listed.ok
      ? { branches: listed.value.map(({ name }) => name), failure: undefined }
      : { branches: [], failure: trouble(listed.failure) };
  });
}

/** Deletes all interactive branches of each named pipeline, whoever made them. Nothing happens where none is named. */
export async function deleteBranches(workspace: Place, pipelines: readonly string[]): Promise<Done> {
  if (pipelines.length === 0) return ok([]);
  return forEach(workspace, pipelines, async (pipeline) => {
    const listed = await workspace.branches(pipeline);
    if (!listed.ok) return { branches: [], failure: trouble(listed.failure) };
    const deleted = await Promise.all(
      listed.value.map(async ({ id, name }) => ({
        name,
        result: await workspace.deleteBranch(pipeline, id),
      })),
    );
    const [failure] = deleted.flatMap(({ result }) => (result.ok ? [] : [trouble(result.failure)]));
    return { branches: deleted.flatMap(({ name, result }) => (result.ok ? [name] : [])), failure };
  });
}

async function forEach(
  workspace: Pipelines,
  pipelines: readonly string[],
  work: (pipeline: PipelineId, title: string) => Promise<Omit<BranchesItem, 'pipeline'>>,
): Promise<Done> {
  const choice = await lookUp(workspace, pipelines);
  if (!choice.ok) return choice;
  const { chosen, failed } = choice.value;
  const worked = await Promise.all(
    chosen.map(async ({ id, name }) => ({ pipeline: name, ...(await work(id, name)) })),
  );
  const stuck = failed.map(({ name, reason }) => ({ pipeline: name, branches: [], failure: reason }));
  return ok([...stuck, ...worked].toSorted((one, other) => (one.pipeline < other.pipeline ? -1 : 1)));
}

function trouble(failure: UpstreamFailure): PipelineFailure {
  return { kind: 'upstream', failure };
}
