import type { Commits, Repositories } from '@gitbeaker/rest';
import { z } from 'zod';

import type { BlobId } from '../../domain/pipeline/blob-id.ts';
import type { GitLab } from '../../domain/gitlab/gitlab.ts';
import type { Changes } from '../../domain/gitlab/merge-request.ts';
import type { GitLabResult } from '../../domain/gitlab/project.ts';
import { isCommitSha, type CommitSha, type ProjectId } from '../../domain/shared/ids.ts';
import { ok } from '../../domain/shared/result.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';
import { countLines } from './diff-lines.ts';
import { attempt, UpstreamError } from './requester.ts';

/**
 * GitLab leaves files and diffs out of large comparisons, and does not always say so
 * (https://docs.gitlab.com/administration/diff_limits/). A comparison can be complete only far below these limits.
 */
const trustedFiles = 100;
const trustedLines = 5_000;

/** Up to so many commits on the branch itself are compared one by one; for more, reading both trees is cheaper. */
const mostSteps = 5;

const sha = z.string().refine(isCommitSha);
const compared = z.object({
  commits: z.array(z.object({ id: sha, parent_ids: z.array(sha) })),
  diffs: z.array(
    z.object({
      old_path: z.string(),
      new_path: z.string(),
      diff: z.string(),
      collapsed: z.boolean().nullish(),
      too_large: z.boolean().nullish(),
    }),
  ),
  compare_timeout: z.boolean().nullish(),
});
const counted = z.object({ stats: z.object({ additions: z.number(), deletions: z.number() }) });
const entry = z.object({
  id: z.string().transform((id) => id as BlobId),
  path: z.string(),
  type: z.string(),
});

type Comparison = z.infer<typeof compared>;
type Counted = z.infer<typeof counted>;

interface Resources {
  readonly repositories: Repositories;
  readonly commits: Commits;
}

/**
 * Exact changes. Comparisons are believed where their lines add up to what git counted for each commit, else the blob ids of both trees decide.
 */
export function createChanges(resources: Resources): GitLab['changes'] {
  return async (project, from, to, folders) => {
    const [comparison, newest] =
      from === undefined
        ? [ok(undefined), undefined]
        : await Promise.all([
            attempt(() => compare(resources, project, from, to)),
            attempt(() => countedIn(resources, project, to)),
          ]);
    if (!comparison.ok && comparison.failure.reason === 'missing') return ok(undefined);
    if (!comparison.ok && !isBeyondGitLab(comparison.failure)) return comparison;
    const told = comparison.ok ? comparison.value : undefined;
    return attempt(async (): Promise<Changes> => {
      const commits = told?.commits.map(({ id, parent_ids: parents }) => ({ id, parents }));
      const proven =
        from !== undefined && told !== undefined && newest !== undefined
          ? await provenPaths(resources, project, { from, to, comparison: told, newest })
          : undefined;
      if (proven !== undefined) return { paths: [...proven], commits };
      const [old, now] = await Promise.all([
        from === undefined ? new Map<string, BlobId>() : blobs(resources, project, from, folders),
        blobs(resources, project, to, folders),
      ]);
      return { paths: differing(old, now), commits };
    });
  };
}

/** A comparison may be more than GitLab can make in its time, or than is read here; the trees are not. */
function isBeyondGitLab(failure: UpstreamFailure): boolean {
  return failure.reason === 'too-large' || failure.reason === 'passing';
}

async function compare(
  { repositories }: Resources,
  project: ProjectId,
  from: CommitSha,
  to: CommitSha,
): Promise<Comparison> {
  return compared.parse(await repositories.compare(project, from, to, { straight: true }));
}

/**
 * The paths that the comparisons show, if these are complete; else undefined. A file that GitLab left out is missed in the sum of
 * lines. GitLab counts lines for a commit against its first parent only, so a longer range is taken apart.
 */
async function provenPaths(
  resources: Resources,
  project: ProjectId,
  range: {
    readonly from: CommitSha;
    readonly to: CommitSha;
    readonly comparison: Comparison;
    /** What git counted for `to`. */
    readonly newest: GitLabResult<Counted>;
  },
): Promise<ReadonlySet<string> | undefined> {
  const steps = firstParents(range);
  if (steps === undefined || !seemsComplete(range.comparison)) return undefined;
  const paths = new Set<string>();
  for (const { from, to } of steps) {
    const step = steps.length === 1 ? range.comparison : await compare(resources, project, from, to);
    if (!seemsComplete(step)) return undefined;
    const counts = to === range.to ? range.newest : ok(await countedIn(resources, project, to));
    if (!counts.ok) throw new UpstreamError(counts.failure);
    const { stats } = counts.value;
    const lines = step.diffs.map(({ diff }) => countLines(diff));
    const [additions, deletions] = [
      sum(lines.map((line) => line.additions)),
      sum(lines.map((line) => line.deletions)),
    ];
    if (additions !== stats.additions || deletions !== stats.deletions) return undefined;
    for (const { old_path: old, new_path: now } of step.diffs) paths.add(old).add(now);
  }
  return paths;
}

async function countedIn({ commits }: Resources, project: ProjectId, commit: CommitSha): Promise<Counted> {
  return counted.parse(await commits.show(project, commit, { stats: true }));
}

/** The steps by which the branch itself went; undefined when it did not get from one commit to the other, or took too many. */
function firstParents(range: {
  readonly from: CommitSha;
  readonly to: CommitSha;
  readonly comparison: Comparison;
}): readonly { readonly from: CommitSha; readonly to: CommitSha }[] | undefined {
  const parents = new Map(range.comparison.commits.map(({ id, parent_ids: [first] }) => [id, first]));
  const steps = [];
  for (let to = range.to; to !== range.from;) {
    const from = parents.get(to);
    if (from === undefined || steps.length === mostSteps) return undefined;
    steps.push({ from, to });
    to = from;
  }
  return steps;
}

function seemsComplete({ diffs, compare_timeout: timedOut }: Comparison): boolean {
  const whole = diffs.every(({ diff, collapsed, too_large: large }) => diff !== '' && !collapsed && !large);
  const lines = sum(diffs.map(({ diff }) => diff.split('\n').length));
  return !timedOut && diffs.length < trustedFiles && lines < trustedLines && whole;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** A million entries: more than GitLab serves of a repository in a sensible time. */
const mostTreePages = 10_000;

/** Blob ids by path. A folder that does not exist has none. */
export async function blobs(
  { repositories }: Pick<Resources, 'repositories'>,
  project: ProjectId,
  ref: CommitSha,
  folders: readonly string[],
): Promise<ReadonlyMap<string, BlobId>> {
  const lists = await Promise.all(
    folders.map(async (path) => {
      const options = {
        path,
        ref,
        recursive: true,
        perPage: 100,
        pagination: 'keyset',
        maxPages: mostTreePages,
      } as const;
      const listed = await attempt(() => repositories.allRepositoryTrees(project, options));
      if (listed.ok) return z.array(entry).parse(listed.value);
      if (listed.failure.reason === 'missing') return [];
      throw new UpstreamError(listed.failure);
    }),
  );
  const files = lists.flat().filter(({ type }) => type === 'blob');
  return new Map(files.map(({ path, id }) => [path, id]));
}

function differing(old: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): readonly string[] {
  const paths = new Set([...old.keys(), ...now.keys()]);
  return [...paths].filter((path) => old.get(path) !== now.get(path));
}
