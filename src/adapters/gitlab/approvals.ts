import type { Events, MergeRequestNotes, MergeRequests } from '@gitbeaker/rest';
import { z } from 'zod';

import {
  isTokenAccount,
  type Approval,
  type ApprovalFacts,
  type Approver,
} from '../../domain/deployment/gate/approval.ts';
import { askersIn } from '../../domain/gitlab/commit-message.ts';
import type { MergeRequestIid, ProjectId, UserId } from '../../domain/shared/ids.ts';
import type { People } from '../../domain/gitlab/members.ts';
import { mostPages, orUndefined, UpstreamError } from './requester.ts';

const userId = z.number().transform((id) => id as UserId);
const time = z
  .string()
  .nullish()
  .transform((text) => {
    const at = Date.parse(text ?? '');
    return Number.isNaN(at) ? undefined : at;
  });

const approvals = z.object({
  approved: z.boolean().nullish(),
  approvals_required: z.number().nullish(),
  approved_by: z.array(
    z.object({
      user: z.object({
        id: userId,
        username: z.string(),
        name: z.string().nullish(),
        public_email: z.string().nullish(),
      }),
      // Since GitLab 18; before that a system note tells the moment.
      approved_at: time,
    }),
  ),
});
const versions = z.array(
  z.object({
    id: z.number(),
    head_commit_sha: z.string(),
    created_at: time,
    // Since GitLab 16, and not of every version.
    patch_id_sha: z.string().nullish(),
  }),
);
const commits = z.array(
  z.object({
    id: z.string(),
    message: z.string().nullish(),
    author_name: z.string(),
    author_email: z.string(),
    committer_name: z.string().nullish(),
    committer_email: z.string().nullish(),
  }),
);
const notes = z.array(
  z.object({
    body: z.string(),
    system: z.boolean(),
    author: z.object({ id: userId, username: z.string() }),
    created_at: time,
  }),
);
const pushes = z.array(
  z.object({
    author_id: userId,
    author_username: z.string().nullish(),
    push_data: z.object({ commit_to: z.string().nullish() }).nullish(),
  }),
);
const settings = z.object({ reset_approvals_on_push: z.boolean().nullish() });

const developerLevel = 30;
const maintainerLevel = 40;
/** The client's types do not know of the pages of some lists; they are passed on all the same. */
const wholeList = { perPage: 100, maxPages: mostPages, showExpanded: false } as const;
/** So many pages of a project's pushes are read: whoever pushed before that is known by the commits and the notes alone. */
const mostPushPages = 5;

export interface ApprovalResources {
  readonly requests: MergeRequests;
  readonly notes: MergeRequestNotes;
  readonly events: Events;
  readonly people: People;
}

interface Account {
  readonly id: UserId;
  readonly username: string | undefined;
}

/** The merge request as far as it matters here. */
interface Shown {
  readonly author: Account | undefined;
  readonly head: string | undefined;
  /** The project of the source branch; undefined once it is gone. */
  readonly source: ProjectId | undefined;
}

/**
 * What GitLab knows of the approvals of a merge request. Who pushed comes from GitLab's own notes and events, which nobody can write; when content
 * came, from the versions of the difference, whose time is GitLab's.
 */
export async function approvalFacts(
  resources: ApprovalResources,
  project: ProjectId,
  iid: MergeRequestIid,
  { author, head, source }: Shown,
): Promise<ApprovalFacts> {
  const { requests, people } = resources;
  const own = await people.self();
  if (!own.ok) throw new UpstreamError(own.failure);
  const { body } = await requests.requester.get(`projects/${project}/merge_requests/${iid}/approvals`);
  const { approved, approved_by: by, approvals_required: required } = approvals.parse(body);
  const none = { contentSince: undefined, pushers: [], isByToken: false, named: [], orderedBy: [] };
  const common = {
    author: author?.id,
    bot: own.value,
    isApproved: approved ?? undefined,
    required: required ?? 1,
  };
  if (by.length === 0) return { ...common, approvals: [], ...none };

  const [listed, versionRows, commitRows, approvers] = await Promise.all([
    resources.notes.all(project, iid, { ...wholeList, sort: 'desc' }),
    requests.allDiffVersions(project, iid, wholeList),
    requests.allCommits(project, iid, wholeList),
    Promise.all(by.map(({ user }) => approverOf(people, project, user))),
  ]);
  const told = notes.parse(listed).filter(({ system }) => system);
  const made = commits.parse(commitRows);
  const given = by.map(({ approved_at: at }, index): Approval | undefined => {
    const approver = approvers[index];
    return approver === undefined ? undefined : { by: approver, at: at ?? notedAt(told, approver.id) };
  });
  const standing = given.filter((one) => one !== undefined);
  const seen = versions.parse(versionRows);
  const since = contentSince(seen, told, { head, isReset: false });
  const isOld = standing.some(({ at }) => !(at !== undefined && since !== undefined && at > since));
  const isReset = isOld && (await resetsApprovals(resources, project));
  const added = told.filter(({ body: note }) => addedCommits.test(note)).map((note) => note.author);
  const seenToPush =
    source === undefined ? undefined : await pushersOf(resources, source, new Set(made.map(({ id }) => id)));
  const pushers = seenToPush === undefined ? undefined : [...added, ...seenToPush];
  const makers = [...(author === undefined ? [] : [author]), ...(pushers ?? added)];
  return {
    ...common,
    approvals: standing,
    contentSince: isReset ? contentSince(seen, told, { head, isReset }) : since,
    pushers: pushers?.map(({ id }) => id),
    isByToken: makers.some(({ id, username }) => id !== own.value && isTokenAccount(username)),
    named: made.flatMap((commit) => [
      { name: commit.author_name, email: commit.author_email },
      { name: commit.committer_name ?? '', email: commit.committer_email ?? '' },
    ]),
    orderedBy: made.flatMap(({ message }) => askersIn(message ?? '')),
  };
}

