import {
  isCommonStart,
  stateOfFile,
  type FileVersion,
  type FixedFile,
  type FixedFileState,
} from '../../domain/promotion/back-merge.ts';
import { backMergeSection, type BackMerged } from '../../domain/promotion/back-merge-report.ts';
import { isExtracted } from '../../domain/pipeline/code-files.ts';
import { isConfigPath } from '../../domain/pipeline/config-path.ts';
import type { Project } from '../../domain/gitlab/project.ts';
import type { CommitSha, ProjectId } from '../../domain/shared/ids.ts';
import { inert } from '../../domain/report/escape-markdown.ts';
import { maxConfigBytes } from '../../domain/pipeline/config.ts';
import { asReason, type Reason } from '../../domain/report/reason.ts';
import { toComment } from '../../domain/report/markdown.ts';
import { allOk, fail, ok, type Result } from '../../domain/shared/result.ts';
import { identitiesOf } from '../../domain/pipeline/content-identity.ts';
import type { BroughtChanges } from '../deployment/merged-changes.ts';
import { hadVersion } from './had-version.ts';
import {
  makeBackMergeBranch,
  type BackMergeWish,
  type FixedText,
  type Start,
} from './cut-back-merge-branch.ts';
import { openForOnly } from './pipelines-only.ts';
import type { BranchPorts } from '../shared/ports.ts';

/** So many commits of the branch are looked at for one that has what production had: whoever is further apart merges by hand anyway. */
const mostCommits = 20;

/**
 * Opens the merge request that brings a hotfix to a branch, if it needs one. It holds the hotfix's configs and code, and nothing else. Where the branch
 * changed one of them too, it is cut from a commit at which the branch had what production had before, so that git merges the two
 * changes line by line; where there is no such commit, from before the branch's last change, so that GitLab shows the conflict.
 */
export async function openBackMerge(
  ports: BranchPorts,
  project: Project,
  wish: BackMergeWish,
): Promise<Result<BackMerged, Reason>> {
  const { gitlab } = ports;
  const { arrival, changes, target, branch } = wish;
  const head = asReason(await gitlab.head(project.id, target));
  if (!head.ok) return head;
  if (head.value === undefined) return ok({ target, kind: 'no-branch' });
  const paths = changes.paths.filter((path) => isConfigPath(path) || isExtracted(path));
  const files = await allOk(paths.map((path) => fixedText(ports, project.id, { path, changes })));
  if (!files.ok) return files;
  const there = await versionsAt(ports, project.id, files.value, head.value);
  if (!there.ok) return there;
  const missing = files.value
    .map((file) => ({ ...file, state: stateOfFile(file, there.value.get(file.path)) }))
    .filter(({ state }) => state !== 'there');
  const lacking = arrival.isHotfix ? ok(missing) : await neverHad(ports, project.id, head.value, missing);
  if (!lacking.ok) return lacking;
  if (lacking.value.length === 0) return ok({ target, kind: 'not-needed' });
  const both = missing.filter(({ state }) => state === 'both').map(({ path }) => path);
  const earlier = asReason(await gitlab.mergeRequestsFrom(project.id, branch, target));
  if (!earlier.ok) return earlier;
  const [known] = earlier.value;
  if (known !== undefined) return ok({ target, kind: 'requested', request: known, both });
  if (missing.length === 0) return ok({ target, kind: 'not-needed' });

  const start = await startOf(ports, project.id, { at: head.value, had: there.value, missing });
  if (!start.ok) return start;
  const made = await makeBackMergeBranch(ports, project.id, { wish, start: start.value, files: missing });
  if (!made.ok) return made;
  const section = backMergeSection({ arrival, target, files: missing });
  const open = async () =>
    asReason(
      await gitlab.putMergeRequest(project.id, {
        source: branch,
        target,
        title: undefined,
        usualTitle: inert(`Back-merge ${arrival.source} into ${target}`),
        section: toComment(section),
        assignee: undefined,
      }),
    );
  const cut = asReason(await gitlab.head(project.id, branch));
  if (!cut.ok) return cut;
  // Where it is what was merged, it is production's own history with all that differs there.
  const isMerged = cut.value === changes.after;
  const put = isMerged
    ? await open()
    : await openForOnly(ports, project, { branch, target, pipelines: [] }, open);
  return put.ok ? ok({ target, kind: 'requested', request: put.value, both }) : put;
}

/** The files of which the branch never had the merged version: what it had and changed since, it does not lack. */
async function neverHad(
  ports: BranchPorts,
  project: ProjectId,
  head: CommitSha,
  files: Missing,
): Promise<Result<Missing, Reason>> {
  const lacking: Missing[number][] = [];
  for (const file of files) {
    const had =
      file.text === undefined
        ? ok(false)
        : asReason(await hadVersion(ports, project, { head, path: file.path }, file.text));
    if (!had.ok) return had;
    if (!had.value) lacking.push(file);
  }
  return ok(lacking);
}

type Versions = ReadonlyMap<string, FileVersion>;
type Missing = readonly (FixedText & { readonly state: FixedFileState })[];

/**
 * Where the back-merge branch begins: at the branch's head where nobody changed the same files. Else at the newest commit that is a common
 * start, or else at the parent of the branch's last change; undefined where there is none.
 */
async function startOf(
  ports: BranchPorts,
  project: ProjectId,
  { at, had, missing }: Start & { readonly missing: Missing },
): Promise<Result<Start | undefined, Reason>> {
  const both = missing.filter(({ state }) => state === 'both');
  const guide = both.find(({ path }) => isConfigPath(path)) ?? both[0];
  if (guide === undefined) return ok({ at, had });
  const commits = asReason(await ports.gitlab.history(project, at, guide.path, mostCommits));
  if (!commits.ok) return commits;
  for (const commit of commits.value) {
    const then = await versionsAt(ports, project, missing, commit);
    if (!then.ok) return then;
    if (isCommonStart(missing, then.value)) return ok({ at: commit, had: then.value });
  }
  const [last] = commits.value;
  const parent = last === undefined ? ok(undefined) : asReason(await ports.gitlab.firstParent(project, last));
  if (!parent.ok) return parent;
  if (parent.value === undefined) return ok(undefined);
  const then = await versionsAt(ports, project, missing, parent.value);
  return then.ok ? ok({ at: parent.value, had: then.value }) : then;
}

async function fixedText(
  ports: BranchPorts,
  project: ProjectId,
  { path, changes }: { readonly path: string; readonly changes: BroughtChanges },
): Promise<Result<FixedText, Reason>> {
  const [before, after] = [
    await textAt(ports, project, path, changes.before),
    await textAt(ports, project, path, changes.after),
  ];
  if (!before.ok) return before;
  if (!after.ok) return after;
  const versions = { before: await versionOf(before.value), after: await versionOf(after.value) };
  return ok({ path, ...versions, text: after.value });
}

async function versionsAt(
  ports: BranchPorts,
  project: ProjectId,
  files: readonly FixedFile[],
  at: CommitSha,
): Promise<Result<Versions, Reason>> {
  const all = await allOk(
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
  const file = asReason(await gitlab.file(project, path, at, { mostBytes: maxConfigBytes }));
  if (!file.ok) return file;
  switch (file.value.kind) {
    case 'missing':
      return ok(undefined);
    case 'text':
      // What is not UTF-8 was read with losses, and would be written so.
      return file.value.text.includes('\uFFFD') ? fail({ kind: 'not-text', path }) : ok(file.value.text);
    case 'too-large':
      return fail({ kind: 'large-config', path, mostBytes: file.value.mostBytes });
  }
}
