import { Hono } from 'hono';
import { commitAs } from './commit-service.ts';
import type { ApiEnv, Instance } from './instance.ts';
import { pageOf } from './paging.ts';
import { readParams } from './params.ts';
import { groupMember, type Group } from './group.ts';
import { accessLevel, accessLevels, memberOf, projectJson, type Project } from './project.ts';
import { badParameter, noSuchRow, notFound, refused } from './refusal.ts';
import { tokenJson } from './tokens.ts';
import { userJson, type User } from './users.ts';

/** The version, the token and its user, projects and their members. */
export function projectRoutes(instance: Instance): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.get('/version', (c) =>
    c.json({
      version: '19.1.0',
      revision: 'demo',
      kas: { enabled: false, externalUrl: null, version: null },
      enterprise: false,
    }),
  );

  app.get('/user', (c) => {
    const { user } = c.var;
    return c.json({
      ...userJson(user, instance.url()),
      email: user.email,
      commit_email: user.email,
      bot: user.isBot,
      is_admin: false,
      two_factor_enabled: false,
      external: false,
    });
  });

  app.get('/personal_access_tokens/self', (c) => c.json(tokenJson(c.var.token, instance.now())));

  app.get('/projects', async (c) => {
    const { user } = c.var;
    const isMember = (await readParams(c)).flag('membership') === true;
    const found = instance.projects
      .all()
      .filter((project) => (isMember ? accessLevel(project, user) > 0 : isVisible(project, user)));
    const rows = await Promise.all(found.map((project) => projectJson(project, user, instance.url())));
    return pageOf(c, rows, (row) => row);
  });

  app.post('/projects', async (c) => {
    const { user } = c.var;
    const params = await readParams(c);
    const given = params.text('path') ?? params.text('name');
    if (given === undefined)
      throw badParameter('name, path are missing, at least one parameter must be provided');
    const path = given.replaceAll(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[-.]+/, '');
    const group = groupIn(instance, params.whole('namespace_id'), user);
    const fullPath = `${group?.path ?? user.username}/${path}`;
    const visibility = visibilities.find((one) => one === (params.text('visibility') ?? 'private'));
    if (visibility === undefined) throw badParameter('visibility does not have a valid value');
    if (path === '') throw refused(400, { path: ["can't be blank"] });
    if (instance.projects.find(fullPath) !== undefined)
      throw refused(400, { name: ['has already been taken'], path: ['has already been taken'] });
    const project = await instance.projects.add({
      path: fullPath,
      group,
      name: params.text('name') ?? path,
      description: params.text('description') ?? null,
      visibility,
      defaultBranch: params.text('default_branch') ?? 'main',
      creator: user,
    });
    if (params.flag('initialize_with_readme') === true) {
      const content = Buffer.from(`# ${project.name}\n`);
      await commitAs(instance, project, user, {
        branch: project.defaultBranch,
        message: 'Initial commit',
        changes: async () => [{ kind: 'write', path: 'README.md', content, mode: '100644' }],
      });
    }
    return c.json(await projectJson(project, user, instance.url()), 201);
  });

  app.get('/projects/:id', async (c) => c.json(await projectJson(c.var.project, c.var.user, instance.url())));

  app.get('/projects/:id/members/all/:user', (c) => {
    const member = memberOf(c.var.project, Number(c.req.param('user')));
    if (member === undefined) throw noSuchRow();
    return c.json({
      ...userJson(member.user, instance.url()),
      access_level: member.accessLevel,
      created_at: member.createdAt.toISOString(),
      created_by: userJson(c.var.project.creator, instance.url()),
      expires_at: null,
      membership_state: 'active',
    });
  });

  return app;
}

const visibilities = ['private', 'internal', 'public'] as const;

/** Where a new project goes; undefined for the user's own namespace. GitLab tells a missing group and a missing right alike. */
function groupIn(instance: Instance, id: number | undefined, user: User): Group | undefined {
  if (id === undefined) return undefined;
  const group = instance.groups.find(id);
  if (group === undefined || (groupMember(group, user.id)?.accessLevel ?? 0) < accessLevels.developer)
    throw refused(400, { namespace: ['is not valid'] });
  return group;
}

/** By number or path, if the user may see it; a 404 for what exists and for what does not. */
export function visibleProject(instance: Instance, id: string, user: User): Project {
  const project = instance.projects.find(/^\d+$/.test(id) ? Number(id) : id);
  if (project === undefined || !isVisible(project, user)) throw notFound('Project');
  return project;
}

function isVisible(project: Project, user: User): boolean {
  return project.visibility !== 'private' || accessLevel(project, user) > 0;
}
