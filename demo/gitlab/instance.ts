import { defaultDiffLimits, type DiffLimits } from './diffs.ts';
import { createGroups, type Groups } from './group.ts';
import type { Project } from './project.ts';
import { createProjects, type Projects } from './projects.ts';
import { createRateLimit, type RateLimit } from './rate-limit.ts';
import type { RanQuickAction } from './quick-actions.ts';
import { createTokens, type Token, type Tokens } from './tokens.ts';
import { createUsers, type User, type Users } from './users.ts';
import { createWebhooks, type Webhooks } from './webhooks.ts';

/** Everything one GitLab knows. Besides the repositories it lives in memory. */
export interface Instance {
  /** Without a slash at the end. */
  url(): string;
  now(): Date;
  /** A number that nothing else has: GitLab's own ids are unique per kind, these are unique altogether. */
  nextId(): number;
  readonly users: Users;
  readonly groups: Groups;
  readonly tokens: Tokens;
  readonly projects: Projects;
  readonly webhooks: Webhooks;
  /** GitLab lets a person resend 5 of a hook's deliveries a minute. */
  readonly resends: RateLimit;
  /** Every command that a text triggered. */
  readonly quickActions: RanQuickAction[];
  diffLimits: DiffLimits;
  /** So many commit statuses more are answered that another update is under way. */
  busyStatuses: number;
  /** GitLab's flag `auto_disabling_web_hooks`: on at GitLab.com, off elsewhere. */
  failingHooksAreDisabled: boolean;
}

/** What Hono hands from the check of the token and of the project to the routes. */
export interface ApiEnv {
  readonly Variables: { readonly token: Token; readonly user: User; readonly project: Project };
}

export interface InstanceOptions {
  /** Where the repositories lie. */
  readonly directory: string;
  /** Asked only when something is sent: the port is known after the start. */
  readonly url: () => string;
  readonly now: () => Date;
  readonly webhookTimeoutMs: number;
}

export function createInstance({ directory, url, now, webhookTimeoutMs }: InstanceOptions): Instance {
  let ids = 0;
  const nextId = (): number => {
    ids += 1;
    return ids;
  };
  const instance: Instance = {
    url,
    now,
    nextId,
    users: createUsers(),
    groups: createGroups(now),
    tokens: createTokens(now),
    projects: createProjects({ directory, now }),
    webhooks: createWebhooks({
      url,
      now,
      nextId,
      timeoutMs: webhookTimeoutMs,
      failingAreDisabled: () => instance.failingHooksAreDisabled,
    }),
    resends: createRateLimit(5),
    quickActions: [],
    diffLimits: defaultDiffLimits,
    busyStatuses: 0,
    failingHooksAreDisabled: false,
  };
  return instance;
}
