import { refusal } from '../../domain/commands/refusals.ts';
import type { GitLabResult, Project } from '../../domain/gitlab/project.ts';
import { commandIn, type GivenCommand } from '../../domain/commands/operator-command.ts';
import { phrase } from '../../domain/report/phrase.ts';
import { mappingRefusal } from '../../domain/deployment/reports/merge-refused-report.ts';
import { ok } from '../../domain/shared/result.ts';
import { answered, type Prepared } from '../commands/command-context.ts';
import type { BranchPorts } from '../shared/ports.ts';
import { prepareCommand } from '../commands/command-registry.ts';
import { readMapping } from '../deployment/load-branch-view.ts';

/**
 * What carrying out an operator's command takes, as things are now. Who may run programs beside the bot's database may give every
 * command: no access level in GitLab is looked at.
 */
export async function prepareGiven(ports: BranchPorts, given: GivenCommand): Promise<GitLabResult<Prepared>> {
  const project = await ports.gitlab.project(given.projectId);
  if (!project.ok) return project;
  if (!ports.settings.serves(project.value.path)) return ok(answered(notServed(project.value)));
  const mapping = await readMapping(ports, project.value);
  if (!mapping.ok) return mapping;
  if (!mapping.value.ok) return ok(answered(mappingRefusal(mapping.value.failure)));
  const { username, request } = given;
  const context = {
    ports,
    project: project.value,
    mapping: mapping.value.value,
    asker: { username, name: `operator ${username}`, id: undefined },
    request,
    deliveries: [],
    place: undefined,
    on: undefined,
  };
  return ok(await prepareCommand[given.command.verb](context, commandIn(given)));
}

function notServed({ path }: Project) {
  return refusal({
    what: phrase`Nothing was done: the setting ${'GITLAB_PROJECTS'} does not name ${path}.`,
    remedy: phrase`Add it to ${'GITLAB_PROJECTS'}, here and for the bot.`,
  });
}
