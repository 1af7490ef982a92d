import { Hono } from 'hono';
import type { ApiEnv, Instance } from './instance.ts';
import { pageOf } from './paging.ts';
import { badParameter } from './refusal.ts';
import { userJson } from './users.ts';

/** What happened in a project, newest first. The demo remembers pushes alone. */
export function eventRoutes(instance: Instance): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.get('/projects/:id/events', (c) => {
    const { project } = c.var;
    const action = c.req.query('action');
    if (action !== undefined && action !== 'pushed') throw badParameter('action does not have a valid value');
    return pageOf(c, project.pushes.toReversed(), ({ id, user, branch, before, after, at }) => ({
      id,
      project_id: project.id,
      action_name: before === undefined ? 'pushed new' : after === undefined ? 'deleted' : 'pushed to',
      target_id: null,
      target_iid: null,
      target_type: null,
      author_id: user.id,
      target_title: null,
      created_at: at.toISOString(),
      author: userJson(user, instance.url()),
      imported: false,
      imported_from: 'none',
      push_data: {
        commit_count: 1,
        action: before === undefined ? 'created' : after === undefined ? 'removed' : 'pushed',
        ref_type: 'branch',
        commit_from: before ?? null,
        commit_to: after ?? null,
        ref: branch,
        commit_title: null,
        ref_count: null,
      },
      author_username: user.username,
    }));
  });
  return app;
}
