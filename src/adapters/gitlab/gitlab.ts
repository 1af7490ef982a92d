import {
  Branches,
  Commits,
  Deployments,
  Events,
  FreezePeriods,
  IssueDiscussions,
  IssueNoteAwardEmojis,
  IssueNotes,
  Issues,
  Jobs,
  MergeRequestDiscussions,
  MergeRequestNoteAwardEmojis,
  MergeRequestNotes,
  MergeRequests,
  PersonalAccessTokens,
  ProjectHooks,
  ProjectMembers,
  Projects,
  Repositories,
  RepositoryFiles,
  Users,
} from '@gitbeaker/rest';
import { z } from 'zod';

import type { Clock } from '../../domain/shared/clock.ts';
import type { GitLab } from '../../domain/gitlab/gitlab.ts';
import type { Project } from '../../domain/gitlab/project.ts';
import { commitSha, isCommitSha, type ProjectId } from '../../domain/shared/ids.ts';
import type { Log } from '../../domain/shared/log.ts';
import { ok } from '../../domain/shared/result.ts';
import { createBound, type OuterBound } from '../http/concurrency-limit.ts';
import { createBreaker, type Breaking } from '../http/circuit-breaker.ts';
import { createHttpClient, type RetryPolicy } from '../http/client.ts';
import { createChanges } from './changes.ts';
import { createComments, type KnownComments } from './comments.ts';
import { createFreezePeriods, type KnownPeriods } from './freeze-periods.ts';
import { createLookout } from './missed-events.ts';
import { createNoteEdits } from './note-edits.ts';
import { createOrigins } from './origins.ts';
import { createPeople } from './members.ts';
import { project } from './project-schema.ts';
import { createRecords } from './deployment-records.ts';
import { createRepository } from './repository.ts';
import { createReviews } from './reviews.ts';
import { createMergeRequests } from './merge-requests.ts';
import { attempt, createRequester, orUndefined, readGitLabError } from './requester.ts';
import { createToken } from './token.ts';

export interface GitLabDeps {
  /** Without `/api/v4`. */
  readonly url: URL;
  readonly token: string;
  readonly clock: Clock;
  readonly stop: AbortSignal;
  readonly mask: (text: string) => string;
  /** Takes the secrets of the settings out of comments, which may show what a config holds. Not needed where none are written. */
  readonly hide?: (text: string) => string;
  readonly retry: RetryPolicy;
  readonly breaking: Breaking;
  readonly timeoutMs: number;
  /** What bounds calls beyond this process. */
  readonly outer?: OuterBound;
}

const projectLifetime = 5 * 60_000;
/** Calls under way at once; GitLab.com allows 2,000 a minute for a user. */
const atOnce = 10;

const branch = z.object({ commit: z.object({ id: z.string().refine(isCommitSha) }) });
const commit = z.object({ parent_ids: z.array(z.string()) });
const user = z.object({ id: z.number() });

/**
 * The configured GitLab, and no other host. The result is made once; called with a log it gives the port whose calls
 * are logged there, and which begins none once the second signal fires. What is remembered (projects, the token's user) and the bound on calls
 * are shared by all of them.
 */