/** GitLab's own words (app/services/system_notes). */
const addedCommits = /^added \d+ commit/;
const changedTarget = /^changed (?:automatically )?target branch/;
const approvedIt = 'approved this merge request';

type Notes = z.infer<typeof notes>;

async function approverOf(
  people: People,
  project: ProjectId,
  user: z.infer<typeof approvals>['approved_by'][number]['user'],
): Promise<Approver> {
  const member = await people.member(project, user.id);
  if (!member.ok) throw new UpstreamError(member.failure);
  return {
    id: user.id,
    username: user.username,
    name: user.name ?? user.username,
    email: user.public_email === '' ? undefined : (user.public_email ?? undefined),
    isDeveloper: (member.value?.level ?? 0) >= developerLevel,
    isMaintainer: (member.value?.level ?? 0) >= maintainerLevel,
  };
}

/**
 * When the head came that the merge request has now: a head that went and came back counts from its return.
 * @param isReset whether another head with the same difference, by GitLab's word, counts as the same
 */
function contentSince(
  all: z.infer<typeof versions>,
  told: Notes,
  { head, isReset }: { readonly head: string | undefined; readonly isReset: boolean },
): number | undefined {
  const newestFirst = all.toSorted((one, other) => other.id - one.id);
  const [newest] = newestFirst;
  if (newest === undefined || newest.head_commit_sha !== head) return undefined;
  const { patch_id_sha: patch } = newest;
  const isKept = (version: typeof newest) =>
    version.head_commit_sha === head ||
    (isReset && typeof patch === 'string' && version.patch_id_sha === patch);
  const other = newestFirst.findIndex((version) => !isKept(version));
  const first = newestFirst.at(other === -1 ? -1 : other - 1);
  if (first?.created_at === undefined) return undefined;
  const retargeted = told.filter(({ body }) => changedTarget.test(body)).map(({ created_at: at }) => at);
  if (retargeted.includes(undefined)) return undefined;
  return Math.max(first.created_at, ...retargeted.filter((at) => at !== undefined));
}

function notedAt(told: Notes, user: UserId): number | undefined {
  const times = told
    .filter(({ body, author }) => body === approvedIt && author.id === user)
    .flatMap(({ created_at: at }) => at ?? []);
  return times.length === 0 ? undefined : Math.max(...times);
}

/** A setting of GitLab Premium; elsewhere there is none. */
async function resetsApprovals({ requests }: ApprovalResources, project: ProjectId): Promise<boolean> {
  const shown = await orUndefined(async () => {
    const { body } = await requests.requester.get(`projects/${project}/approvals`);
    return settings.parse(body).reset_approvals_on_push;
  });
  if (shown.ok) return shown.value === true;
  if (shown.failure.reason === 'denied' || shown.failure.reason === 'refused') return false;
  throw new UpstreamError(shown.failure);
}

/** Who pushed one of the commits, by the events of the project; undefined where the bot may not see these. */
async function pushersOf(
  { events }: ApprovalResources,
  project: ProjectId,
  heads: ReadonlySet<string>,
): Promise<readonly Account[] | undefined> {
  const listed = await orUndefined(async () =>
    pushes.parse(
      await events.all({ projectId: project, action: 'pushed', perPage: 100, maxPages: mostPushPages }),
    ),
  );
  if (!listed.ok && listed.failure.reason !== 'denied') throw new UpstreamError(listed.failure);
  if (!listed.ok || listed.value === undefined) return undefined;
  return listed.value
    .filter(({ push_data: data }) => heads.has(data?.commit_to ?? ''))
    .map(({ author_id: id, author_username: username }) => ({ id, username: username ?? undefined }));
}
