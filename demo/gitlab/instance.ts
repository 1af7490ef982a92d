import type { DiffLimits } from './diffs.ts';
import type { Project } from './project.ts';
import type { RanQuickAction } from './quick-action-runner.ts';
import type { User, Users } from './users.ts';
import type { Webhooks } from './webhooks.ts';

/** Everything one GitLab knows besides the repositories. It lives in memory. */
export interface Instance {
  /** Without a slash at the end. */
  url(): string;
  now(): Date;
  /** A number that nothing else has: GitLab's own ids are unique per kind, these are unique altogether. */
  nextId(): number;
  readonly users: Users;
  readonly projects: Map<number, Project>;
  readonly webhooks: Webhooks;
  /** Every command that a text triggered. */
  readonly quickActions: RanQuickAction[];
  diffLimits: DiffLimits;
}

/** What Hono hands from the check of the token and of the project to the routes. */
export interface ApiEnv {
  readonly Variables: { readonly user: User; readonly project: Project };
}
