import { isSameVersion, stateOfFile, type FileVersion } from '../domain/back-merge.ts';
import { backMergeSection, type BackMerged } from '../domain/back-merge-report.ts';
import { isConfigPath } from '../domain/config-path.ts';
import type { MergeRequest, Project } from '../domain/gitlab.ts';
import type { CommitSha, ProjectId } from '../domain/ids.ts';
import { inert } from '../domain/inert-text.ts';
import { maxConfigBytes } from '../domain/pipeline-config.ts';
import type { Reason } from '../domain/reason.ts';
import { toComment } from '../domain/report-markdown.ts';
import type { FileChange } from '../domain/repository.ts';
import { fail, ok, type Result } from '../domain/result.ts';
import type { BroughtChanges } from './brought-changes.ts';
import { commitChanges } from './commit-changes.ts';
import { identitiesOf } from './had-version.ts';
import type { BranchPorts } from './ports.ts';

/** Which hotfix is brought where. */
interface Wish {
  readonly hotfix: MergeRequest;
  readonly changes: BroughtChanges;
  readonly target: string;
  readonly branch: string;
}

/** A file of the hotfix as production had it before and has it after. */
interface FixedFile {
  readonly path: string;
  readonly before: FileVersion;
  readonly after: FileVersion;
  /** Undefined: the hotfix removed it. */
  readonly text: string | undefined;
}

/** So many commits of the branch are looked at for one that has what production had. */
const mostCommits = 20;

/**
 * Opens the merge request that brings a hotfix to a branch, if it needs one. It holds the hotfix's files and nothing else. Where the branch
 * changed one of them too, it is cut from the commit at which the branch still had what production had before, so that git merges the two
 * changes line by line; where there is no such commit, from the merged hotfix.
 */
export async function openBackMerge(
  ports: BranchPorts,
  project: Project,
  wish: Wish,
): Promise<Result<BackMerged, Reason>> {
  const { gitlab } = ports;
  const { hotfix, changes, target, branch } = wish;
  const head = await gitlab.head(project.id, target);
  if (!head.ok) return upstream(head.failure);
  if (head.value === undefined) return ok({ target, kind: 'no-branch' });
  const paths = changes.paths.filter((path) => isConfigPath(path) || path.startsWith('code/'));
  const files = await allOf(paths.map((path) => fixedFile(ports, project.id, { path, changes })));
  if (!files.ok) return files;
  const there = await versionsAt(ports, project.id, files.value, head.value);
  if (!there.ok) return there;
  const states = files.value.map((file) => ({
    file,
    state: stateOfFile({ ...file, there: there.value.get(file.path) }),
  }));
  const missing = states.filter(({ state }) => state !== 'there').map(({ file }) => file);
  const both = states.filter(({ state }) => state === 'both').map(({ file }) => file);
  const earlier = await gitlab.mergeRequestsFrom(project.id, branch, target);
  if (!earlier.ok) return upstream(earlier.failure);
  const [known] = earlier.value;
  const conflicts = both.map(({ path }) => path);
  if (known !== undefined) return ok({ target, kind: 'opened', request: known, both: conflicts });
  if (missing.length === 0) return ok({ target, kind: 'not-needed' });

  const start =
    both.length === 0
      ? ok({ at: head.value, had: there.value })
      : await commonStart(ports, project.id, { at: head.value, files: files.value, both });
  if (!start.ok) return start;
  const made = await makeBranch(ports, project.id, { wish, start: start.value, files: missing });
  if (!made.ok) return made;
  const section = { hotfix, production: hotfix.target, target, files: missing.map(({ path }) => path) };
  const put = await gitlab.putMergeRequest(project.id, {
    source: branch,
    target,
    title: undefined,
    usualTitle: inert(`Back-merge ${hotfix.source} into ${target}`),
    section: toComment(backMergeSection({ ...section, both: conflicts })),
    assignee: undefined,
  });
  return put.ok ? ok({ target, kind: 'opened', request: put.value, both: conflicts }) : upstream(put.failure);
}

type Versions = ReadonlyMap<string, FileVersion>;

/** Where the back-merge branch begins, and what it has of the files there. */
interface Start {
  readonly at: CommitSha;
  readonly had: Versions;
}

