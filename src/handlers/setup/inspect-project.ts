import type { Inspection } from '../../domain/setup/administration.ts';
import type { GitLab } from '../../domain/gitlab/gitlab.ts';
import type { GitLabResult } from '../../domain/gitlab/project.ts';
import type { Present } from '../../domain/setup/init-plan.ts';
import type { Mapping } from '../../domain/mapping/mapping.ts';
import { explainToOperator } from '../../domain/commands/operator-remedies.ts';
import { phrase, words, type Phrase } from '../../domain/report/phrase.ts';
import type { ProjectPath } from '../../domain/setup/project-path.ts';
import type { Explanation } from '../../domain/report/reason.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';
import { readMapping } from '../deployment/load-branch-view.ts';

export interface LookPorts {
  readonly inspection: Inspection;
  readonly gitlab: Pick<GitLab, 'file'>;
}

/** What the mapping file on the default branch says, if there is one. */
export type Mapped =
  | { readonly kind: 'missing' }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'valid'; readonly mapping: Mapping };

export interface Looked {
  readonly present: Present;
  readonly mapped: Mapped;
}

/** A project as it is set up, or the group that it will be in; fails with what keeps the token from seeing it. */
export async function lookAtProject(
  { inspection, gitlab }: LookPorts,
  path: ProjectPath,
): Promise<Result<Looked, readonly Explanation[]>> {
  const project = await inspection.projectAt(`${path.group}/${path.name}`);
  if (!project.ok) return fail([explained(project.failure)]);
  const nothing = { rootNames: [], branches: [], protections: [], hooks: [] };
  if (project.value === undefined) {
    const group = await inspection.group(path.group);
    if (!group.ok) return fail([explained(group.failure)]);
    if (group.value === undefined) return fail([noGroup(path)]);
    const present = { project: undefined, group: group.value, ...nothing };
    return ok({ present, mapped: { kind: 'missing' } });
  }
  const { id, defaultBranch } = project.value;
  const [rootNames, protections, hooks, mapping] = await Promise.all([
    defaultBranch === undefined ? ok([]) : inspection.rootNames(id, defaultBranch),
    inspection.protections(id),
    inspection.hooks(id),
    readMapping({ gitlab }, project.value),
  ]);
  if (!rootNames.ok) return fail([explained(rootNames.failure)]);
  if (!protections.ok)
    return fail([explained(protections.failure, words('could not see which branches are protected. '))]);
  if (!hooks.ok) return fail([explained(hooks.failure, words('could not see the webhooks. '))]);
  if (!mapping.ok) return fail([explained(mapping.failure)]);
  const present: Present = {
    project: project.value,
    group: undefined,
    rootNames: rootNames.value ?? [],
    branches: [],
    protections: protections.value,
    hooks: hooks.value,
  };
  if (mapping.value.ok) return ok({ present, mapped: { kind: 'valid', mapping: mapping.value.value } });
  const isMissing = mapping.value.failure.kind === 'missing';
  return ok({ present, mapped: { kind: isMissing ? 'missing' : 'invalid' } });
}

/** Which of the branches there are; the default branch is looked at, too. */
export async function lookAtBranches(
  { inspection }: LookPorts,
  { project, rootNames }: Present,
  names: readonly string[],
): Promise<GitLabResult<Present['branches']>> {
  if (project === undefined) return ok([]);
  const main = rootNames.length > 0 ? project.defaultBranch : undefined;
  const wanted = new Set([...names, ...(main === undefined ? [] : [main])]);
  const found = await Promise.all([...wanted].map((name) => inspection.branch(project.id, name)));
  const branches = [];
  for (const branch of found) {
    if (!branch.ok) return branch;
    if (branch.value !== undefined) branches.push(branch.value);
  }
  return ok(branches);
}

function noGroup({ group }: ProjectPath): Explanation {
  return {
    what: phrase`There is no group ${group} in GitLab, or the token may not see it.`,
    remedy: phrase`Correct the path; or create the group in GitLab; or give the token's account the role Maintainer in it.`,
  };
}

function explained(failure: UpstreamFailure, before: Phrase = []): Explanation {
  const { what, remedy } = explainToOperator({ kind: 'upstream', failure });
  return { what: [...before, ...what], remedy };
}
