import type { Branch } from '../../domain/setup/administration.ts';
import { nameOf } from '../../domain/jobs/lane.ts';
import { explainUnclaimed } from '../../domain/mapping/explain-unclaimed.ts';
import { claim, type ClaimedWorkspace } from '../../domain/mapping/claims.ts';
import { judgeBranches } from '../../domain/setup/doctor/branch-findings.ts';
import { mappingPath, type UnreadableMapping } from '../../domain/deployment/decide-deployment.ts';
import { failed, fine, skipped, type Finding } from '../../domain/setup/doctor/finding.ts';
import type { Project } from '../../domain/gitlab/project.ts';
import { findHook, judgeCalls, judgeHook } from '../../domain/setup/doctor/webhook-findings.ts';
import { accessLevelOf, workspaceNamed, workspacesOf, type Mapping } from '../../domain/mapping/mapping.ts';
import { explainToOperator } from '../../domain/commands/operator-remedies.ts';
import { names, phrase, words } from '../../domain/report/phrase.ts';
import type { Reason } from '../../domain/report/reason.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';
import { runCheck } from './run-check.ts';
import type { DoctorGitLab, DoctorPorts } from './doctor-ports.ts';
import { readMapping } from '../deployment/load-branch-view.ts';

/** What is looked at: the project, and where GitLab shows it. */
interface Place {
  readonly gitlab: DoctorGitLab;
  readonly project: Project;
  readonly limitMs: number;
}

/** Looks at how one project is set up for the bot. */
export async function examineProject(
  ports: DoctorPorts,
  path: string,
  limitMs: number,
): Promise<readonly Finding[]> {
  const { gitlab } = ports;
  if (gitlab === undefined) return [skipped('project', words('not looked at: that needs GitLab'))];
  const found: { project?: Project } = {};
  const findings = await runCheck('project', limitMs, async () => {
    const shown = await gitlab.inspection.projectAt(path);
    if (!shown.ok) return [fromUpstream('project', shown.failure)];
    if (shown.value === undefined) return [missingProject(path)];
    found.project = shown.value;
    return [projectFinding(ports, shown.value)];
  });
  if (found.project === undefined) return findings;
  const place = { gitlab, project: found.project, limitMs };
  const rest = await Promise.all([
    runCheck('role', limitMs, () => role(place)),
    runCheck('webhook', limitMs, () => webhook(ports, place)),
    examineMapping(ports, place),
  ]);
  return [...findings, ...rest.flat()];
}

function missingProject(path: string): Finding {
  return failed('project', {
    what: phrase`There is no project ${path} in GitLab, or the token may not see it.`,
    remedy: phrase`Correct the path, make the token's account a Maintainer of the project, or create it with ${`aic-bot init ${path}`}.`,
  });
}

function projectFinding({ settings }: DoctorPorts, { path, webUrl }: Project): Finding {
  if (settings.serves === undefined)
    return skipped(
      'project',
      phrase`${webUrl}; whether the bot serves it is not known without ${'GITLAB_PROJECTS'}`,
    );
  if (settings.serves(path)) return fine('project', phrase`${webUrl}`);
  return failed('project', {
    what: phrase`The bot does not serve it: ${'GITLAB_PROJECTS'} does not name ${path}.`,
    remedy: phrase`Add ${path} to ${'GITLAB_PROJECTS'} and start the bot again.`,
  });
}

async function role({ gitlab, project }: Place): Promise<readonly Finding[]> {
  const self = await gitlab.bot.self();
  if (!self.ok) return [fromUpstream('role', self.failure)];
  const member = await gitlab.bot.member(project.id, self.value);
  if (!member.ok) return [fromUpstream('role', member.failure)];
  const level = member.value?.level ?? 0;
  if (level >= accessLevelOf('maintainer')) return [fine('role', words('the bot is Maintainer or more'))];
  const what =
    member.value === undefined
      ? words("The token's account is no member of the project.")
      : words(
          "The token's account has less than the role Maintainer: it may not push to protected branches.",
        );
  return [
    failed('role', { what, remedy: words('Give it the role Maintainer in the project or its group.') }),
  ];
}

async function webhook({ settings }: DoctorPorts, { gitlab, project }: Place): Promise<readonly Finding[]> {
  const hooks = await gitlab.inspection.hooks(project.id);
  if (!hooks.ok) return [fromUpstream('webhook', hooks.failure)];
  const own = findHook(hooks.value, settings.hookUrl, project.path);
  if ('finding' in own) return [own.finding];
  const calls = await gitlab.inspection.failedCalls(project.id, own.hook);
  return [
    ...judgeHook(own.hook, settings.secrets, project.path),
    ...(calls.ok ? judgeCalls(calls.value) : [fromUpstream('deliveries', calls.failure)]),
  ];
}

