import PQueue from 'p-queue';

import type { Workspace } from '../../domain/aic/aic.ts';
import type { Candidate } from '../../domain/deployment/decide-deployment.ts';
import { unfinishedItems, type Item } from '../../domain/deployment/deployment.ts';
import { fingerprintOf, type Fingerprint } from '../../domain/pipeline/fingerprint.ts';
import type { Project } from '../../domain/gitlab/project.ts';
import type { CommitSha, PipelineId, ProjectId } from '../../domain/shared/ids.ts';
import type { WorkspaceTarget } from '../../domain/mapping/mapping.ts';
import { maxConfigBytes, parseConfig, type Content } from '../../domain/pipeline/config.ts';
import type { Desired, Live, Version, Versions } from '../../domain/deployment/plan/plan-step.ts';
import { isStop, type Reason } from '../../domain/report/reason.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';
import { withVariables } from '../../domain/pipeline/workspace-variables.ts';
import { createBreath } from '../shared/yield-to-event-loop.ts';
import { claimWorkspace } from '../shared/claim-workspace.ts';
import type { BranchPorts } from '../shared/ports.ts';
import { keyOfWorkspace } from '../shared/workspace-key.ts';

export interface Question {
  readonly project: Project;
  readonly candidates: readonly Candidate[];
  /** The commit whose files are wanted. */
  readonly at: CommitSha;
  /** The commit whose files the workspace should hold if nobody touched it. */
  readonly from: CommitSha;
  readonly target: WorkspaceTarget;
  /** The items of a run that was cut off: what it was writing is the bot's own, even where it could not be written down. */
  readonly before?: readonly Item[];
}

/** The three versions of each candidate; the workspace is undefined when it can't be reached, and then no version is usable. */
export interface ReadVersions {
  readonly workspace: Workspace | undefined;
  readonly versions: readonly Versions[];
}

type Titles = ReadonlyMap<string, readonly PipelineId[]>;

/**
 * Reads what the branch wants, what the workspace has and what it had, for the candidates only. What can't be read makes
 * its own item fail, never the deployment. `stopped` when the bot is shutting down.
 */
export async function readVersions(
  ports: BranchPorts,
  question: Question,
): Promise<ReadVersions | 'stopped'> {
  const { candidates } = question;
  const reached = await reach(ports, question);
  if (!reached.ok) {
    if (isStop(reached.failure)) return 'stopped';
    const unusable = { kind: 'unusable', reason: reached.failure } as const;
    const versions = candidates.map(({ name }) => ({ name, desired: unusable, live: unusable, base: [] }));
    return { workspace: undefined, versions };
  }
  const { workspace, titles } = reached.value;
  const names = candidates.map((candidate) => candidate.name);
  const baselines = await ports.store.baselines(
    keyOfWorkspace(ports, question.project.id, question.target),
    names,
  );
  const queue = new PQueue({ concurrency: ports.settings.itemsAtOnce });
  const breathe = createBreath(ports.clock);
  const unconfirmed = new Map(
    unfinishedItems(question.before ?? []).map(({ pipeline, state }) => [pipeline, state.desired]),
  );
  const readOne = async (candidate: Candidate): Promise<Versions> => {
    await breathe();
    const [desired, live] = await Promise.all([
      readDesired(ports, question, candidate),
      readLive(workspace, titles.get(candidate.name) ?? []),
    ]);
    const recorded = baselines.get(candidate.name)?.fingerprint;
    const base = await readBase(ports, question, { candidate, desired, live, recorded });
    if (!base.ok)
      return { name: candidate.name, desired: { kind: 'unusable', reason: base.failure }, live, base: [] };
    const own = unconfirmed.get(candidate.name);
    return {
      name: candidate.name,
      desired,
      live,
      base: own === undefined ? base.value : [...base.value, own],
      recorded,
    };
  };
  const versions = await Promise.all(candidates.map((candidate) => queue.add(() => readOne(candidate))));
  const stopped = versions.some(({ desired, live }) =>
    [desired, live].some((version) => version.kind === 'unusable' && isStop(version.reason)),
  );
  return stopped ? 'stopped' : { workspace, versions };
}

async function reach(
  ports: BranchPorts,
  { project, target }: Pick<Question, 'project' | 'target'>,
): Promise<Result<{ readonly workspace: Workspace; readonly titles: Titles }, Reason>> {
  const claimed = await claimWorkspace(ports, project, target);
  if (!claimed.ok) return claimed;
  const workspace = await ports.aic.workspace(claimed.value);
  if (!workspace.ok) return workspace;
  const pipelines = await workspace.value.pipelines();
  if (!pipelines.ok) return fail({ kind: 'upstream', failure: pipelines.failure });
  const titles = new Map<string, PipelineId[]>();
  for (const { id, title } of pipelines.value) {
    const known = titles.get(title);
    if (known === undefined) titles.set(title, [id]);
    else known.push(id);
  }
  return ok({ workspace: workspace.value, titles });
}

