import { Hono } from 'hono';
import type { ApiEnv, Instance } from './instance.ts';
import { pageOf } from './paging.ts';
import { readParams, type Params } from './params.ts';
import { accessLevel, accessLevels, type Project } from './project.ts';
import { protectedBranchJson, protectionLevels, type ProtectedBranch } from './protected-branch.ts';
import { badParameter, notFound, refused } from './refusal.ts';

const rules = '/projects/:id/protected_branches';

export function protectedBranchRoutes(instance: Instance): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.use(`${rules}/*`, async (c, next) => {
    const { project, user } = c.var;
    if (accessLevel(project, user) < accessLevels.maintainer) throw refused(403, '403 Forbidden');
    return next();
  });

  app.get(rules, (c) => {
    const search = c.req.query('search') ?? '';
    const found = [...c.var.project.protectedBranches.values()].filter(({ name }) => name.includes(search));
    return pageOf(c, found, protectedBranchJson);
  });

  app.post(rules, async (c) => {
    const { project } = c.var;
    const params = await readParams(c);
    const name = params.text('name') ?? '';
    const levels = {
      pushLevel: levelIn(params, 'push_access_level'),
      mergeLevel: levelIn(params, 'merge_access_level'),
    };
    if (name.trim() === '') throw refused(422, ["Name can't be blank"]);
    if (project.protectedBranches.has(name)) throw refused(409, `Protected branch '${name}' already exists`);
    const allowForcePush = params.flag('allow_force_push') ?? false;
    const rule = { id: instance.nextId(), name, ...levels, allowForcePush };
    project.protectedBranches.set(name, rule);
    return c.json(protectedBranchJson(rule), 201);
  });

  app.get(`${rules}/:name`, (c) => c.json(protectedBranchJson(ruleIn(c.var.project, c.req.param('name')))));

  app.delete(`${rules}/:name`, (c) => {
    const { project } = c.var;
    project.protectedBranches.delete(ruleIn(project, c.req.param('name')).name);
    return c.body(null, 204);
  });

  return app;
}

function ruleIn(project: Project, name: string): ProtectedBranch {
  const found = project.protectedBranches.get(name);
  if (found === undefined) throw notFound();
  return found;
}

function levelIn(params: Params, name: string): number {
  const level = params.whole(name) ?? accessLevels.maintainer;
  if (!protectionLevels.includes(level)) throw badParameter(`${name} does not have a valid value`);
  return level;
}
