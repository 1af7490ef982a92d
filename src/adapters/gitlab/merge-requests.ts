import type { MergeRequests } from '@gitbeaker/rest';
import { z } from 'zod';

import type { GitLab, MergeRequest } from '../../domain/gitlab.ts';
import { commitSha, type MergeRequestIid } from '../../domain/ids.ts';
import { ok } from '../../domain/result.ts';
import { attempt } from './requester.ts';

const sha = z
  .string()
  .nullish()
  .transform((text) => commitSha(text ?? ''));

const person = z.object({ username: z.string() }).nullish();

const mergeRequest = z
  .object({
    iid: z.number().transform((iid) => iid as MergeRequestIid),
    title: z.string(),
    web_url: z.string(),
    state: z.enum(['opened', 'merged', 'closed']).or(z.string().transform(() => 'unknown' as const)),
    source_branch: z.string(),
    target_branch: z.string(),
    merge_user: person,
    merged_by: person,
    sha,
    merge_commit_sha: sha,
    squash_commit_sha: sha,
    diff_refs: z.object({ base_sha: sha }).nullish(),
  })
  .transform((shown): MergeRequest => ({
    iid: shown.iid,
    title: shown.title,
    webUrl: shown.web_url,
    state: shown.state,
    source: shown.source_branch,
    target: shown.target_branch,
    mergedBy: shown.merge_user?.username ?? shown.merged_by?.username,
    head: shown.sha,
    mergeCommit: shown.merge_commit_sha,
    squashCommit: shown.squash_commit_sha,
    base: shown.diff_refs?.base_sha,
  }));

const pageSize = 50;
/** Where searching ends: merge requests that nobody touched since 2,500 others changed are not what woke the bot up. */
const mostPages = 50;

export function createMergeRequests(
  requests: MergeRequests,
): Pick<GitLab, 'mergeRequest' | 'merged' | 'mergedAmong'> {
  const show: GitLab['mergeRequest'] = async (project, iid) => {
    const shown = await attempt(async () => mergeRequest.parse(await requests.show(project, iid)));
    return !shown.ok && shown.failure.reason === 'missing' ? ok(undefined) : shown;
  };
  return {
    mergeRequest: show,
    merged: async (project, iid) => {
      const shown = await show(project, iid);
      return shown.ok && shown.value?.state !== 'merged' ? ok(undefined) : shown;
    },
    /** A merge touches its merge request, so the wanted ones are among the newest: pages are read as long as they hold any. */
    mergedAmong: (projectId, targetBranch, commits) =>
      attempt(async () => {
        const wanted = new Set(commits);
        const found: MergeRequest[] = [];
        for (let page = 1; page <= mostPages; page += 1) {
          const listed = await requests.all({
            projectId,
            targetBranch,
            state: 'merged',
            orderBy: 'updated_at',
            sort: 'desc',
            perPage: pageSize,
            page,
          });
          const here = z.array(mergeRequest).parse(listed);
          const matching = here.filter(({ head, mergeCommit, squashCommit }) =>
            [head, mergeCommit, squashCommit].some((commit) => commit !== undefined && wanted.has(commit)),
          );
          found.push(...matching);
          if (matching.length === 0 || here.length < pageSize) break;
        }
        return found;
      }),
  };
}