export function createGitLab(
  deps: GitLabDeps,
): (log: Log, stop?: AbortSignal, beforeCall?: () => void) => GitLab {
  const bound = createBound('GitLab', atOnce, deps.outer);
  const breaker = createBreaker('GitLab', deps.breaking);
  const projects = new Map<ProjectId, { readonly project: Project; readonly until: number }>();
  const known: KnownComments = new Map();
  const knownPeriods: KnownPeriods = new Map();
  let self: number | undefined;

  return (log, stop = deps.stop, beforeCall = () => {}) => {
    const http = createHttpClient({
      ...deps,
      system: 'GitLab',
      log,
      stop,
      beforeCall,
      bound,
      breaker,
      readError: readGitLabError,
    });
    const options = {
      host: deps.url.href.replace(/\/+$/, ''),
      token: deps.token,
      rateLimits: {},
      queryTimeout: null,
    };
    const resource = { ...options, requesterFn: createRequester(http) };

    const notes = { 'merge-request': new MergeRequestNotes(resource), issue: new IssueNotes(resource) };
    const discussions = {
      'merge-request': new MergeRequestDiscussions(resource),
      issue: new IssueDiscussions(resource),
    };

    const whoAmI = async (): Promise<number> => {
      if (self !== undefined) return self;
      const { id } = user.parse(await new Users(resource).showCurrentUser());
      self ??= id;
      return self;
    };

    const people = createPeople(new ProjectMembers(resource), whoAmI, deps.clock);

    return {
      project: async (id) => {
        const remembered = projects.get(id);
        if (remembered !== undefined && remembered.until > deps.clock.now()) return ok(remembered.project);
        const shown = await attempt(async () => project.parse(await new Projects(resource).show(id)));
        // Whoever asked meanwhile has remembered something newer.
        if (shown.ok && projects.get(id) === remembered) {
          projects.set(id, { project: shown.value, until: deps.clock.now() + projectLifetime });
        }
        return shown;
      },
      head: (id, name) =>
        orUndefined(async () => branch.parse(await new Branches(resource).show(id, name)).commit.id),
      file: async (id, path, ref, { mostBytes }) => {
        const files = new RepositoryFiles({ ...options, requesterFn: createRequester(http, mostBytes) });
        const raw = await attempt(async () => z.string().parse(await files.showRaw(id, path, ref)));
        if (raw.ok) return ok({ kind: 'text', text: raw.value });
        if (raw.failure.reason === 'missing') return ok({ kind: 'missing' });
        if (raw.failure.reason === 'too-large') return ok({ kind: 'too-large', mostBytes });
        return raw;
      },
      firstParent: async (id, sha) => {
        const shown = await orUndefined(async () => commit.parse(await new Commits(resource).show(id, sha)));
        return shown.ok ? ok(commitSha(shown.value?.parent_ids[0] ?? '')) : shown;
      },
      changes: createChanges({ repositories: new Repositories(resource), commits: new Commits(resource) }),
      ...createRepository({
        repositories: new Repositories(resource),
        commits: new Commits(resource),
        branches: new Branches(resource),
      }),
      ...people,
      ...createMergeRequests(new MergeRequests(resource)),
      ...createOrigins({
        requests: new MergeRequests(resource),
        commits: new Commits(resource),
        events: new Events(resource),
      }),
      ...createLookout({
        projects: new Projects(resource),
        branches: new Branches(resource),
        hooks: new ProjectHooks(resource),
        mergeRequests: new MergeRequests(resource),
        issues: new Issues(resource),
        notes,
        discussions,
      }),
      ...createNoteEdits(http, options.host, deps.token),
      ...createComments({
        notes,
        discussions,
        awards: {
          'merge-request': new MergeRequestNoteAwardEmojis(resource),
          issue: new IssueNoteAwardEmojis(resource),
        },
        commits: new Commits(resource),
        whoAmI,
        known,
        hide: deps.hide ?? ((text) => text),
      }),
      ...createRecords({
        commits: new Commits(resource),
        deployments: new Deployments(resource),
        whoAmI,
      }),
      ...createReviews({
        requests: new MergeRequests(resource),
        commits: new Commits(resource),
        jobs: new Jobs(resource),
        notes: notes['merge-request'],
        events: new Events(resource),
        discussions: discussions['merge-request'],
        people,
      }),
      ...createFreezePeriods(new FreezePeriods(resource), knownPeriods, deps.clock, log),
      ...createToken(new PersonalAccessTokens(resource)),
      reachable: async () => {
        const reached = await attempt(() => new Users(resource).showCurrentUser());
        return reached.ok ? ok(undefined) : reached;
      },
    };
  };
}
