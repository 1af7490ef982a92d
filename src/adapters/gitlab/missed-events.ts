import type {
  Branches,
  IssueDiscussions,
  IssueNotes,
  Issues,
  MergeRequestDiscussions,
  MergeRequestNotes,
  MergeRequests,
  ProjectHooks,
  Projects,
} from '@gitbeaker/rest';
import { z } from 'zod';

import {
  isCommitSha,
  type IssueIid,
  type MergeRequestIid,
  type NoteId,
  type UserId,
} from '../../domain/shared/ids.ts';
import type { HookEventId, Lookout, WrittenNote } from '../../domain/gitlab/missed-events.ts';
import type { Noteable } from '../../domain/gitlab/comment-location.ts';
import { fail, ok } from '../../domain/shared/result.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';
import { hook } from './webhook-schema.ts';
import { project } from './project-schema.ts';
import { attempt, mostPages as mostPagesOfList, orUndefined } from './requester.ts';

const pageSize = 100;
const wholeList = { perPage: pageSize, maxPages: mostPagesOfList } as const;
const mostPages = 10;
/** GitLab shows no more of a webhook's calls at once. */
const callsPageSize = 20;

const head = z.object({
  name: z.string(),
  commit: z.object({ id: z.string().refine(isCommitSha) }),
  default: z.boolean().nullish(),
});
const headers = z
  .record(z.string(), z.unknown())
  .transform((all) => new Map(Object.entries(all).map(([name, value]) => [name.toLowerCase(), value])));
const call = z.object({
  id: z.number().transform((id) => id as HookEventId),
  request_headers: headers.nullish(),
  request_data: z.unknown(),
});
const resent = z.object({ response_status: z.coerce.string() });
const iids = z.array(z.object({ iid: z.number() }));
const note = z
  .object({
    id: z.number().transform((id) => id as NoteId),
    body: z.string(),
    author: z.object({ id: z.number().transform((id) => id as UserId) }),
    created_at: z.iso.datetime({ offset: true }),
    updated_at: z.string(),
    system: z.boolean().nullish(),
    internal: z.boolean().nullish(),
    imported: z.boolean().nullish(),
    /** What `internal` was called before GitLab 15.5. */
    confidential: z.boolean().nullish(),
  })
  .transform((shown): WrittenNote => ({
    id: shown.id,
    body: shown.body,
    author: shown.author.id,
    writtenAt: Date.parse(shown.created_at),
    isTouched: shown.updated_at !== shown.created_at,
    isSystem: shown.system === true || shown.imported === true,
    isConfidential: (shown.internal ?? shown.confidential) === true,
  }));
const issueShown = z.object({ created_at: z.iso.datetime({ offset: true }) });
/** GitLab's own words (app/services/system_notes/issuables_service.rb). */
const broughtHere = /^(?:moved|cloned) from /;
const discussion = z.object({ id: z.string(), notes: z.array(z.object({ id: z.number() })) });

