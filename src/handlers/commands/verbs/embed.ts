import { refusal, unknownPipelines } from '../../../domain/commands/refusals.ts';
import type { Command } from '../../../domain/commands/parse-command.ts';
import { embedReport } from '../../../domain/pipeline/embed-report.ts';
import type { MergeRequest } from '../../../domain/gitlab/merge-request.ts';
import { branchLane } from '../../../domain/jobs/job.ts';
import { lookup, type Mapping } from '../../../domain/mapping/mapping.ts';
import { phrase, words } from '../../../domain/report/phrase.ts';
import type { Explanation } from '../../../domain/report/reason.ts';
import {
  answer,
  answered,
  endedBy,
  type CommandContext,
  type Ended,
  type Prepared,
} from '../command-context.ts';
import { embedCode } from '../../push/embed-code.ts';

/** `/aic embed`. */
export function prepareEmbed(context: CommandContext, command: Command): Prepared {
  const { on, mapping, project } = context;
  const refused = on === undefined ? noRequest : refusalFor(mapping, on);
  if (on === undefined || refused !== undefined) return answered(refusal(refused ?? noRequest));
  return {
    lane: branchLane(project.id, on.source),
    run: () => embedInto(context, on, command.pipelines),
  };
}

async function embedInto(
  { ports, project, asker, request: id }: CommandContext,
  request: MergeRequest,
  pipelines: readonly string[],
): Promise<Ended> {
  const by = `${asker.name} (${asker.username})`;
  const done = await embedCode(ports, { project, request, pipelines, onlyUnchangedConfigs: false, by, id });
  if (!done.ok) return endedBy(done.failure);
  switch (done.value.kind) {
    case 'unknown':
      return answer(unknownPipelines(done.value.unknown, words('the code of the merge request')));
    case 'moved':
      return answer(
        refusal({
          what: phrase`Nothing was embedded: ${request.source} changed again and again meanwhile.`,
          remedy: phrase`Write the command again when nobody else commits to ${request.source}.`,
        }),
      );
    case 'embedded': {
      const { items, commits } = done.value;
      const isDone = items.every(({ kind }) => kind !== 'failed');
      return answer(embedReport({ project, branch: request.source, items, commits }), isDone);
    }
  }
}

const noRequest: Explanation = {
  what: words('Nothing was embedded: that is done on the source branch of a merge request.'),
  remedy: phrase`Open a merge request with the edited code, and write ${'/aic embed'} there.`,
};

/** Why code is not embedded into the source branch of this merge request. */
export function refusalFor(
  mapping: Mapping,
  { state, fromFork, source }: MergeRequest,
): Explanation | undefined {
  if (state !== 'opened')
    return {
      what: words('Nothing was embedded: the merge request is not open.'),
      remedy: words('Edit the code in a new merge request.'),
    };
  if (fromFork)
    return {
      what: words('Nothing was embedded: the source branch is in a fork, where the bot does not write.'),
      remedy: words('Make the same edit in the config, or push the branch to this project.'),
    };
  const found = lookup(mapping, source);
  if (found.rule !== 'none' && found.automatic)
    return {
      what: phrase`Nothing was embedded: ${source} is a branch of the mapping file, and changes by merge requests alone.`,
      remedy: phrase`Edit the code on a branch of its own, and open a merge request into ${source}.`,
    };
  return undefined;
}
