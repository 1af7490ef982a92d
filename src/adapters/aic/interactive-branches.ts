import type { PipelineId } from '../../domain/shared/ids.ts';
import type { InteractiveBranches, InteractiveBranchId } from '../../domain/aic/interactive-branches.ts';
import { ok } from '../../domain/shared/result.ts';
import type { Calls } from './calls.ts';
import { namedIn } from './named-list.ts';

/** The interactive branches of the pipelines of the workspace at the path. */
export function branchesAt(calls: Calls, path: string): InteractiveBranches {
  const at = (pipeline: PipelineId) =>
    `${path}/interactive-pipeline/${encodeURIComponent(pipeline)}/branches`;
  const branches: InteractiveBranches['branches'] = (pipeline) =>
    calls.ask({ method: 'GET', path: at(pipeline) }, (body) =>
      namedIn(body).map(({ id, name }) => ({ id: id as InteractiveBranchId, name })),
    );
  return {
    branches,
    createBranch: async (pipeline, { name, title, content }) => {
      // The Python library sends the pipeline's whole config, so its id is in there.
      const config = { $id: pipeline, title, ...content };
      const made = await calls.order({ method: 'PUT', path: at(pipeline), content: { name, config } });
      if (made.ok || made.failure.reason !== 'conflict') return made;
      const listed = await branches(pipeline);
      return listed.ok && listed.value.some((branch) => branch.name === name) ? ok(undefined) : made;
    },
    deleteBranch: async (pipeline, branch) => {
      const deleted = await calls.order({
        method: 'DELETE',
        path: `${at(pipeline)}/${encodeURIComponent(branch)}`,
      });
      if (deleted.ok || deleted.failure.reason !== 'missing') return deleted;
      // A 404 may as well mean that the pipeline or the address is wrong: only a list without the branch says that it is gone.
      const listed = await branches(pipeline);
      return listed.ok && !listed.value.some(({ id }) => id === branch) ? ok(undefined) : deleted;
    },
  };
}