/** What a workspace has of these pipelines; the workspace is undefined when it can't be reached. `stopped` when the bot is shutting down. */
export async function readLiveVersions(
  ports: BranchPorts,
  from: Pick<Question, 'project' | 'target'>,
  names: readonly string[],
): Promise<
  { readonly workspace: Workspace | undefined; readonly versions: ReadonlyMap<string, Live> } | 'stopped'
> {
  const reached = await reach(ports, from);
  if (!reached.ok) {
    if (isStop(reached.failure)) return 'stopped';
    const unusable: Live = { kind: 'unusable', reason: reached.failure };
    return { workspace: undefined, versions: new Map(names.map((name) => [name, unusable])) };
  }
  const { workspace, titles } = reached.value;
  const live = await Promise.all(
    names.map(async (name) => [name, await readLive(workspace, titles.get(name) ?? [])] as const),
  );
  const hasStopped = live.some(([, version]) => version.kind === 'unusable' && isStop(version.reason));
  return hasStopped ? 'stopped' : { workspace, versions: new Map(live) };
}

async function readLive(workspace: Workspace, ids: readonly PipelineId[]): Promise<Live> {
  const [id] = ids;
  if (id === undefined) return { kind: 'none' };
  if (ids.length > 1) return { kind: 'unusable', reason: { kind: 'ambiguous-title', count: ids.length } };
  const content = await workspace.read(id);
  if (!content.ok) return { kind: 'unusable', reason: content.failure };
  return { kind: 'pipeline', id, version: await versionOf(content.value) };
}

async function readDesired(ports: BranchPorts, question: Question, candidate: Candidate): Promise<Desired> {
  const files = await Promise.all(
    candidate.paths.map(async (path) => ({
      path,
      content: await readConfig(ports, question.project.id, path, question.at),
    })),
  );
  const there = files.filter(({ content }) => !content.ok || content.value !== undefined);
  const [file] = there;
  if (file === undefined) return { kind: 'removed' };
  if (there.length > 1) {
    return { kind: 'unusable', reason: { kind: 'two-files', paths: there.map(({ path }) => path) } };
  }
  if (!file.content.ok) return { kind: 'unusable', reason: file.content.failure };
  if (file.content.value === undefined) return { kind: 'removed' };
  return {
    kind: 'config',
    version: await versionOf(withVariables(file.content.value, question.target.variables)),
  };
}

/** The content of a config file at a commit; undefined where there is no such file. */
export async function readConfig(
  { gitlab }: Pick<BranchPorts, 'gitlab'>,
  projectId: ProjectId,
  path: string,
  at: CommitSha,
): Promise<Result<Content | undefined, Reason>> {
  const file = await gitlab.file(projectId, path, at, { mostBytes: maxConfigBytes });
  if (!file.ok) return fail({ kind: 'upstream', failure: file.failure });
  switch (file.value.kind) {
    case 'missing':
      return ok(undefined);
    case 'too-large':
      return fail({ kind: 'large-config', path, mostBytes: file.value.mostBytes });
    case 'text': {
      const content = parseConfig(file.value.text);
      return content.ok ? content : fail({ kind: 'unreadable-config', path, ...content.failure });
    }
  }
}

/**
 * What the workspace holds if nobody touched it: the fingerprint recorded then, else the file at the last deployed commit (for a pending
 * pipeline, at the one before it became pending), with or without the workspace's variables. Read only where it decides something. A file that
 * GitLab does not give is a failure, not drift.
 */
async function readBase(
  ports: BranchPorts,
  question: Question,
  known: {
    readonly candidate: Candidate;
    readonly desired: Desired;
    readonly live: Live;
    readonly recorded: Fingerprint | undefined;
  },
): Promise<Result<readonly Fingerprint[], Reason>> {
  if (known.recorded !== undefined) return ok([known.recorded]);
  if (known.desired.kind !== 'config' || known.live.kind !== 'pipeline') return ok([]);
  if (known.live.version.fingerprint === known.desired.version.fingerprint) return ok([]);
  const contents = await Promise.all(
    known.candidate.paths.map((path) =>
      readConfig(ports, question.project.id, path, known.candidate.base ?? question.from),
    ),
  );
  for (const content of contents) if (!content.ok && content.failure.kind === 'upstream') return content;
  const found = contents.flatMap((content) =>
    content.ok && content.value !== undefined ? [content.value] : [],
  );
  const variants = found.flatMap((content) => [content, withVariables(content, question.target.variables)]);
  return ok(await Promise.all(variants.map((content) => fingerprintOf(content))));
}

async function versionOf(content: Content): Promise<Version> {
  return { content, fingerprint: await fingerprintOf(content) };
}
