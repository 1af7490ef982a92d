import { Hono } from 'hono';
import { groupJson, groupMember, type Group } from './group.ts';
import type { ApiEnv, Instance } from './instance.ts';
import { accessLevel } from './project.ts';
import { notFound } from './refusal.ts';
import type { User } from './users.ts';

/** Groups, as their members see them: all are private. */
export function groupRoutes(instance: Instance): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.get('/groups/:id', (c) => {
    const id = c.req.param('id');
    const group = instance.groups.find(/^\d+$/.test(id) ? Number(id) : id);
    if (group === undefined || !isVisible(instance, group, c.var.user)) throw notFound('Group');
    return c.json(groupJson(group, instance.url()));
  });

  return app;
}

/** Who is a member of one project in it sees the group, too. */
function isVisible(instance: Instance, group: Group, user: User): boolean {
  if (groupMember(group, user.id) !== undefined) return true;
  return instance.projects
    .all()
    .some((project) => project.path.startsWith(`${group.path}/`) && accessLevel(project, user) > 0);
}
