import { adoptedReport } from '../../../domain/deployment/drift/adopt-report.ts';
import { refusal } from '../../../domain/commands/refusals.ts';
import type { Command } from '../../../domain/commands/parse-command.ts';
import { isByHand } from '../../../domain/deployment/drift/classify-drift.ts';
import { branchOf, slugify, type WorkspaceTarget } from '../../../domain/mapping/mapping.ts';
import { phrase } from '../../../domain/report/phrase.ts';
import type { Reason } from '../../../domain/report/reason.ts';
import { ok, type Result } from '../../../domain/shared/result.ts';
import { dayStamp } from '../../../domain/shared/timestamps.ts';
import { bringFromWorkspace } from '../../deployment/drift/open-workspace-merge-request.ts';
import {
  answer,
  answered,
  endedBy,
  type CommandContext,
  type Ended,
  type Prepared,
} from '../command-context.ts';
import { laneFor, workspaceFor } from '../command-workspace.ts';
import { lookAtDrift } from '../../deployment/drift/compare-workspace.ts';

/** `/aic adopt`. In the lane of the workspace, so that no deployment changes it meanwhile. */
export function prepareAdopt(context: CommandContext, command: Command): Prepared {
  const target = workspaceFor(context, command);
  if (!target.ok) return answered(refusal(target.failure));
  const into = branchOf(context.mapping, target.value.name);
  if (!context.mapping.exact.has(into)) {
    return answered(
      refusal({
        what: phrase`Nothing was adopted: the mapping file gives ${target.value.name} no branch of its own.`,
        remedy: phrase`Name one of its branches with ${'branch='}, or push to a branch: ${'/aic push'}.`,
      }),
    );
  }
  return {
    lane: laneFor(context, target.value),
    run: () => adopt(context, target.value, into, command.pipelines),
  };
}

async function adopt(
  context: CommandContext,
  target: WorkspaceTarget,
  into: string,
  named: readonly string[],
): Promise<Ended> {
  const { ports, project } = context;
  const found = named.length > 0 ? ok(named) : await changedByHand(context, target, into);
  if (!found.ok) return endedBy(found.failure);
  const chosen = found.value;
  const facts = { workspace: target.name, into };
  if (chosen.length === 0) return answer(adoptedReport({ ...facts, items: [], request: undefined }), true);
  const brought = await bringFromWorkspace(context, {
    workspace: target,
    pipelines: chosen,
    into,
    branch: `adopt/${slugify(target.name)}-${dayStamp(ports.clock.now())}`,
    title: `Adopt changes made in ${target.name}`,
    why: 'changed by hand in AIC',
  });
  switch (brought.kind) {
    case 'opened':
    case 'nothing': {
      const request = brought.kind === 'opened' ? brought.request : undefined;
      const isDone = brought.items.every(({ kind }) => kind !== 'failed');
      ports.log.info('adopted', { project: project.path, workspace: target.name, request: request?.iid });
      return answer(adoptedReport({ ...facts, items: brought.items, request }), isDone);
    }
    case 'answered':
    case 'told':
    case 'stopped':
      return brought;
  }
}

/** The titles of the pipelines that somebody changed, renamed or created in AIC, as it is now. */
async function changedByHand(
  { ports, project }: CommandContext,
  target: WorkspaceTarget,
  branch: string,
): Promise<Result<readonly string[], Reason>> {
  const looked = await lookAtDrift(ports, { project, branch, target });
  if (!looked.ok) return looked;
  return ok(
    looked.value.drift.flatMap(({ name, state, renamedTo }) =>
      isByHand(state) || state === 'unknown' ? [renamedTo ?? name] : [],
    ),
  );
}
