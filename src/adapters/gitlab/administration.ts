import {
  Branches,
  Commits,
  Groups,
  Metadata,
  ProjectHooks,
  Projects,
  ProtectedBranches,
  Repositories,
  Users,
} from '@gitbeaker/rest';
import { z } from 'zod';

import type { Administration, GroupId, Inspection, Made } from '../../domain/setup/administration.ts';
import type { GitLabResult } from '../../domain/gitlab/project.ts';
import { lacksOf, type WantedHook } from '../../domain/gitlab/webhook.ts';
import type { Log } from '../../domain/shared/log.ts';
import { ok } from '../../domain/shared/result.ts';
import { createBound } from '../http/concurrency-limit.ts';
import { createBreaker } from '../http/circuit-breaker.ts';
import { createHttpClient } from '../http/client.ts';
import { allHookFlags, flagsOf, hook } from './webhook-schema.ts';
import type { GitLabDeps } from './gitlab.ts';
import { project } from './project-schema.ts';
import { attempt, createRequester, mostPages, orUndefined, readGitLabError } from './requester.ts';

const atOnce = 10;
const developerLevel = 30;
const maintainerLevel = 40;
/** The most that GitLab shows at once of a webhook's calls. */
const mostCalls = 20;

const named = z.object({ name: z.string() });
const group = z.object({ id: z.number().transform((id) => id as GroupId), full_path: z.string() });
const user = z.object({ username: z.string(), name: z.string(), bot: z.boolean().optional() });
const branch = z.object({ name: z.string(), protected: z.boolean() });
const calls = z.array(z.object({ trigger: z.string(), response_status: z.coerce.string() }));

/** What sets up and looks over projects of the configured GitLab, with the rights of the token. */
export function createAdministration(deps: GitLabDeps, log: Log): Inspection & Administration {
  const breaker = createBreaker('GitLab', deps.breaking);
  const http = createHttpClient({
    ...deps,
    system: 'GitLab',
    log,
    bound: createBound('GitLab', atOnce),
    breaker,
    readError: readGitLabError,
  });
  const resource = {
    host: deps.url.href.replace(/\/+$/, ''),
    token: deps.token,
    rateLimits: {},
    queryTimeout: null,
    requesterFn: createRequester(http),
  };
  const hooks = new ProjectHooks(resource);

  return {
    mode: 'real',
    version: () =>
      attempt(async () => {
        // gitbeaker knows only `/metadata`, which is newer and says more than is needed.
        const answer = await new Metadata(resource).requester.get('version');
        return z.object({ version: z.string() }).parse(answer.body).version;
      }),
    owner: () =>
      attempt(async () => {
        const { username, name, bot } = user.parse(await new Users(resource).showCurrentUser());
        return { username, name, isBot: bot };
      }),
    group: (path) =>
      orUndefined(async () => {
        const shown = group.parse(await new Groups(resource).show(path));
        return { id: shown.id, path: shown.full_path };
      }),
    projectAt: (path) => orUndefined(async () => project.parse(await new Projects(resource).show(path))),
    branch: (id, name) =>
      orUndefined(async () => {
        const shown = branch.parse(await new Branches(resource).show(id, name));
        return { name: shown.name, isProtected: shown.protected };
      }),
    protections: (id) =>
      attempt(async () => {
        const all = z
          .array(named)
          .parse(await new ProtectedBranches(resource).all(id, { perPage: 100, maxPages: mostPages }));
        return all.map(({ name }) => name);
      }),
    rootNames: (id, ref) =>
      orUndefined(async () => {
        const options = { ref, perPage: 100, pagination: 'keyset', maxPages: mostPages } as const;
        const entries = await new Repositories(resource).allRepositoryTrees(id, options);
        return z
          .array(named)
          .parse(entries)
          .map(({ name }) => name);
      }),
    hooks: (id) =>
      attempt(async () => z.array(hook).parse(await hooks.all(id, { perPage: 100, maxPages: mostPages }))),
    failedCalls: (id, { id: hookId }) =>
      orUndefined(async () => {
        const searchParams = { status: 'client_failure,server_failure', per_page: String(mostCalls) };
        const answer = await hooks.requester.get(`${id}/hooks/${hookId}/events`, { searchParams });
        return calls.parse(answer.body).map(({ trigger, response_status: status }) => ({ trigger, status }));
      }),

    createProject: ({ id }, name) =>
      attempt(async () => {
        const options = { name, path: name, namespaceId: id, visibility: 'private' } as const;
        return project.parse(await new Projects(resource).create(options));
      }),
    addFiles: (id, { branch: to, message, files }) =>
      attempt(async () => {
        const actions = [...files].map(
          ([filePath, content]) => ({ action: 'create', filePath, content, encoding: 'text' }) as const,
        );
        await new Commits(resource).create(id, to, message, actions);
      }),
    createBranch: async (id, name, from) => {
      const made = await attempt(() => new Branches(resource).create(id, name, from));
      if (made.ok) return ok('made');
      if (made.failure.reason !== 'refused') return made;
      // GitLab answers 400 to a branch that exists as to any other mistake; the branch tells.
      const shown = await attempt(() => new Branches(resource).show(id, name));
      return shown.ok ? ok('there') : made;
    },
    protect: async (id, { branch: name, merge }): Promise<GitLabResult<Made>> => {
      const options = {
        pushAccessLevel: maintainerLevel,
        mergeAccessLevel: merge === 'developer' ? developerLevel : maintainerLevel,
        allowForcePush: false,
      } as const;
      const made = await attempt(() => new ProtectedBranches(resource).create(id, name, options));
      if (made.ok) return ok('made');
      return made.failure.reason === 'conflict' ? ok('there') : made;
    },
    addHook: (id, wanted) =>
      attempt(async () => {
        const options = { ...allHookFlags, ...secretsOf(wanted), enableSslVerification: true };
        return hook.parse(await hooks.add(id, wanted.url, options));
      }),
    completeHook: (id, existing, wanted) =>
      attempt(async () => {
        const lacks = lacksOf(existing, wanted);
        const options = {
          ...flagsOf(lacks.filter((lack) => lack !== 'secret' && lack !== 'signing-token')),
          ...secretsOf({
            secret: lacks.includes('secret') ? wanted.secret : undefined,
            signingToken: lacks.includes('signing-token') ? wanted.signingToken : undefined,
          }),
        };
        // With another address, be it only a slash, GitLab would drop the secret.
        return hook.parse(await hooks.edit(id, existing.id, existing.url, options));
      }),
  };
}

function secretsOf({ secret, signingToken }: Omit<WantedHook, 'url'>) {
  return {
    ...(secret === undefined ? {} : { token: secret }),
    ...(signingToken === undefined ? {} : { signingToken }),
  };
}
