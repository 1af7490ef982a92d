import type { Commits, MergeRequestDiscussions, MergeRequests } from '@gitbeaker/rest';
import { z } from 'zod';

import type { Review } from '../../domain/gate.ts';
import type { MergeRequestIid, ProjectId, UserId } from '../../domain/ids.ts';
import type { Reviews } from '../../domain/reviews.ts';
import { mostPages, orUndefined } from './requester.ts';

const user = z.object({ id: z.number().transform((id) => id as UserId) });
const shown = z.object({
  author: user.nullish(),
  sha: z.string().nullish(),
  head_pipeline: z
    .object({ id: z.number(), sha: z.string(), status: z.string(), source: z.string().nullish() })
    .nullish(),
});
const approvals = z.object({
  approved: z.boolean().nullish(),
  approved_by: z.array(z.object({ user })),
});
const statuses = z.array(z.object({ name: z.string() }));
const discussions = z.array(
  z.object({
    notes: z.array(
      z.object({ body: z.string(), resolvable: z.boolean().nullish(), resolved: z.boolean().nullish() }),
    ),
  }),
);
const wholeList = { perPage: 100, maxPages: mostPages } as const;

interface Resources {
  readonly requests: MergeRequests;
  readonly commits: Commits;
  readonly discussions: MergeRequestDiscussions;
}

/** What GitLab knows of reviews: approvals, the pipeline of the head, and threads. */
export function createReviews(resources: Resources): Reviews {
  return {
    review: (project, iid, about) =>
      orUndefined(async (): Promise<Review> => {
        const request = shown.parse(await resources.requests.show(project, iid));
        return {
          ...(about.includes('approved')
            ? { approval: await approval(resources, project, iid, request) }
            : {}),
          ...(about.includes('pipeline') ? { pipeline: await pipeline(resources, project, request) } : {}),
          ...(about.includes('no_unresolved')
            ? { unresolved: await unresolved(resources, project, iid) }
            : {}),
        };
      }),
  };
}

type Shown = z.infer<typeof shown>;

async function approval(
  { requests }: Resources,
  project: ProjectId,
  iid: MergeRequestIid,
  { author }: Shown,
): Promise<Required<Review>['approval']> {
  const { body } = await requests.requester.get(`projects/${project}/merge_requests/${iid}/approvals`);
  const { approved, approved_by: by } = approvals.parse(body);
  return { author: author?.id, isApproved: approved ?? undefined, approvers: by.map((one) => one.user.id) };
}

async function pipeline(
  { commits }: Resources,
  project: ProjectId,
  { sha, head_pipeline: head }: Shown,
): Promise<Required<Review>['pipeline']> {
  // A pipeline of the merged result is of a commit of its own; GitLab tells by its source that it is the merge request's.
  const isOwn = head?.sha === sha || head?.source === 'merge_request_event';
  if (!head || !sha || !isOwn || head.status !== 'success') return { isSuccessful: false, jobs: [] };
  // The client's types do not know of the pipeline; it is passed on all the same.
  const options = { ...wholeList, all: false, pipelineId: head.id };
  const listed = await commits.allStatuses(project, head.sha, options);
  return { isSuccessful: true, jobs: statuses.parse(listed).map(({ name }) => name) };
}

async function unresolved(
  { discussions: threads }: Resources,
  project: ProjectId,
  iid: MergeRequestIid,
): Promise<readonly string[]> {
  const all = discussions.parse(await threads.all(project, iid, wholeList));
  return all.flatMap(({ notes }) => {
    const isOpen = notes.some(({ resolvable, resolved }) => resolvable === true && resolved !== true);
    return isOpen ? [notes[0]?.body ?? ''] : [];
  });
}
