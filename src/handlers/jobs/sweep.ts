import PQueue from 'p-queue';

import { laneOfBranch, nameOf } from '../../domain/jobs/lane.ts';
import type { GitLabResult, Project } from '../../domain/gitlab/project.ts';
import type { CommitSha, ProjectId } from '../../domain/shared/ids.ts';
import { deployJob, sweepJob, type DueJob, type JobOutcome } from '../../domain/jobs/job.ts';
import type { KnownProject } from '../../domain/store/known-projects.ts';
import type { Head } from '../../domain/gitlab/missed-events.ts';
import { workspaceNamed } from '../../domain/mapping/mapping.ts';
import { ok } from '../../domain/shared/result.ts';
import { branchesBehind, branchPattern, type SweepView } from '../../domain/deployment/branches-behind.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';
import { notYet } from './job-outcome.ts';
import type { BranchPorts } from '../shared/ports.ts';
import { pushWaitsMs } from '../webhook/receive-delivery.ts';
import { readMapping } from '../deployment/load-branch-view.ts';

export interface SweepPorts extends BranchPorts {
  readonly sweep: {
    readonly everyMs: number;
    /** How often each workspace is compared with its branch; undefined: never. */
    readonly driftEveryMs: number | undefined;
    /** The paths of projects that the settings name. */
    readonly named: readonly string[];
  };
  readonly memory: SweepMemory;
}

/** What one process remembers between sweeps. It only saves calls: without it everything is looked at again. */
export interface SweepMemory {
  readonly startedAt: number;
  readonly projects: Map<ProjectId, Remembered>;
}

interface Remembered extends Pick<SweepView, 'mapping' | 'asked'> {
  /** Of which branch, at which commit, the mapping was read. */
  readonly defaultHead: Pick<Head, 'branch' | 'commit'> | undefined;
  readonly pattern: string | undefined;
}

/** @param startedAt when the process began */
export function createSweepMemory(startedAt: number): SweepMemory {
  return { startedAt, projects: new Map() };
}

const projectsAtOnce = 4;
/** The moment of a sweep differs by up to a tenth, so that bots that were started together do not ask GitLab together. */
const jitter = 0.2;
/** How often it is looked for deliveries that did not arrive, while nothing speaks for one. */
const betweenCatchUpsMs = 60 * 60_000;

/**
 * Looks at every project for what no webhook told of: branches that moved get the job that a webhook would have brought. Costs one call for each project in
 * which nothing moved, besides the list of all. Each run leaves the next one behind, like the look at the token.
 */
export async function sweep(ports: SweepPorts): Promise<JobOutcome> {
  const { clock, random, log } = ports;
  const found = await projectsToSweep(ports);
  if (!found.ok) return notYet(found.failure);
  const known = new Map((await ports.store.projects()).map((one) => [one.id, one]));
  const queue = new PQueue({ concurrency: projectsAtOnce });
  const failures: UpstreamFailure[] = [];
  await queue.addAll(
    [...found.value.values()].map((project) => async () => {
      const swept = await sweepProject(ports, project, known.get(project.id));
      if (swept.ok) return;
      failures.push(swept.failure);
      log.warn('project not swept', { project: project.path, said: swept.failure.said });
    }),
  );
  if (failures.some(({ reason }) => reason === 'stopped')) return { kind: 'stopped' };
  log.info('swept', { projects: found.value.size, failed: failures.length });
  const pause = ports.sweep.everyMs * (1 - jitter / 2 + jitter * random());
  await ports.jobs.add({ job: sweepJob, dueAt: clock.now() + Math.round(pause) });
  return { kind: 'done' };
}

/** Those of which the bot is a member, that are named in the settings, or that a delivery came from: if they are served. */
async function projectsToSweep(ports: SweepPorts): Promise<GitLabResult<ReadonlyMap<ProjectId, Project>>> {
  const { gitlab, store, settings, log } = ports;
  const members = await gitlab.memberships();
  if (!members.ok) return members;
  const found = new Map(members.value.map((project) => [project.id, project]));
  const paths = new Set(members.value.map(({ path }) => path.toLowerCase()));
  for (const path of ports.sweep.named.filter((name) => !paths.has(name.toLowerCase()))) {
    const shown = await gitlab.projectAt(path);
    if (!shown.ok) return shown;
    if (shown.value === undefined) log.warn('project not found', { project: path });
    else found.set(shown.value.id, shown.value);
  }
  for (const { id } of await store.projects()) {
    if (found.has(id)) continue;
    const shown = await gitlab.project(id);
    if (shown.ok && settings.serves(shown.value.path)) found.set(id, shown.value);
    else if (shown.ok || shown.failure.reason === 'missing') await store.forgetUnseen(id);
    else return shown;
  }
  return ok(new Map([...found].filter(([, { path }]) => settings.serves(path))));
}

