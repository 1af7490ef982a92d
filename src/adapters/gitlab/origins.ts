import type { Commits, Events, MergeRequests } from '@gitbeaker/rest';
import { z } from 'zod';

import type { GitLab, RecordedPush } from '../../domain/gitlab/gitlab.ts';
import { commitSha, isCommitSha, type CommitSha, type ProjectId } from '../../domain/shared/ids.ts';
import { ok } from '../../domain/shared/result.ts';
import { mergeRequest } from './merge-requests.ts';
import { attempt, mostPages, orUndefined } from './requester.ts';

const sha = z.string().refine(isCommitSha);
const commit = z
  .object({ id: sha, parent_ids: z.array(sha) })
  .transform(({ id, parent_ids: parents }) => ({ id, parents }));
const proposed = z
  .object({
    id: sha,
    message: z.string(),
    author_name: z.string(),
    author_email: z.string(),
    authored_date: z.string(),
  })
  .transform(({ id, message, author_name: name, author_email: email, authored_date: date }) => ({
    id,
    message,
    author: `${name} <${email}>`,
    // Rebasing keeps the moment; in which time zone it is written is up to GitLab.
    authoredAt: String(Date.parse(date)),
  }));
const diff = z.object({
  old_path: z.string(),
  new_path: z.string(),
  a_mode: z.string().nullish(),
  b_mode: z.string().nullish(),
  diff: z.string(),
  collapsed: z.boolean().nullish(),
  too_large: z.boolean().nullish(),
});
const event = z.object({
  created_at: z.string(),
  push_data: z
    .object({
      ref_type: z.string().nullish(),
      ref: z.string().nullish(),
      commit_from: z.string().nullish(),
      commit_to: z.string().nullish(),
    })
    .nullish(),
});

const pageSize = 100;
const mostEventPages = 5;

/** What GitLab knows of where commits came from. */
export function createOrigins({
  requests,
  commits,
  events,
}: {
  readonly requests: MergeRequests;
  readonly commits: Commits;
  readonly events: Events;
}): Pick<
  GitLab,
  'commitsBetween' | 'mergedWith' | 'proposedCommits' | 'proposedCommit' | 'isSameChange' | 'pushesTo'
> {
  const all = { perPage: pageSize, maxPages: mostPages };
  const changeOf = async (project: ProjectId, id: CommitSha) =>
    z.array(diff).parse(await commits.showDiff(project, id, all));
  return {
    commitsBetween: (project, from, to) =>
      orUndefined(async () =>
        z.array(commit).parse(await commits.all(project, { refName: `${from}..${to}`, ...all })),
      ),
    mergedWith: (project, branch, id) =>
      attempt(async () =>
        z
          .array(mergeRequest)
          .parse(await commits.allMergeRequests(project, id, all))
          .filter(({ state, target }) => (state === 'merged' || state === 'locked') && target === branch),
      ),
    proposedCommits: (project, iid) =>
      attempt(async () => z.array(proposed).parse(await requests.allCommits(project, iid, all))),
    proposedCommit: (project, id) => attempt(async () => proposed.parse(await commits.show(project, id))),
    isSameChange: async (project, one, other) => {
      const changes = await attempt(() => Promise.all([changeOf(project, one), changeOf(project, other)]));
      if (!changes.ok) return changes;
      const [first, second] = changes.value.map((its) => changedText(its));
      return ok(first !== undefined && first === second);
    },
    pushesTo: (projectId, branch) =>
      attempt(async () => {
        const listed = await events.all({
          projectId,
          action: 'pushed',
          perPage: pageSize,
          maxPages: mostEventPages,
        });
        return z
          .array(event)
          .parse(listed)
          .flatMap((one) => pushOf(one, branch));
      }),
  };
}

function pushOf(
  { created_at: created, push_data: data }: z.infer<typeof event>,
  branch: string,
): readonly RecordedPush[] {
  if (data?.ref_type !== 'branch' || data.ref !== branch) return [];
  const after = commitSha(data.commit_to ?? '');
  if (after === undefined) return [];
  return [{ before: commitSha(data.commit_from ?? ''), after, at: Date.parse(created) }];
}

/** The lines that a commit takes away and adds, file by file; undefined where GitLab does not show all of them. */
function changedText(files: readonly z.infer<typeof diff>[]): string | undefined {
  const isCut = files.some(
    ({ diff: text, collapsed, too_large: large }) => text === '' || collapsed === true || large === true,
  );
  if (isCut) return undefined;
  const texts = files.map((file) => [
    file.old_path,
    file.new_path,
    file.a_mode,
    file.b_mode,
    // Where a hunk begins differs when it is moved.
    file.diff.replaceAll(/^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@.*$/gm, '@@'),
  ]);
  return JSON.stringify(texts.toSorted((one, two) => (String(one[1]) < String(two[1]) ? -1 : 1)));
}
