import type { MergeRequests } from '@gitbeaker/rest';
import { z } from 'zod';

import type { GitLab } from '../../domain/gitlab/gitlab.ts';
import type { MergeRequest, NewMergeRequest } from '../../domain/gitlab/merge-request.ts';
import {
  commitSha,
  isCommitSha,
  type MergeRequestIid,
  type ProjectId,
  type UserId,
} from '../../domain/shared/ids.ts';
import { withOwnSection } from './managed-section.ts';
import { ok } from '../../domain/shared/result.ts';
import { disarmed } from './disarm-quick-actions.ts';
import { attempt } from './requester.ts';

const sha = z
  .string()
  .nullish()
  .transform((text) => commitSha(text ?? ''));

const person = z.object({ id: z.number().optional(), username: z.string() }).nullish();

export const mergeRequest = z
  .object({
    iid: z.number().transform((iid) => iid as MergeRequestIid),
    title: z.string(),
    web_url: z.string(),
    state: z
      .enum(['opened', 'locked', 'merged', 'closed'])
      .or(z.string().transform(() => 'unknown' as const)),
    source_branch: z.string(),
    source_project_id: z.number().nullish(),
    target_project_id: z.number(),
    target_branch: z.string(),
    author: person,
    merge_user: person,
    merged_by: person,
    merged_at: z.string().nullish(),
    updated_at: z.string().nullish(),
    sha,
    merge_commit_sha: sha,
    squash_commit_sha: sha,
    diff_refs: z.object({ base_sha: sha }).nullish(),
    description: z.string().nullish(),
    draft: z.boolean().nullish(),
    head_pipeline: z.object({ id: z.number(), sha: z.string(), status: z.string() }).nullish(),
  })
  .transform((shown): MergeRequest => {
    const merger = shown.merge_user ?? shown.merged_by;
    const { author, head_pipeline: pipeline } = shown;
    return {
      iid: shown.iid,
      title: shown.title,
      webUrl: shown.web_url,
      state: shown.state,
      source: shown.source_branch,
      fromFork: shown.source_project_id !== shown.target_project_id,
      target: shown.target_branch,
      ...(author?.id === undefined ? {} : { author: { id: author.id as UserId, username: author.username } }),
      mergedBy: merger?.username,
      ...(merger?.id === undefined ? {} : { mergedById: merger.id as UserId }),
      ...timeField('mergedAt', shown.merged_at),
      ...timeField('updatedAt', shown.updated_at),
      head: shown.sha,
      mergeCommit: shown.merge_commit_sha,
      squashCommit: shown.squash_commit_sha,
      base: shown.diff_refs?.base_sha,
      description: shown.description ?? '',
      isDraft: shown.draft === true,
      ...(pipeline?.sha === shown.sha && pipeline !== null && pipeline !== undefined
        ? { pipeline: { id: pipeline.id, isSuccessful: pipeline.status === 'success' } }
        : {}),
    };
  });

function timeField(
  name: 'mergedAt' | 'updatedAt',
  text: string | null | undefined,
): Pick<MergeRequest, 'mergedAt' | 'updatedAt'> {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? {} : { [name]: at };
}

const mergeRef = z.object({ commit_id: z.string().refine(isCommitSha) });

const mostOpenPages = 10;

export function createMergeRequests(
  requests: MergeRequests,
): Pick<
  GitLab,
  'mergeRequest' | 'merged' | 'mergeRequestsFrom' | 'mergeResult' | 'openRequests' | 'putMergeRequest'
> {
  const show: GitLab['mergeRequest'] = async (project, iid) => {
    const shown = await attempt(async () => mergeRequest.parse(await requests.show(project, iid)));
    return !shown.ok && shown.failure.reason === 'missing' ? ok(undefined) : shown;
  };
  const from: GitLab['mergeRequestsFrom'] = (projectId, sourceBranch, targetBranch) =>
    attempt(async () => {
      const listed = await requests.all({
        projectId,
        sourceBranch,
        targetBranch,
        orderBy: 'created_at',
        sort: 'desc',
        perPage: 100,
        page: 1,
      });
      // A fork may have a branch of the same name: its merge request is somebody else's.
      return z
        .array(mergeRequest)
        .parse(listed)
        .filter(({ fromFork }) => !fromFork);
    });
  const openFrom = async (project: ProjectId, source: string, target: string) => {
    const listed = await from(project, source, target);
    return listed.ok ? ok(listed.value.find(({ state }) => state === 'opened')) : listed;
  };
  const update = async (project: ProjectId, open: MergeRequest, { title, section }: NewMergeRequest) => {
    const description = withOwnSection(open.description, disarmed(section));
    const isSame = description === open.description && (title === undefined || title === open.title);
    if (isSame) return ok(open);
    const changes = { description, ...(title === undefined ? {} : { title }) };
    return attempt(async () => mergeRequest.parse(await requests.edit(project, open.iid, changes)));
  };
  const create = (project: ProjectId, { source, target, assignee, ...wanted }: NewMergeRequest) => {
    const description = withOwnSection('', disarmed(wanted.section));
    const options = { description, ...(assignee === undefined ? {} : { assigneeIds: [assignee] }) };
    const title = wanted.title ?? wanted.usualTitle;
    return attempt(async () =>
      mergeRequest.parse(await requests.create(project, source, target, title, options)),
    );
  };
  return {
    mergeRequest: show,
    mergeRequestsFrom: from,
    openRequests: (projectId) =>
      attempt(async () =>
        z.array(mergeRequest).parse(
          await requests.all({
            projectId,
            state: 'opened',
            orderBy: 'updated_at',
            sort: 'desc',
            perPage: 100,
            maxPages: mostOpenPages,
          }),
        ),
      ),
    mergeResult: async (project, iid) => {
      // The client's own method for this sends a PUT, which GitLab does not know.
      const merged = await attempt(async () => {
        const { body } = await requests.requester.get(`projects/${project}/merge_requests/${iid}/merge_ref`);
        return mergeRef.parse(body).commit_id;
      });
      return !merged.ok && merged.failure.reason === 'refused' ? ok('conflict') : merged;
    },
    putMergeRequest: async (project, wanted) => {
      const open = await openFrom(project, wanted.source, wanted.target);
      if (!open.ok) return open;
      if (open.value !== undefined) return update(project, open.value, wanted);
      const made = await create(project, wanted);
      if (made.ok || (made.failure.reason !== 'passing' && made.failure.reason !== 'conflict')) return made;
      // The answer was lost, or somebody was faster: one may be open now.
      const after = await openFrom(project, wanted.source, wanted.target);
      if (!after.ok) return after;
      return after.value === undefined ? create(project, wanted) : update(project, after.value, wanted);
    },
    merged: async (project, iid) => {
      const shown = await show(project, iid);
      return shown.ok && shown.value?.state !== 'merged' ? ok(undefined) : shown;
    },
  };
}