async function sweepProject(
  ports: SweepPorts,
  project: Project,
  known: KnownProject | undefined,
): Promise<GitLabResult<void>> {
  const { store, clock, memory } = ports;
  const states = await store.states(project.id);
  const looked = await lookAt(ports, project, [...states.keys()]);
  if (!looked.ok) return looked;
  const { heads, remembered } = looked.value;
  const behind = branchesBehind({ ...remembered, heads, states });
  const asked = new Map<string, CommitSha>(remembered.asked);
  let isMissed = false;
  const jobs: DueJob[] = [];
  for (const { branch, commit, hasMoved } of behind) {
    const waiting = await store.waiting({ projectId: project.id, branch });
    isMissed ||= hasMoved && waiting.length === 0;
    // A merge that GitLab is making moves the branch before it is a merge.
    jobs.push({ job: deployJob(project.id, branch), dueAt: clock.now() + pushWaitsMs });
    asked.set(branch, commit);
  }
  // What no job is about any more is taken up all the same: its order may have gone, or its branch have left the mapping for a while.
  const isHere = (name: string) => heads.some(({ branch }) => branch === name);
  const left = [...(await store.running(project.id)), ...(await store.unattended(project.id)).filter(isHere)];
  for (const branch of new Set(left))
    if (!behind.some((one) => one.branch === branch))
      jobs.push({ job: deployJob(project.id, branch), dueAt: clock.now() });
  if (isMissed || (isUsed(remembered, known) && isCatchUpDue(ports, known)))
    jobs.push({ job: { kind: 'catch-up', projectId: project.id, isMissed }, dueAt: clock.now() });
  jobs.push(...(await driftJobs(ports, project, remembered, heads)));
  if (jobs.length > 0) await ports.jobs.add(...jobs);
  memory.projects.set(project.id, { ...remembered, asked });
  return ok(undefined);
}

/** The workspaces whose time it is to be compared with their branches. */
async function driftJobs(
  { store, clock, settings, sweep: { driftEveryMs } }: SweepPorts,
  project: Project,
  { mapping }: Remembered,
  heads: readonly Head[],
): Promise<readonly DueJob[]> {
  if (driftEveryMs === undefined || !mapping.ok) return [];
  const { id } = project;
  const checked = await store.driftChecks(id);
  const now = clock.now();
  const named = { project, mapping: mapping.value };
  return [...mapping.value.exact]
    .filter(([, name]) => {
      const target = nameOf(settings, workspaceNamed(named.mapping, name));
      return settings.claims.mayUse(project.path, target);
    })
    .map(([branch]) => branch)
    .filter((branch) => heads.some((head) => head.branch === branch))
    .filter((branch) => now - (checked.get(branch) ?? 0) >= driftEveryMs)
    .map((branch) => ({
      job: { kind: 'check-drift', projectId: id, branch, lane: laneOfBranch(settings, named, branch) },
      dueAt: now,
    }));
}

/** Whether anybody means the bot to work here. A token may belong to many other projects. */
function isUsed({ mapping }: Remembered, known: KnownProject | undefined): boolean {
  return mapping.ok || mapping.failure.kind !== 'missing' || known?.heardAt !== undefined;
}

/** What was missed while no process ran is looked for at once, so each process looks once in the beginning. */
function isCatchUpDue({ clock, memory }: SweepPorts, known: KnownProject | undefined): boolean {
  const last = known?.caughtUpAt;
  return last === undefined || last < memory.startedAt || clock.now() - last >= betweenCatchUpsMs;
}

interface Looked {
  readonly heads: readonly Head[];
  readonly remembered: Remembered;
}

/** The heads, and the mapping: as it was read before, while the default branch has not moved. */
async function lookAt(
  ports: SweepPorts,
  project: Project,
  known: readonly string[],
): Promise<GitLabResult<Looked>> {
  const before = ports.memory.projects.get(project.id);
  if (before !== undefined) {
    const heads = await ports.gitlab.heads(project.id, before.pattern);
    if (!heads.ok) return heads;
    const now = heads.value.find(({ isDefault }) => isDefault);
    if (isSame(now, before.defaultHead)) return ok({ heads: heads.value, remembered: before });
  }
  const { defaultBranch: main } = project;
  const head = main === undefined ? ok(undefined) : await ports.gitlab.head(project.id, main);
  if (!head.ok) return head;
  // Before the mapping is read: should the branch move in between, the mapping is read again by the next sweep.
  const defaultHead =
    main === undefined || head.value === undefined ? undefined : { branch: main, commit: head.value };
  const mapping = await readMapping(ports, project);
  if (!mapping.ok) return mapping;
  const remembered = { mapping: mapping.value, asked: new Map(), defaultHead };
  const names = [...(main === undefined ? [] : [main]), ...(mapping.value.ok ? [] : known)];
  const pattern = branchPattern(mapping.value.ok ? mapping.value.value : undefined, names);
  const heads = defaultHead === undefined ? ok([]) : await ports.gitlab.heads(project.id, pattern);
  return heads.ok ? ok({ heads: heads.value, remembered: { ...remembered, pattern } }) : heads;
}

function isSame(one: Remembered['defaultHead'], other: Remembered['defaultHead']): boolean {
  return one?.branch === other?.branch && one?.commit === other?.commit;
}
