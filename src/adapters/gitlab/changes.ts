import type { Repositories } from '@gitbeaker/rest';
import { z } from 'zod';

import type { Changes, GitLab } from '../../domain/gitlab.ts';
import { isCommitSha, type CommitSha, type ProjectId } from '../../domain/ids.ts';
import { ok } from '../../domain/result.ts';
import { attempt, UpstreamError } from './requester.ts';

/**
 * GitLab leaves files and diffs out of large comparisons without saying so, at limits that its administrators set
 * (https://docs.gitlab.com/administration/diff_limits/). Far below the smallest of them a comparison is complete.
 */
const trustedFiles = 100;
const trustedLines = 5_000;

const compared = z.object({
  commits: z.array(z.object({ id: z.string().refine(isCommitSha) })),
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

type Comparison = z.infer<typeof compared>;

const entry = z.object({ id: z.string(), path: z.string(), type: z.string() });

/** Exact changes: one comparison where it can be believed, else the blob ids of both trees. */
export function createChanges(repositories: Repositories): GitLab['changes'] {
  return async (project, from, to, folders) => {
    const comparison = await attempt(async () =>
      from === undefined
        ? undefined
        : compared.parse(await repositories.compare(project, from, to, { straight: true })),
    );
    if (!comparison.ok) return comparison.failure.reason === 'missing' ? ok(undefined) : comparison;
    if (comparison.value !== undefined && isComplete(comparison.value)) {
      const paths = comparison.value.diffs.flatMap((diff) => [diff.old_path, diff.new_path]);
      return ok(changesOf(comparison.value, new Set(paths)));
    }
    const trees = await attempt(() =>
      Promise.all([
        from === undefined ? new Map<string, string>() : blobs(repositories, project, from, folders),
        blobs(repositories, project, to, folders),
      ]),
    );
    return trees.ok ? ok(changesOf(comparison.value, differing(...trees.value))) : trees;
  };
}

function isComplete({ diffs, compare_timeout: timedOut }: Comparison): boolean {
  const lines = diffs.reduce((sum, { diff }) => sum + diff.split('\n').length, 0);
  const whole = diffs.every(({ diff, collapsed, too_large: large }) => diff !== '' && !collapsed && !large);
  return !timedOut && diffs.length < trustedFiles && lines < trustedLines && whole;
}

function changesOf(comparison: Comparison | undefined, paths: ReadonlySet<string>): Changes {
  return { paths: [...paths], commits: comparison?.commits.map(({ id }) => id) ?? [] };
}

/** Blob ids by path. A folder that does not exist has none. */
async function blobs(
  repositories: Repositories,
  project: ProjectId,
  ref: CommitSha,
  folders: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const lists = await Promise.all(
    folders.map(async (path) => {
      const options = { path, ref, recursive: true, perPage: 100, pagination: 'keyset' } as const;
      const listed = await attempt(() => repositories.allRepositoryTrees(project, options));
      if (listed.ok) return z.array(entry).parse(listed.value);
      if (listed.failure.reason === 'missing') return [];
      throw new UpstreamError(listed.failure);
    }),
  );
  const files = lists.flat().filter(({ type }) => type === 'blob');
  return new Map(files.map(({ path, id }) => [path, id]));
}

function differing(old: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): ReadonlySet<string> {
  return new Set([...old.keys(), ...now.keys()].filter((path) => old.get(path) !== now.get(path)));
}
