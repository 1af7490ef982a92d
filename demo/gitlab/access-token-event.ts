import type { Instance } from './instance.ts';
import { projectHookJson, type Project } from './project.ts';
import { railsTime } from './rails-time.ts';
import type { Token } from './tokens.ts';

/** Sends the webhook by which GitLab tells, 7 days and 1 day ahead, that an access token of the project ends. */
export function notifyTokenExpiry(instance: Instance, project: Project, token: Token): void {
  instance.webhooks.send(project, 'access_token', async () => ({
    object_kind: 'access_token',
    project: projectHookJson(project, instance.url()),
    object_attributes: {
      user_id: token.user.id,
      created_at: railsTime(token.createdAt),
      id: token.id,
      name: token.name,
      expires_at: token.expiresOn ?? null,
    },
    event_name: 'expiring_access_token',
  }));
}