/** Looks for what no webhook told of. */
export function createLookout(resources: {
  readonly projects: Projects;
  readonly branches: Branches;
  readonly hooks: ProjectHooks;
  readonly mergeRequests: MergeRequests;
  readonly issues: Issues;
  readonly notes: { readonly 'merge-request': MergeRequestNotes; readonly issue: IssueNotes };
  readonly discussions: {
    readonly 'merge-request': MergeRequestDiscussions;
    readonly issue: IssueDiscussions;
  };
}): Omit<Lookout, 'edited'> {
  const { projects, branches, hooks, mergeRequests, issues, notes, discussions } = resources;
  return {
    memberships: () =>
      attempt(async () => {
        const options = { membership: true, archived: false, simple: true, ...wholeList } as const;
        const all = await projects.all({ ...options, orderBy: 'id', sort: 'asc', pagination: 'keyset' });
        return z.array(project).parse(all);
      }),
    projectAt: (path) => orUndefined(async () => project.parse(await projects.show(path))),
    heads: (id, pattern) =>
      attempt(async () => {
        const options = { ...wholeList, ...(pattern === undefined ? {} : { regex: pattern }) };
        return z
          .array(head)
          .parse(await branches.all(id, options))
          .map(({ name, commit, default: isDefault }) => ({
            branch: name,
            commit: commit.id,
            isDefault: isDefault === true,
          }));
      }),
    hooks: (id) => attempt(async () => z.array(hook).parse(await hooks.all(id, wholeList))),
    failedDeliveries: (id, { id: hookId }) =>
      orUndefined(async () => {
        const found: z.infer<typeof call>[] = [];
        for (let page = 1; page <= mostPages; page += 1) {
          const searchParams = {
            status: 'client_failure,server_failure',
            per_page: String(callsPageSize),
            page: String(page),
          };
          const { body } = await hooks.requester.get(`${id}/hooks/${hookId}/events`, { searchParams });
          const here = z.array(call).parse(body);
          found.push(...here);
          if (here.length < callsPageSize) break;
        }
        return found.map(({ id: event, request_headers: sent, request_data: body }) => ({
          id: event,
          key: textIn(sent, 'webhook-id') ?? textIn(sent, 'idempotency-key'),
          eventName: textIn(sent, 'x-gitlab-event') ?? '',
          body: body ?? undefined,
        }));
      }),
    resend: async (id, { id: hookId }, event) => {
      const asked = await attempt(async () => {
        const answer = await hooks.requester.post(`${id}/hooks/${hookId}/events/${event}/resend`);
        return resent.parse(answer.body).response_status;
      });
      if (asked.ok) return ok(/^[23]\d\d$/.test(asked.value) ? 'accepted' : 'not accepted');
      const { reason, status } = asked.failure;
      // 422: the hook has another address by now.
      if (reason === 'missing' || status === 422) return ok('gone');
      return status === 429 ? ok('later') : fail(asked.failure);
    },
    updatedSince: async (id, since) => {
      const options = {
        updatedAfter: new Date(since).toISOString(),
        scope: 'all',
        perPage: pageSize,
        maxPages: mostPages,
      } as const;
      const [requests, others] = await Promise.all([
        attempt(async () => iids.parse(await mergeRequests.all({ ...options, projectId: id }))),
        attempt(async () => iids.parse(await issues.all({ ...options, projectId: id }))),
      ]);
      // A project may have issues or merge requests switched off.
      const isOff = ({ reason }: UpstreamFailure) => reason === 'denied' || reason === 'missing';
      if (!requests.ok && !isOff(requests.failure)) return requests;
      if (!others.ok && !isOff(others.failure)) return others;
      const [inRequests, inIssues] = [requests.ok ? requests.value : [], others.ok ? others.value : []];
      return ok([
        ...inRequests.map(({ iid }): Noteable => ({ kind: 'merge-request', iid: iid as MergeRequestIid })),
        ...inIssues.map(({ iid }): Noteable => ({ kind: 'issue', iid: iid as IssueIid })),
      ]);
    },
    notesSince: (id, { kind, iid }, since) =>
      attempt(async () => {
        const found: WrittenNote[] = [];
        for (let page = 1; page <= mostPages; page += 1) {
          const options = { sort: 'desc', orderBy: 'created_at', perPage: pageSize, page } as const;
          const here = z.array(note).parse(await notes[kind].all(id, iid, options));
          const late = here.filter(({ writtenAt }) => writtenAt >= since);
          found.push(...late);
          if (here.length < pageSize || late.length < here.length) break;
        }
        return found;
      }),
    note: (id, { kind, iid }, wanted) =>
      orUndefined(async () => note.parse(await notes[kind].show(id, iid, wanted))),
    isCopied: (id, issue, writtenAt) =>
      attempt(async () => {
        const { created_at: madeAt } = issueShown.parse(await issues.show(issue, { projectId: id }));
        if (writtenAt < Date.parse(madeAt)) return true;
        for (let page = 1; page <= mostPages; page += 1) {
          // A GitLab that does not know the filter lists everything.
          const only = { activityFilter: 'only_activity' } as const;
          const options = { ...only, sort: 'desc', orderBy: 'created_at', perPage: pageSize, page } as const;
          const here = z.array(note).parse(await notes.issue.all(id, issue, options));
          const since = here.filter((each) => each.writtenAt >= writtenAt);
          if (since.some(({ isSystem, body }) => isSystem && broughtHere.test(body))) return true;
          if (here.length < pageSize || since.length < here.length) return false;
        }
        return true;
      }),
    discussionOf: async (id, { on: { kind, iid }, note: wanted }, hint) => {
      const holds = ({ notes: inIt }: z.infer<typeof discussion>) => inIt.some((each) => each.id === wanted);
      if (hint !== undefined) {
        const hinted = await orUndefined(async () =>
          discussion.parse(await discussions[kind].show(id, iid, hint)),
        );
        if (!hinted.ok) return hinted;
        if (hinted.value !== undefined && holds(hinted.value)) return ok(hinted.value.id);
      }
      return attempt(async () => {
        const all = z.array(discussion).parse(await discussions[kind].all(id, iid, wholeList));
        return all.find(holds)?.id;
      });
    },
  };
}

function textIn(sent: z.infer<typeof headers> | null | undefined, name: string): string | undefined {
  const value = sent?.get(name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