async function examineMapping(ports: DoctorPorts, place: Place): Promise<readonly Finding[]> {
  const found: { mapping?: Mapping } = {};
  const findings = await runCheck('mapping', place.limitMs, async () => {
    const read = await readMapping({ gitlab: place.gitlab.bot }, place.project);
    if (!read.ok) return [fromUpstream('mapping', read.failure)];
    if (!read.value.ok) return mappingProblems(read.value.failure, place.project.path);
    found.mapping = read.value.value;
    const count = read.value.value.exact.size + read.value.value.prefixes.size;
    return [fine('mapping', words(count === 1 ? 'valid, with 1 line' : `valid, with ${count} lines`))];
  });
  const { mapping } = found;
  if (mapping === undefined) {
    const why = words('not looked at: that needs a valid mapping');
    return [...findings, ...['branches', 'claims', 'workspaces'].map((check) => skipped(check, why))];
  }
  const rest = await Promise.all([
    runCheck('branches', place.limitMs, () => branches(place, mapping)),
    examineWorkspaces(ports, place, mapping),
  ]);
  return [...findings, ...rest.flat()];
}

function mappingProblems(problem: UnreadableMapping, path: string): readonly Finding[] {
  const { defaultBranch } = problem;
  if (problem.kind === 'missing') {
    return [
      failed('mapping', {
        what: phrase`There is no ${mappingPath} on ${defaultBranch}, so nothing is deployed.`,
        remedy: phrase`Add it with ${`aic-bot init ${path}`}, or by a merge request.`,
      }),
    ];
  }
  return problem.mistakes.map(({ line, problem: what, remedy }) =>
    failed('mapping', { what: [`line ${line}: `, ...what], remedy }),
  );
}

async function branches({ gitlab, project }: Place, mapping: Mapping): Promise<readonly Finding[]> {
  const found = new Map<string, Branch | undefined>();
  const shown = await Promise.all(
    [...mapping.exact.keys()].map(
      async (name) => [name, await gitlab.inspection.branch(project.id, name)] as const,
    ),
  );
  for (const [name, branch] of shown) {
    if (!branch.ok) return [fromUpstream('branches', branch.failure)];
    found.set(name, branch.value);
  }
  return judgeBranches(found, mapping.roles.production);
}

/** Which workspaces the mapping names, whether the project may use them, and whether AIC has those. */
async function examineWorkspaces(
  ports: DoctorPorts,
  { project, limitMs }: Place,
  mapping: Mapping,
): Promise<readonly Finding[]> {
  const { claims } = ports.settings;
  const wanted = workspacesOf(mapping).map((name) => nameOf(ports.settings, workspaceNamed(mapping, name)));
  if (wanted.some(({ aicProject }) => aicProject === ''))
    return [fromReason('workspaces', { kind: 'no-aic-project' })];
  if (claims === undefined) {
    const why = phrase`not looked at: that needs ${'GITLAB_PROJECTS'} and ${'AIC_WORKSPACES'}`;
    return [skipped('claims', why), skipped('workspaces', why)];
  }
  const claimed = wanted.flatMap((name) => claim(claims, project, name) ?? []);
  const refused = wanted.filter((name) => !claims.mayUse(project.path, name));
  const finding =
    refused.length === 0
      ? fine('claims', words('the project may use all workspaces of its mapping'))
      : failed('claims', explainUnclaimed(claims, project.path, refused));
  return [finding, ...(await runCheck('workspaces', limitMs, () => workspaces(ports, claimed)))];
}

async function workspaces(
  { aic }: DoctorPorts,
  claimed: readonly ClaimedWorkspace[],
): Promise<readonly Finding[]> {
  const looked = await Promise.all(
    claimed.map(async (one) => ({ workspace: one.workspace, found: await aic.workspace(one) })),
  );
  const good = looked.filter(({ found }) => found.ok).map(({ workspace }) => workspace);
  // What is about AIC and not about one workspace would be told for each of them.
  const reasons = new Map<string, Reason>();
  for (const { found, workspace } of looked) {
    if (found.ok) continue;
    const { kind } = found.failure;
    reasons.set(kind === 'unknown-workspace' ? `${kind} ${workspace}` : kind, found.failure);
  }
  const there = [...phrase`AIC has `, ...names(good), ...phrase` in ${claimed[0]?.aicProject ?? ''}`];
  return [
    ...(good.length === 0 ? [] : [fine('workspaces', there)]),
    ...[...reasons.values()].map((reason) => fromReason('workspaces', reason)),
  ];
}

function fromUpstream(check: string, failure: UpstreamFailure): Finding {
  return fromReason(check, { kind: 'upstream', failure });
}

function fromReason(check: string, reason: Reason): Finding {
  return failed(check, explainToOperator(reason));
}