/** The newest commit of the branch that has of every file what production had before the hotfix; undefined where there is none. */
async function commonStart(
  ports: BranchPorts,
  project: ProjectId,
  {
    at,
    files,
    both,
  }: {
    readonly at: CommitSha;
    readonly files: readonly FixedFile[];
    readonly both: readonly FixedFile[];
  },
): Promise<Result<Start | undefined, Reason>> {
  const [guide] = both.toSorted(
    (one, other) => Number(isConfigPath(other.path)) - Number(isConfigPath(one.path)),
  );
  const commits = await ports.gitlab.history(project, at, guide?.path ?? '', mostCommits);
  if (!commits.ok) return upstream(commits.failure);
  for (const commit of commits.value) {
    const had = await versionsAt(ports, project, files, commit);
    if (!had.ok) return had;
    const isStart = files.every(({ path, before }) => isSameVersion(had.value.get(path), before));
    if (isStart) return ok({ at: commit, had: had.value });
  }
  return ok(undefined);
}

/** Makes the branch, with the hotfix's files in one commit. One that exists stays as it is: an earlier run made it. */
async function makeBranch(
  ports: BranchPorts,
  projectId: ProjectId,
  {
    wish: { hotfix, changes, branch },
    start,
    files,
  }: { readonly wish: Wish; readonly start: Start | undefined; readonly files: readonly FixedFile[] },
): Promise<Result<void, Reason>> {
  const head = await ports.gitlab.head(projectId, branch);
  if (!head.ok) return upstream(head.failure);
  if (head.value !== undefined) return ok(undefined);
  if (start === undefined) {
    const cut = await ports.gitlab.cut(projectId, branch, changes.after);
    return cut.ok ? ok(undefined) : upstream(cut.failure);
  }
  const made = await commitChanges(ports, {
    projectId,
    branch,
    onto: start.at,
    isNew: true,
    story: {
      verb: 'Bring',
      pipelines: [hotfix.source],
      from: hotfix.target,
      origin: `${hotfix.target} at ${changes.after}`,
      by: hotfix.mergedBy ?? 'the bot',
      request: `back-merge:${projectId}:${hotfix.iid}`,
    },
    changes: [files.map((file) => changeOf(file, start.had.get(file.path) !== undefined))],
  });
  // `moved` can only mean that the branch is there by now.
  return made.ok ? ok(undefined) : upstream(made.failure);
}

function changeOf({ path, text }: FixedFile, exists: boolean): FileChange {
  return text === undefined
    ? { kind: 'delete', path }
    : { kind: exists ? 'update' : 'create', path, content: text };
}

async function fixedFile(
  ports: BranchPorts,
  project: ProjectId,
  { path, changes }: { readonly path: string; readonly changes: BroughtChanges },
): Promise<Result<FixedFile, Reason>> {
  const [before, after] = [
    await textAt(ports, project, path, changes.before),
    await textAt(ports, project, path, changes.after),
  ];
  if (!before.ok) return before;
  if (!after.ok) return after;
  const versions = [await versionOf(before.value), await versionOf(after.value)];
  return ok({ path, before: versions[0], after: versions[1], text: after.value });
}

async function versionsAt(
  ports: BranchPorts,
  project: ProjectId,
  files: readonly FixedFile[],
  at: CommitSha,
): Promise<Result<Versions, Reason>> {
  const all = await allOf(
    files.map(async ({ path }): Promise<Result<readonly [string, FileVersion], Reason>> => {
      const text = await textAt(ports, project, path, at);
      return text.ok ? ok([path, await versionOf(text.value)]) : text;
    }),
  );
  return all.ok ? ok(new Map(all.value)) : all;
}

async function versionOf(text: string | undefined): Promise<FileVersion> {
  return text === undefined ? undefined : identitiesOf(text);
}

async function textAt(
  { gitlab }: BranchPorts,
  project: ProjectId,
  path: string,
  at: CommitSha,
): Promise<Result<string | undefined, Reason>> {
  const file = await gitlab.file(project, path, at, { mostBytes: maxConfigBytes });
  if (!file.ok) return upstream(file.failure);
  switch (file.value.kind) {
    case 'missing':
      return ok(undefined);
    case 'text':
      return ok(file.value.text);
    case 'too-large':
      return fail({ kind: 'large-config', path, mostBytes: file.value.mostBytes });
  }
}

async function allOf<Value>(
  results: readonly Promise<Result<Value, Reason>>[],
): Promise<Result<readonly Value[], Reason>> {
  const values: Value[] = [];
  for (const result of await Promise.all(results)) {
    if (!result.ok) return result;
    values.push(result.value);
  }
  return ok(values);
}

function upstream(failure: Extract<Reason, { kind: 'upstream' }>['failure']) {
  return fail<Reason>({ kind: 'upstream', failure });
}
