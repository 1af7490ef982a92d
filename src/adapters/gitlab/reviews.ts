import type { Commits, Jobs, MergeRequestDiscussions } from '@gitbeaker/rest';
import { z } from 'zod';

import type { PipelineFacts, Review, Reviews } from '../../domain/gitlab/review.ts';
import type { MergeRequestIid, ProjectId, UserId } from '../../domain/shared/ids.ts';
import { approvalFacts, type ApprovalResources } from './approvals.ts';
import { mostPages, orUndefined, UpstreamError } from './requester.ts';

const user = z.object({ id: z.number().transform((id) => id as UserId) });
const shown = z.object({
  author: user.extend({ username: z.string() }).nullish(),
  sha: z.string().nullish(),
  source_project_id: z
    .number()
    .nullish()
    .transform((id) => id as ProjectId | null | undefined),
  head_pipeline: z
    .object({ id: z.number(), sha: z.string(), status: z.string(), source: z.string().nullish() })
    .nullish(),
});
const commit = z.object({ parent_ids: z.array(z.string()) });
const finished = z.array(z.object({ status: z.string() }));
const bridges = z.array(
  z.object({ status: z.string(), downstream_pipeline: z.object({ status: z.string() }).nullish() }),
);
const discussions = z.array(
  z.object({
    notes: z.array(
      z.object({
        body: z.string(),
        author: user.nullish(),
        system: z.boolean().nullish(),
        resolvable: z.boolean().nullish(),
        resolved: z.boolean().nullish(),
      }),
    ),
  }),
);
const wholeList = { perPage: 100, maxPages: mostPages, showExpanded: false } as const;

interface Resources extends ApprovalResources {
  readonly commits: Commits;
  readonly jobs: Jobs;
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
            ? { approval: await approvalFacts(resources, project, iid, headOf(request)) }
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

function headOf({ author, sha, source_project_id: source }: Shown) {
  return { author: author ?? undefined, head: sha ?? undefined, source: source ?? undefined };
}

async function pipeline(
  { jobs, commits }: Resources,
  project: ProjectId,
  { sha, head_pipeline: head }: Shown,
): Promise<PipelineFacts> {
  const none = { isOfHead: false, isSuccessful: false, source: undefined, succeeded: 0 };
  if (!head || !sha || head.status !== 'success') return none;
  const facts = { isSuccessful: true, source: head.source ?? undefined };
  // A pipeline of the merged result is of a commit of its own, one of whose parents is the head.
  const isOfHead =
    head.sha === sha || commit.parse(await commits.show(project, head.sha)).parent_ids.includes(sha);
  if (!isOfHead) return none;
  const pipelineId = head.id;
  // What somebody posted is in neither list.
  const ran = finished.parse(await jobs.all(project, { ...wholeList, pipelineId }));
  const built = ran.filter(({ status }) => status === 'success').length;
  if (built > 0) return { ...facts, isOfHead, succeeded: built };
  const begun = bridges.parse(await jobs.allPipelineBridges(project, pipelineId, wholeList));
  const passed = begun.filter(
    ({ status, downstream_pipeline: other }) => status === 'success' && other?.status === 'success',
  );
  return { ...facts, isOfHead, succeeded: passed.length };
}

async function unresolved(
  { discussions: threads, people }: Resources,
  project: ProjectId,
  iid: MergeRequestIid,
): Promise<readonly (readonly string[])[]> {
  const own = await people.self();
  if (!own.ok) throw new UpstreamError(own.failure);
  const all = discussions.parse(await threads.all(project, iid, wholeList));
  return all.flatMap(({ notes }) => {
    const isOpen = notes.some(({ resolvable, resolved }) => resolvable === true && resolved !== true);
    const told = notes.filter(({ author, system }) => author?.id !== own.value && system !== true);
    return isOpen ? [told.map(({ body }) => body)] : [];
  });
}
